// Package host is what a language host for Pulumi's engine has besides its language.
package host

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

// Engine is the address of the engine that has started this host.
func Engine() string { return os.Args[len(os.Args)-1] }

// Serve answers the engine until it is gone, and ends this process with all that it has started.
func Serve(language pulumirpc.LanguageRuntimeServer) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGINT, syscall.SIGTERM)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // printing to an engine that is gone is no reason to die
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	serving := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))
	pulumirpc.RegisterLanguageRuntimeServer(serving, language)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go serving.Serve(listener)
	select {
	case <-asked:
	case <-engineGone():
	}
	endAll()
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
