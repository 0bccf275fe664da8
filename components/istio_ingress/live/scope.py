"""What a person asks the doctor, or the map, to look at."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from istio_ingress import rules
from istio_ingress.check import options as rule_options
from istio_ingress.live.errors import LiveError
from istio_ingress.live.facts import GatewayName
from istio_ingress.rules import stack_settings


@dataclass(frozen=True)
class Scope:
    """What to look at, and how to judge it."""

    gateway: GatewayName | None = None
    """Instead of the stack's; the stack is then not asked at all."""
    namespaces: tuple[str, ...] = ()
    """Only these, and the gateway's."""
    expiry_days: int | None = None
    """As in `rules.Settings`. Default: the stack's."""
    waivers: Mapping[str, str] = field(default_factory=dict)
    """Besides the stack's."""

    def settings(self, config: Mapping[str, Any] | LiveError) -> rules.Settings:
        """For the rules: what the stack's configuration says, and above it what was asked for.

        Raises:
            LiveError: a setting makes no sense, or a waiver names no rule.
        """
        told = {} if isinstance(config, LiveError) else config
        values, spelled = stack_settings.read(lambda key: told.get(f"{stack_settings.NAMESPACE}:{key}"))
        try:
            settings = rules.Settings.of(values, spelled)
            days = settings.expiry_days if self.expiry_days is None else self.expiry_days
            settings = replace(settings, expiry_days=days, waivers={**settings.waivers, **self.waivers})
            rules.check([], now=datetime.now(UTC), settings=settings, only=[])  # where a waiver of no rule is refused
        except ValueError as error:
            raise LiveError(f"{error}.") from None
        return settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that say so to a command."""
    parser.add_argument(
        "--gateway",
        type=_gateway_name,
        metavar="NAMESPACE/SERVICE",
        help="look at this gateway's Service instead of the stack's, and at no stack",
    )
    parser.add_argument(
        "--namespace",
        action="append",
        default=[],
        metavar="NS",
        help="where nobody may list the whole cluster: look only here and in the gateway's namespace",
    )
    rule_options.configure(parser)


def read(options: argparse.Namespace) -> Scope:
    """What the options say."""
    return Scope(options.gateway, tuple(options.namespace), options.expiry_days, rule_options.waivers(options))


def _gateway_name(text: str) -> GatewayName:
    namespace, slash, service = text.partition("/")
    if not (namespace and slash and service):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not NAMESPACE/SERVICE, such as istio-system/istio-ingressgateway"
        )
    return GatewayName(namespace, service)
