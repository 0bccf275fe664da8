// pulumi-language-yaml, with which the engine runs YAML programs: Pulumi's own, of the newest release that is served,
// and the one answer that the engine has asked for since.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/pulumi/pulumi-yaml/pkg/server"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// host is Pulumi's own.
type host struct {
	pulumirpc.LanguageRuntimeServer
}

// Link has nothing to do: a YAML program finds the file that stands for an SDK by itself.
func (host) Link(context.Context, *pulumirpc.LinkRequest) (*pulumirpc.LinkResponse, error) {
	return &pulumirpc.LinkResponse{}, nil
}

func main() {
	if err := run(os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-language-yaml:", err)
		os.Exit(1)
	}
}

func run(engine string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	gone := make(chan bool)
	context.AfterFunc(ctx, func() { close(gone) })
	if err := rpcutil.Healthcheck(ctx, engine, 5*time.Minute, stop); err != nil {
		return err
	}
	serving, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: gone,
		Init: func(registry *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(registry, host{server.NewLanguageHost(engine, "", false)})
			return nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Println(serving.Port)
	return <-serving.Done
}
