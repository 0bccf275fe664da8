"""Two names whose connections go to servers that end TLS themselves; the second moves to its next version by and by."""

import pulumi

from istio_ingress import TlsPassthrough

vaults = TlsPassthrough(
    "vaults",
    {
        "hosts": [
            {"host": "vault.shop.example", "backend": {"service": "vault", "port": 8200}},
            {
                "host": "mail.shop.example",
                "further_hosts": ["smtp.shop.example"],
                "backends": [
                    {"service": "mail", "port": 465, "weight": 95},
                    {"service": "mail-next", "port": 465, "weight": 5},
                ],
            },
        ]
    },
)
pulumi.export("hosts", vaults.hosts)
