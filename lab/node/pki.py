"""The cluster's own certificates and kubeconfigs: one CA, ECDSA P-256."""

from __future__ import annotations

import base64
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.node.templates import render
from lab.settings import LabSettings

VALIDITY = timedelta(days=30)
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


@dataclass(frozen=True)
class Leaf:
    """One certificate: who it names and what for."""

    file: str
    common_name: str
    organization: str = ""
    usage: x509.ObjectIdentifier = CLIENT
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    kubeconfig: bool = False


def leaves(settings: LabSettings) -> list[Leaf]:
    """Every certificate the cluster needs."""
    kubernetes = tuple(
        f"kubernetes{suffix}" for suffix in ("", ".default", ".default.svc", ".default.svc.cluster.local")
    )
    node = f"system:node:{settings.name}"
    return [
        Leaf(
            "apiserver",
            "kube-apiserver",
            usage=SERVER,
            names=kubernetes,
            addresses=(settings.node_ip, settings.api_service_ip, "127.0.0.1"),
        ),
        Leaf("apiserver-kubelet-client", "apiserver-kubelet-client", "system:masters"),
        Leaf("front-proxy-client", "front-proxy-client"),
        Leaf("admin", "admin", "system:masters", kubeconfig=True),
        Leaf("controller-manager", "system:kube-controller-manager", kubeconfig=True),
        Leaf("scheduler", "system:kube-scheduler", kubeconfig=True),
        Leaf("kube-proxy", "system:kube-proxy", kubeconfig=True),
        Leaf("kubelet", node, "system:nodes", kubeconfig=True),
        Leaf(
            "kubelet-server", node, "system:nodes", usage=SERVER, names=(settings.name,), addresses=(settings.node_ip,)
        ),
    ]


def write_all(settings: LabSettings) -> None:
    """Make a new CA and everything it signs, keys readable by root alone."""
    directory = settings.pki
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_key = _write_key(directory, "ca")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{settings.name}-ca")])
    ca = _sign(_builder(subject, subject, ca_key, is_ca=True), ca_key)
    _write(directory / "ca.crt", ca)
    for leaf in leaves(settings):
        key = _write_key(directory, leaf.file)
        certificate = _sign(_leaf_builder(leaf, ca.subject, key), ca_key)
        _write(directory / f"{leaf.file}.crt", certificate)
        if leaf.kubeconfig:
            _write_kubeconfig(settings, leaf)
    service_accounts = _write_key(directory, "sa")
    public = service_accounts.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (directory / "sa.pub").write_bytes(public)


def _leaf_builder(leaf: Leaf, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, leaf.organization)] if leaf.organization else []
    subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, leaf.common_name)])
    builder = _builder(subject, issuer, key, is_ca=False).add_extension(
        x509.ExtendedKeyUsage([leaf.usage]), critical=False
    )
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in leaf.names]
    alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in leaf.addresses]
    return builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False) if alternatives else builder


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, is_ca: bool
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )


def _sign(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256())


def _write(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _write_key(directory: Path, name: str) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    path = directory / f"{name}.key"
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    return key


def _write_kubeconfig(settings: LabSettings, leaf: Leaf) -> None:
    def encoded(file: str) -> str:
        return base64.b64encode((settings.pki / file).read_bytes()).decode()

    path = settings.pki / f"{leaf.file}.kubeconfig"
    path.touch(mode=0o600)
    values = {
        "USER": leaf.file,
        "CA": encoded("ca.crt"),
        "CERTIFICATE": encoded(f"{leaf.file}.crt"),
        "KEY": encoded(f"{leaf.file}.key"),
    }
    path.write_text(render("kubeconfig.yaml", settings, **values))
