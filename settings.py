"""The stack's configuration, read once: `Pulumi.yaml` declares every key with its type, meaning and default."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components import KeyAlgorithm


@dataclass(frozen=True)
class Images:
    """Where the workloads' images come from."""

    httpbin: str
    helloworld: str
    nginx: str


@dataclass(frozen=True)
class Settings:
    """What one environment differs in from another."""

    domain: str
    prefix: str
    namespace: str
    create_namespace: bool
    gateway_namespace: str
    gateway_service: str
    gateway_selector: Mapping[str, str]
    images: Images
    organization: str
    key_algorithm: KeyAlgorithm
    authority_validity_days: int
    leaf_validity_days: int
    renew_before_days: int
    ca_generation: int
    ca_trusted_generations: list[int]
    leaf_generation: int

    def host(self, name: str) -> str:
        """A host of this environment."""
        return f"{name}.{self.domain}"

    def named(self, component: str) -> str:
        """A component's name in this environment."""
        return f"{self.prefix}{component}"


def read() -> Settings:
    """Read the stack's configuration.

    Raises:
        pulumi.RunError: a value is missing or is none of the choices; Pulumi itself checks types.
    """
    config = pulumi.Config()
    generation = config.require_int("caGeneration")
    return Settings(
        domain=config.require("domain"),
        prefix=config.get("prefix") or "",
        namespace=config.require("namespace"),
        create_namespace=config.require_bool("createNamespace"),
        gateway_namespace=config.require("gatewayNamespace"),
        gateway_service=config.require("gatewayService"),
        gateway_selector=config.require_object("gatewaySelector"),
        images=Images(config.require("httpbinImage"), config.require("helloworldImage"), config.require("nginxImage")),
        organization=config.require("organization"),
        key_algorithm=_key_algorithm(config.require("keyAlgorithm")),
        authority_validity_days=config.require_int("authorityValidityDays"),
        leaf_validity_days=config.require_int("leafValidityDays"),
        renew_before_days=config.require_int("renewBeforeDays"),
        ca_generation=generation,
        ca_trusted_generations=config.get_object("caTrustedGenerations") or [generation],
        leaf_generation=config.require_int("leafGeneration"),
    )


def _key_algorithm(value: str) -> KeyAlgorithm:
    try:
        return KeyAlgorithm(value)
    except ValueError:
        choices = ", ".join(f"'{algorithm.value}'" for algorithm in KeyAlgorithm)
        raise pulumi.RunError(f"Config keyAlgorithm is '{value}', but must be one of {choices}.") from None
