// pulumi-language-python as today's engines expect it: the last language host whose source can be built on its own
// (sdk v3.79.0) runs the programs behind this process, which answers what that one gets wrong (plugins.go) or takes
// long for (packages.go), and hands on every other call (relay.go).
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-language-python:", err)
		os.Exit(1)
	}
}

func run() error {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGINT, syscall.SIGTERM)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // printing to an engine that is gone is no reason to die
	host, err := startHost()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go host.connect()
	go newServer(host).Serve(listener)
	select {
	case <-asked:
	case <-engineGone():
	case <-host.gone:
	}
	// Whoever ends a language host has no use for its programs any more; SIGINT would make them print a traceback.
	killGroups()
	select {
	case <-host.gone: // all that they printed is printed
	case <-time.After(time.Second):
	}
	return nil
}

// engineGone is closed when the engine is, however it ended: it holds the other end of the standard input.
func engineGone() <-chan struct{} {
	gone := make(chan struct{})
	if input, err := os.Stdin.Stat(); err == nil && input.Mode()&os.ModeNamedPipe != 0 {
		go func() {
			defer close(gone)
			io.Copy(io.Discard, os.Stdin)
		}()
	}
	return gone
}
