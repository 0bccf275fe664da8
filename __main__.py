"""The stack: the configuration in, the components, what a person needs to reach them out."""

import signal

import pulumi

import settings
from components import (
    Backend,
    CertificateAuthority,
    HttpbinIngress,
    IngressGateway,
    MutualTlsGateway,
    PassthroughNginx,
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
    },
)
httpbin_service: Backend = {"service": httpbin.service, "port": httpbin.service_port}
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
                "backend": httpbin_service,
            },
            {
                "host": config.host("helloworld"),
                "organization": "helloworld organization",
                "routes": [{"exact": "/hello"}],
                "workload": {"kind": WorkloadKind.HELLOWORLD, "image": config.images.helloworld},
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
                "backend": httpbin_service,
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
    },
)

pulumi.export("hosts", {"http": httpbin.hosts, "tls": web.hosts, "mutual": mutual.hosts, "passthrough": nginx.hosts})
pulumi.export("gateway", {**gateway, "service": config.gateway_service})
pulumi.export("ca_certificate", authority.bundle)
pulumi.export("client_certificate", mutual.client_certificates["client"])
pulumi.export("client_key", mutual.client_keys["client"])
