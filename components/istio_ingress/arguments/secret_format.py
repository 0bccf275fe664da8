"""How the Secret that a gateway reads names what is in it."""

from enum import Enum


class SecretFormat(Enum):
    """Under which names key, certificate and CA stand in a gateway's Secret (Istio's secure gateway pages)."""

    TLS = "tls"
    """`tls.key`, `tls.crt`, and for client certificates `ca.crt`."""

    GENERIC = "generic"
    """`key`, `cert`, and for client certificates `cacert`."""

    SEPARATE_CA = "separate-ca"
    """`key`, `cert`, and for client certificates `cacert` in a Secret of its own, `<credential>-cacert`."""
