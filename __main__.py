"""The stack: the configuration in, the components, what a person needs to reach them out."""

import signal

import pulumi

import settings
from istio_ingress import (
    Backend,
    CertificateAuthority,
    Expectation,
    HttpbinIngress,
    HttpVersion,
    IngressGateway,
    MutualTlsGateway,
    PassthroughNginx,
    Refusal,
    Route,
    TlsGateway,
    WorkloadKind,
    restricted_namespace,
    tune_runtime,
)

tune_runtime()
# An engine that refuses a step interrupts the program, and Python would print where.
signal.signal(signal.SIGINT, signal.SIG_DFL)

config = settings.read()
gateway: IngressGateway = {"namespace": config.gateway_namespace, "selector": config.gateway_selector}
namespace = restricted_namespace(config.namespace) if config.create_namespace else config.namespace


def with_another_ca(request: str) -> Expectation:
    """Whoever does not trust the stack's CA must not be served."""
    return {"request": request, "trusts_server": False, "refused": Refusal.HANDSHAKE}


authority = CertificateAuthority(
    config.named("ca"),
    {
        "common_name": config.domain,
        "organization": config.organization,
        "key_algorithm": config.key_algorithm,
        "validity_days": config.authority_validity_days,
        "max_leaf_days": config.leaf_validity_days,
        "renew_before_days": config.renew_before_days,
        "generation": config.ca_generation,
        "rollover": config.ca_rollover,
    },
)
httpbin = HttpbinIngress(
    config.named("httpbin"),
    {
        "namespace": namespace,
        "gateway": gateway,
        "hosts": [config.host("httpbin")],
        "workload": {"image": config.images.httpbin},
        "expect": [
            {"request": "GET /status/200", "status": 200, "protocol": HttpVersion.HTTP_1_1},
            {"request": "GET /headers", "status": 404, "protocol": HttpVersion.HTTP_1_1},
        ],
    },
)
httpbin_service: Backend = {"service": httpbin.service, "port": httpbin.service_port}
httpbin_routes: list[Route] = [{"prefix": "/status"}, {"prefix": "/delay"}]
teapot: Expectation = {
    "request": "GET /status/418",
    "status": 418,
    "service": httpbin.service,
    "protocol": HttpVersion.HTTP_2,
}
web = TlsGateway(
    config.named("web"),
    {
        "namespace": namespace,
        "gateway": gateway,
        "authority": authority.issuer,
        "key_algorithms": [config.key_algorithm],
        "validity_days": config.leaf_validity_days,
        "renew_before_days": config.renew_before_days,
        "leaf_generation": config.leaf_generation,
        "hosts": [
            {
                "host": config.host("httpbin"),
                "organization": "httpbin organization",
                "routes": httpbin_routes,
                "backend": httpbin_service,
                "expect": [teapot, with_another_ca("GET /status/418")],
            },
            {
                "host": config.host("helloworld"),
                "organization": "helloworld organization",
                "routes": [{"exact": "/hello"}],
                "workload": {"kind": WorkloadKind.HELLOWORLD, "image": config.images.helloworld},
                "expect": [
                    {
                        "request": "GET /hello",
                        "status": 200,
                        "protocol": HttpVersion.HTTP_2,
                        "body": "Hello version",
                    },
                    with_another_ca("GET /hello"),
                ],
            },
        ],
    },
)
mutual = MutualTlsGateway(
    config.named("mutual"),
    {
        "namespace": namespace,
        "gateway": gateway,
        "authority": authority.issuer,
        "key_algorithms": [config.key_algorithm],
        "validity_days": config.leaf_validity_days,
        "renew_before_days": config.renew_before_days,
        "leaf_generation": config.leaf_generation,
        "hosts": [
            {
                "host": config.host("mutual"),
                "organization": "httpbin organization",
                "routes": httpbin_routes,
                "backend": httpbin_service,
                "expect": [
                    {**teapot, "client_certificate": "client"},
                    {"request": "GET /status/418", "refused": Refusal.HANDSHAKE},
                ],
            },
        ],
        "clients": [
            {
                "name": "client",
                "common_name": config.host("client"),
                "organization": "client organization",
                "key_algorithm": config.key_algorithm,
                "validity_days": config.leaf_validity_days,
                "renew_before_days": config.renew_before_days,
                "leaf_generation": config.leaf_generation,
            },
        ],
    },
)
nginx = PassthroughNginx(
    config.named("nginx"),
    {
        "namespace": namespace,
        "gateway": gateway,
        "authority": authority.issuer,
        "key_algorithm": config.key_algorithm,
        "validity_days": config.leaf_validity_days,
        "renew_before_days": config.renew_before_days,
        "leaf_generation": config.leaf_generation,
        "hosts": [config.host("nginx")],
        "image": config.images.nginx,
        "expect": [
            {"request": "GET /", "status": 200, "protocol": HttpVersion.HTTP_1_1, "body": "nginx"},
            with_another_ca("GET /"),
        ],
    },
)

pulumi.export("hosts", {"http": httpbin.hosts, "tls": web.hosts, "mutual": mutual.hosts, "passthrough": nginx.hosts})
pulumi.export("gateway", {**gateway, "service": config.gateway_service})
pulumi.export("ca_certificate", authority.bundle)
pulumi.export("client_certificate", mutual.client_certificates["client"])
pulumi.export("client_key", mutual.client_keys["client"])
