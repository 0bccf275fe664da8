"""The stack: the configuration in, the components, what a person needs to reach them out."""

import gc

import pulumi

import settings
from components import CertificateAuthority, HttpbinIngress, TlsGateway, WorkloadKind

# Nothing imported so far is garbage, and a program that declares a thousand hosts makes little: a fifth off a preview.
gc.freeze()
gc.set_threshold(50_000)

config = settings.read()
gateway = {"namespace": config.gateway_namespace, "selector": config.gateway_selector}

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
        "trusted_generations": config.ca_trusted_generations,
    },
)
httpbin = HttpbinIngress(
    config.named("httpbin"),
    {
        "namespace": config.namespace,
        "gateway": gateway,
        "hosts": [config.host("httpbin")],
        "workload": {"image": config.images.httpbin},
    },
)
tls = TlsGateway(
    config.named("tls"),
    {
        "namespace": config.namespace,
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
                "backend": {"service": httpbin.service, "port": httpbin.service_port},
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

pulumi.export("hosts", {"http": httpbin.hosts, "tls": tls.hosts})
pulumi.export("gateway", gateway | {"service": config.gateway_service})
pulumi.export("ca_certificate", authority.bundle)
