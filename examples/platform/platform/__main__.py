"""The platform's stack: the authority, one Gateway, and every certificate and key that the teams' hosts need."""

import pulumi

from istio_ingress import CertificateAuthority, Rollover, Route, TlsGateway, TlsHost

config = pulumi.Config()
domain, namespace = config.require("domain"), config.require("namespace")
nobody: Route = {"direct_response": {"status": 404, "body": "no team has this host\n"}}
wildcard: TlsHost = {"host": f"*.{domain}", "name": "wildcard", "routes": [nobody]}
further: list[TlsHost] = [
    {"host": host, "routes": [{"prefix": "/", "delegate": team}]}
    for host, team in config.require_object("names").items()
]
authority = CertificateAuthority(
    "shop",
    {
        "common_name": domain,
        "organization": "Shop",
        "generation": config.require_int("ca_generation"),
        "rollover": Rollover(config.require("ca_rollover")),
    },
)
shop = TlsGateway(
    "shop",
    {
        "namespace": namespace,
        "gateway_name": "shop",
        "authority": authority.issuer,
        "https_redirect": True,
        "hosts": [wildcard, *further],
    },
)
pulumi.export("gateway", shop.shared)
