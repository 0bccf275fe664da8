// The walk-through's stack: HTTP, TLS, mutual TLS and TLS that passes through, certified by one authority.
package main

import (
	istio "example.com/pulumi-istio-ingress/sdk/go/istioingress"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() { pulumi.Run(declare) }

func declare(ctx *pulumi.Context) error {
	settings := config.New(ctx, "")
	domain := or(settings.Get("domain"), "example.com")
	namespace := pulumi.String(or(settings.Get("namespace"), "default"))
	leafGeneration := 1
	if settings.Get("leafGeneration") != "" {
		told, err := settings.TryInt("leafGeneration")
		if err != nil {
			return err
		}
		leafGeneration = told
	}

	ca, err := istio.NewCertificateAuthority(ctx, "ca", &istio.CertificateAuthorityArgs{
		CommonName:   pulumi.String(domain),
		Organization: pulumi.String("example Inc."),
	})
	if err != nil {
		return err
	}
	authority := ca.Issuer.ToIssuerPtrOutput()
	httpbin, err := istio.NewHttpbinIngress(ctx, "httpbin", &istio.HttpbinIngressArgs{
		Namespace: namespace,
		Hosts:     []pulumi.StringInput{pulumi.String("httpbin." + domain)},
		Workload:  &istio.WorkloadArgs{Image: given(settings.Get("httpbinImage"))},
	})
	if err != nil {
		return err
	}
	backend := &istio.BackendArgs{Service: httpbin.Service, Port: httpbin.ServicePort}
	routes := []istio.RouteArgs{{Prefix: pulumi.String("/status")}, {Prefix: pulumi.String("/delay")}}
	helloworld := istio.WorkloadKindHelloworld

	_, err = istio.NewTlsGateway(ctx, "web", &istio.TlsGatewayArgs{
		Namespace:      namespace,
		Authority:      authority,
		LeafGeneration: &leafGeneration,
		Hosts: []istio.TlsHostArgs{
			{
				Host:         pulumi.String("httpbin." + domain),
				Organization: pulumi.String("httpbin organization"),
				Routes:       routes,
				Backend:      backend,
			},
			{
				Host:         pulumi.String("helloworld." + domain),
				Organization: pulumi.String("helloworld organization"),
				Routes:       []istio.RouteArgs{{Exact: pulumi.String("/hello")}},
				Workload:     &istio.WorkloadArgs{Kind: &helloworld, Image: given(settings.Get("helloworldImage"))},
			},
		},
	})
	if err != nil {
		return err
	}
	mutual, err := istio.NewMutualTlsGateway(ctx, "mutual", &istio.MutualTlsGatewayArgs{
		Namespace:      namespace,
		Authority:      authority,
		LeafGeneration: &leafGeneration,
		Hosts: []istio.TlsHostArgs{{
			Host:         pulumi.String("mutual." + domain),
			Organization: pulumi.String("httpbin organization"),
			Routes:       routes,
			Backend:      backend,
		}},
		Clients: []istio.ClientArgs{{
			Name:           "client",
			CommonName:     pulumi.String("client." + domain),
			Organization:   pulumi.String("client organization"),
			LeafGeneration: &leafGeneration,
		}},
	})
	if err != nil {
		return err
	}
	_, err = istio.NewPassthroughNginx(ctx, "nginx", &istio.PassthroughNginxArgs{
		Namespace:      namespace,
		Authority:      authority,
		LeafGeneration: &leafGeneration,
		Hosts:          []pulumi.StringInput{pulumi.String("nginx." + domain)},
		Image:          given(settings.Get("nginxImage")),
	})
	if err != nil {
		return err
	}

	ctx.Export("caCertificate", ca.Bundle)
	ctx.Export("clientCertificate", mutual.ClientCertificates.MapIndex(pulumi.String("client")))
	ctx.Export("clientKey", mutual.ClientKeys.MapIndex(pulumi.String("client")))
	return nil
}

func or(told, usual string) string {
	if told == "" {
		return usual
	}
	return told
}

// given is nothing where nothing is told, and then the component's own default.
func given(told string) pulumi.StringPtrInput {
	if told == "" {
		return nil
	}
	return pulumi.String(told)
}
