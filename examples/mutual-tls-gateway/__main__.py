"""HTTPS for clients with a certificate: two of them, and one more host where it is optional."""

import pulumi

from istio_ingress import CertificateAuthority, ClientVerification, MutualTlsGateway

ca = CertificateAuthority("bank", {"common_name": "bank.example", "organization": "Bank"})
partners = MutualTlsGateway(
    "partners",
    {
        "authority": ca.issuer,
        "hosts": [{"host": "partners.bank.example"}],
        "clients": [
            {"name": "insurer", "organization": "Insurer"},
            {"name": "auditor", "organization": "Auditor", "validity_days": 90},
        ],
    },
)
public = MutualTlsGateway(
    "public",
    {
        "authority": ca.issuer,
        "verification": ClientVerification.OPTIONAL,
        "hosts": [{"host": "www.bank.example"}],
    },
)
pulumi.export("ca_certificate", ca.bundle)
pulumi.export("client_certificates", partners.client_certificates)
pulumi.export("client_keys", partners.client_keys)
