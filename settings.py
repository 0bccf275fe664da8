"""The stack's configuration, read once: `Pulumi.yaml` declares every key with its type, meaning and default."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

import pulumi

from components import KeyAlgorithm, Rollover

_E = TypeVar("_E", bound=Enum)


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
    ca_rollover: Rollover
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
    return Settings(
        domain=config.require("domain"),
        prefix=config.get("prefix") or "",
        namespace=config.require("namespace"),
        create_namespace=config.require_bool("create_namespace"),
        gateway_namespace=config.require("gateway_namespace"),
        gateway_service=config.require("gateway_service"),
        gateway_selector=config.require_object("gateway_selector"),
        images=Images(
            config.require("httpbin_image"), config.require("helloworld_image"), config.require("nginx_image")
        ),
        organization=config.require("organization"),
        key_algorithm=_choice(config, "key_algorithm", KeyAlgorithm),
        authority_validity_days=config.require_int("authority_validity_days"),
        leaf_validity_days=config.require_int("leaf_validity_days"),
        renew_before_days=config.require_int("renew_before_days"),
        ca_generation=config.require_int("ca_generation"),
        ca_rollover=_choice(config, "ca_rollover", Rollover),
        leaf_generation=config.require_int("leaf_generation"),
    )


def _choice(config: pulumi.Config, key: str, choices: type[_E]) -> _E:
    value = config.require(key)
    try:
        return choices(value)
    except ValueError:
        known = ", ".join(f"'{choice.value}'" for choice in choices)
        raise pulumi.RunError(f"Config {key} is '{value}', but must be one of {known}.") from None
