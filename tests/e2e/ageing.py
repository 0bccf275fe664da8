"""Certificates that were issued long ago.

No clock is turned: the stack's state is given the certificate that it would hold had it been issued on that day, really
signed for the same key by the same authority, and the engine, its provider and the gateway go by today's time.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.e2e.stacks import Stack

SELF_SIGNED = "tls:index/selfSignedCert:SelfSignedCert"
SIGNED = "tls:index/locallySignedCert:LocallySignedCert"


def age(stack: Stack, days: int, *names: str) -> None:
    """Make these certificates (resource names) of the stack's state `days` older than they are."""
    exported = json.loads(stack.pulumi("stack", "export", "--show-secrets"))
    certificates = {
        resource["urn"].rsplit("::", 1)[1]: resource
        for resource in exported["deployment"]["resources"]
        if resource["type"] in (SELF_SIGNED, SIGNED)
    }
    ends = dict(_age(certificates[name], timedelta(days=days)) for name in names)
    text = json.dumps(exported)
    for before, after in ends.items():  # wherever else the state keeps it
        text = text.replace(before, after)
    file = stack.directory / "aged.json"
    file.write_text(text)
    try:
        stack.pulumi("stack", "import", "--file", str(file))
    finally:
        file.unlink()


def _age(resource: dict[str, Any], by: timedelta) -> tuple[str, str]:
    """Give a resource its older certificate, and tell its end before and after."""
    outputs = resource["outputs"]
    before = outputs["validityEndTime"]
    of_signer = "privateKeyPem" if resource["type"] == SELF_SIGNED else "caPrivateKeyPem"
    signer: Any = serialization.load_pem_private_key(_opened(resource["inputs"][of_signer]).encode(), None)
    made = x509.load_pem_x509_certificate(outputs["certPem"].encode())
    start, end = made.not_valid_before_utc - by, made.not_valid_after_utc - by
    builder = x509.CertificateBuilder(
        made.issuer, made.subject, made.public_key(), x509.random_serial_number(), start, end, list(made.extensions)
    )
    aged = builder.sign(signer, hashes.SHA256())
    outputs["certPem"] = aged.public_bytes(serialization.Encoding.PEM).decode()
    outputs["validityStartTime"], outputs["validityEndTime"] = (
        f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (aged.not_valid_before_utc, aged.not_valid_after_utc)
    )
    return before, outputs["validityEndTime"]


def _opened(value: Any) -> str:
    return str(json.loads(value["plaintext"])) if isinstance(value, dict) else str(value)
