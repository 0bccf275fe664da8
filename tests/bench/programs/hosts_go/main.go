// One TlsGateway with many hosts.
package main

import (
	"fmt"
	"os"
	"strconv"

	istio "example.com/pulumi-istio-ingress/sdk/go/istioingress"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() { pulumi.Run(declare) }

func declare(ctx *pulumi.Context) error {
	count, err := strconv.Atoi(os.Getenv("HOSTS"))
	if err != nil {
		return err
	}
	backend := &istio.BackendArgs{Service: pulumi.String("httpbin"), Port: pulumi.Int(8000)}
	var hosts []istio.TlsHostArgs
	for number := range count {
		name := pulumi.String(fmt.Sprintf("host-%d.bench.example.com", number))
		hosts = append(hosts, istio.TlsHostArgs{Host: name, Backend: backend})
	}
	bench, err := istio.NewTlsGateway(ctx, "bench", &istio.TlsGatewayArgs{Hosts: hosts})
	if err != nil {
		return err
	}
	ctx.Export("hosts", bench.Hosts)
	return nil
}
