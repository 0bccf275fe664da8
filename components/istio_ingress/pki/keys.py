"""Private keys (pulumi-tls), of the kinds that Envoy takes."""

from enum import Enum
from typing import NamedTuple

import pulumi
import pulumi_tls as tls


class KeyAlgorithm(Enum):
    """The keys that Envoy takes: EC P-256 or P-384, RSA from 2048 bits. P-256 costs a gateway least per connection."""

    ECDSA_P256 = "ecdsa-p256"
    ECDSA_P384 = "ecdsa-p384"
    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    RSA_4096 = "rsa-4096"


class _Key(NamedTuple):
    """pulumi-tls's arguments for a key. The curve is always named: its default, P-224, is one Envoy refuses."""

    algorithm: str
    ecdsa_curve: str | None = None
    rsa_bits: int | None = None


_KEYS = {
    KeyAlgorithm.ECDSA_P256: _Key("ECDSA", ecdsa_curve="P256"),
    KeyAlgorithm.ECDSA_P384: _Key("ECDSA", ecdsa_curve="P384"),
    KeyAlgorithm.RSA_2048: _Key("RSA", rsa_bits=2048),
    KeyAlgorithm.RSA_3072: _Key("RSA", rsa_bits=3072),
    KeyAlgorithm.RSA_4096: _Key("RSA", rsa_bits=4096),
}


def private_key(
    name: str,
    algorithm: KeyAlgorithm,
    generation: str | None,
    parent: pulumi.Resource,
    depends_on: pulumi.Resource | None = None,
    protect: bool | None = None,
) -> pulumi.Output[str]:
    """Make a key; another `generation` replaces it, and with it all that is made from it."""
    opts = pulumi.ResourceOptions(parent=parent, replacement_trigger=generation, depends_on=depends_on, protect=protect)
    return tls.PrivateKey(f"{name}-key", **_KEYS[algorithm]._asdict(), opts=opts).private_key_pem
