"""Real keys and certificates for the rules' examples, which only name them: `certificate(shop.example, days=7)`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from istio_ingress import rules
from istio_ingress.check import reading

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)

_CALL = re.compile(r"(certificate|ca_certificate|private_key|revocation_list|filler)\(([^)]*)\)\s*")
_CURVES = {"P-224": ec.SECP224R1, "P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
_AUTHORITY = "Shop CA"


def manifests(text: str) -> list[dict[str, Any]]:
    """The manifests of an example, with the PEM text that it names."""
    documents = [rules.Manifest(one, "", repeated=one.repeated) for one in reading.manifests(text, "example")]
    for document in documents:
        values = document.get("stringData", {})
        if values:
            document["stringData"] = {key: _CALL.sub(_made, value) for key, value in values.items()}
    return documents


def _made(call: re.Match[str]) -> str:
    arguments = [argument.strip() for argument in call[2].split(",")]
    names = [argument for argument in arguments if "=" not in argument]
    options = dict(argument.split("=") for argument in arguments if "=" in argument)
    return {
        "certificate": certificate,
        "ca_certificate": ca_certificate,
        "private_key": private_key,
        "revocation_list": revocation_list,
        "filler": lambda size: "x" * int(size),
    }[call[1]](*names, **{"start" if name == "from" else name: value for name, value in options.items()})


def certificate(*names: str, days: str = "200", start: str = "-10", key: str = "P-256", signed: str = "") -> str:
    """A certificate for DNS names, by the key of its first name unless another is told."""
    public = _key(signed or names[0], key).public_key()
    builder = _builder(names[0], _AUTHORITY, public, start, days)
    alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = builder.add_extension(alternative, critical=False)
    return _signed(builder, _AUTHORITY)


def ca_certificate(name: str, days: str = "200", start: str = "-10", key: str = "P-256") -> str:
    """A certificate authority's own certificate, of the key that signs what it issues unless another is told."""
    builder = _builder(name, name, _key(name, key).public_key(), start, days)
    return _signed(builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True), name)


def revocation_list(name: str, days: str = "200", start: str = "-30") -> str:
    """An empty revocation list of an authority."""
    until = NOW + timedelta(days=float(days))
    builder = x509.CertificateRevocationListBuilder(_name(name), NOW + timedelta(days=float(start)), until)
    return builder.sign(_key(name, "P-256"), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def private_key(name: str, key: str = "P-256") -> str:
    """The private key of a name."""
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return _key(name, key).private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain).decode()


@cache
def _key(name: str, kind: str) -> Any:
    if kind.startswith("RSA"):
        return rsa.generate_private_key(65537, int(kind.removeprefix("RSA-")))
    return ed25519.Ed25519PrivateKey.generate() if kind == "Ed25519" else ec.generate_private_key(_CURVES[kind]())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(subject: str, issuer: str, key: Any, start: str, days: str) -> x509.CertificateBuilder:
    first, last = (NOW + timedelta(days=float(offset)) for offset in (start, days))
    return x509.CertificateBuilder(_name(issuer), _name(subject), key, x509.random_serial_number(), first, last)


def _signed(builder: x509.CertificateBuilder, authority: str) -> str:
    signed = builder.sign(_key(authority, "P-256"), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()
