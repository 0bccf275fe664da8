"""The formats of a gateway's credential."""

from enum import Enum


class SecretFormat(Enum):
    """Under which keys a gateway finds its credential (Istio's secure gateway pages)."""

    TLS = "tls"
    """`tls.key`, `tls.crt`, and for client certificates `ca.crt`."""

    GENERIC = "generic"
    """`key`, `cert`, and for client certificates `cacert`."""

    SEPARATE_CA = "separate-ca"
    """`key`, `cert`, and for client certificates `cacert` in a Secret of its own, `<credential>-cacert`."""
