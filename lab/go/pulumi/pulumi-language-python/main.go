// pulumi-language-python, with which the engine runs Python programs and plugins. A released Pulumi brings its own, but
// its module is not served; this one uses the same library for Python environments and starts the same script.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

const maxMessage = 400 << 20 // what engines and SDKs allow

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
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	serving := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))
	pulumirpc.RegisterLanguageRuntimeServer(serving, &server{engine: os.Args[len(os.Args)-1]})
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go serving.Serve(listener)
	select {
	case <-asked:
	case <-engineGone():
	}
	// Whoever ends a language host has no use for its programs any more; SIGINT would make them print a traceback.
	killGroups()
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
