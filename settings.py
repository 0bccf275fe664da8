"""The stack's configuration, read once: `Pulumi.yaml` declares every key with its type, meaning and default."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import TypeVar

import pulumi
import yaml

from istio_ingress import KeyAlgorithm, Rollover

_E = TypeVar("_E", bound=Enum)
_FORMER_KEYS = {"certificate_due_days"}  # not declared, so that they have no default, and still read
_PROJECT = Path(__file__).with_name("Pulumi.yaml")
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_LONGEST_DOMAIN = 64  # it is the authority's common name (X.520)


@dataclass(frozen=True)
class Images:
    """Where the workloads' images come from."""

    httpbin: str
    helloworld: str
    nginx: str


@dataclass(frozen=True)
class StackSettings:
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


def read() -> StackSettings:
    """Read the stack's configuration.

    Raises:
        pulumi.RunError: a value is missing or is none of the choices, or a key is unknown; Pulumi itself checks types.
    """
    config = pulumi.Config()
    _refuse_unknown_keys()
    return StackSettings(
        domain=_domain(config),
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


def _refuse_unknown_keys() -> None:
    """Pulumi itself takes any key, so that a misspelled one is a default that nobody meant."""
    project = yaml.safe_load(_PROJECT.read_text())
    beginning = f"{project['name']}:"
    told = json.loads(os.environ.get("PULUMI_CONFIG", "{}"))  # as the language host hands it over
    for key in sorted(key.removeprefix(beginning) for key in told if key.startswith(beginning)):
        if key not in project["config"] and key not in _FORMER_KEYS:
            meant = "".join(f"; is {one} meant?" for one in get_close_matches(key, project["config"], n=1))
            raise pulumi.RunError(f"Config {key} is not declared in Pulumi.yaml{meant or '.'}")


def _domain(config: pulumi.Config) -> str:
    value = config.require("domain")
    if len(value) > _LONGEST_DOMAIN or not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", value):
        raise pulumi.RunError(
            f"Config domain is {value!r}, but must be a DNS name in lower case such as 'shop.example', of at most "
            f"{_LONGEST_DOMAIN} characters."
        )
    return value


def _choice(config: pulumi.Config, key: str, choices: type[_E]) -> _E:
    value = config.require(key)
    try:
        return choices(value)
    except ValueError:
        known = ", ".join(f"'{choice.value}'" for choice in choices)
        raise pulumi.RunError(f"Config {key} is '{value}', but must be one of {known}.") from None
