// The walk-through's stack: HTTP, TLS, mutual TLS and TLS that passes through, certified by one authority.
import * as istio from "@pulumi/istio-ingress";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const domain = config.get("domain") ?? "example.com";
const namespace = config.get("namespace") ?? "default";
const leafGeneration = config.getNumber("leafGeneration") ?? 1;

const ca = new istio.CertificateAuthority("ca", { commonName: domain, organization: "example Inc." });
const httpbin = new istio.HttpbinIngress("httpbin", {
    namespace,
    hosts: [`httpbin.${domain}`],
    workload: { image: config.get("httpbinImage") },
});
const backend = { service: httpbin.service, port: httpbin.servicePort };
const routes = [{ prefix: "/status" }, { prefix: "/delay" }];

new istio.TlsGateway("web", {
    namespace,
    authority: ca.issuer,
    leafGeneration,
    hosts: [
        { host: `httpbin.${domain}`, organization: "httpbin organization", routes, backend },
        {
            host: `helloworld.${domain}`,
            organization: "helloworld organization",
            routes: [{ exact: "/hello" }],
            workload: { kind: istio.WorkloadKind.Helloworld, image: config.get("helloworldImage") },
        },
    ],
});
const mutual = new istio.MutualTlsGateway("mutual", {
    namespace,
    authority: ca.issuer,
    leafGeneration,
    hosts: [{ host: `mutual.${domain}`, organization: "httpbin organization", routes, backend }],
    clients: [
        { name: "client", commonName: `client.${domain}`, organization: "client organization", leafGeneration },
    ],
});
new istio.PassthroughNginx("nginx", {
    namespace,
    authority: ca.issuer,
    leafGeneration,
    hosts: [`nginx.${domain}`],
    image: config.get("nginxImage"),
});

export const caCertificate = ca.bundle;
export const clientCertificate = mutual.clientCertificates["client"];
export const clientKey = mutual.clientKeys["client"];
