"""Objects of which a controller makes the Secrets that gateways read."""

from __future__ import annotations

from istio_ingress.rules.lazy import cached_property
from istio_ingress.rules.resources import Resource


class SecretMaker(Resource):
    """An object that announces a Secret, which is not among the manifests because a controller writes it."""

    @cached_property
    def secret_name(self) -> str:
        """The name of the Secret that is made of it, in its own namespace."""
        return self.name


class Certificate(SecretMaker):
    """A Certificate of cert-manager."""

    @cached_property
    def secret_name(self) -> str:
        """Where cert-manager puts the certificate and its key."""
        return self.spec.text("secretName")

    @cached_property
    def dns_names(self) -> list[str]:
        """The host names that it will be valid for, as far as they are DNS names."""
        return [name.lower() for name in self.spec.texts("dnsNames")]

    @property
    def says_its_names(self) -> bool:
        """Whether all its names stand in the manifest as DNS names."""
        return bool(self.dns_names) and not self.spec.known_texts("ipAddresses") and "literalSubject" not in self.spec


class Issuer(Resource):
    """An Issuer or ClusterIssuer of cert-manager."""

    @cached_property
    def asks_over_http(self) -> bool:
        """Whether it proves hosts by ACME's HTTP-01: a request to port 80 of the host."""
        return any("http01" in solver for solver in self.spec.node("acme").nodes("solvers"))


class ExternalSecret(SecretMaker):
    """An ExternalSecret of the External Secrets Operator."""

    @cached_property
    def secret_name(self) -> str:
        """Its target's name, or its own."""
        return self.spec.node("target").text("name") or self.name


class SealedSecret(SecretMaker):
    """A SealedSecret of Bitnami's controller."""

    @cached_property
    def secret_name(self) -> str:
        """The name of its template, or its own."""
        return self.spec.node("template").node("metadata").text("name") or self.name


class VaultSecret(SecretMaker):
    """A VaultStaticSecret, VaultDynamicSecret or VaultPKISecret of the Vault Secrets Operator."""

    @cached_property
    def secret_name(self) -> str:
        """The name of its destination, or its own."""
        return self.spec.node("destination").text("name") or self.name
