"""Every environment in turn, by Pulumi's Automation API: previewed, then updated; the first finding stops it all."""

import sys
from collections.abc import Iterator
from typing import NamedTuple

import pulumi
from pulumi import automation as auto

from istio_ingress import CertificateAuthority, TlsGateway, watch

PROJECT = "shop"
ENVIRONMENTS = {
    "dev": {"shop:domain": "dev.shop.example", "shop:leaf_days": "30"},
    "staging": {"shop:domain": "staging.shop.example", "shop:leaf_days": "90"},
    "production": {"shop:domain": "shop.example", "shop:leaf_days": "90", "istio-ingress:production": "true"},
}


def program() -> None:
    """What each environment is made of; `watch` first, so that all of it is checked."""
    watch()
    config = pulumi.Config()
    domain = config.require("domain")
    authority = CertificateAuthority("shop", {"common_name": domain, "organization": "Shop"})
    shop = TlsGateway(
        "shop",
        {
            "gateway_name": f"shop-{pulumi.get_stack()}",
            "authority": authority.issuer,
            "validity_days": config.require_int("leaf_days"),
            "renew_before_days": 10,
            "hosts": [{"host": f"www.{domain}", "routes": [{"direct_response": {"status": 200, "body": domain}}]}],
        },
    )
    pulumi.export("gateway", shop.shared)


class Done(NamedTuple):
    """One step of one environment: how many resources it changes, and what was found."""

    environment: str
    step: str
    changes: int
    findings: list[str]


class Heard:
    """What the engine says in one step: the resources that change, and each warning and error."""

    def __init__(self) -> None:
        self.changes, self.findings = 0, list[str]()

    def __call__(self, event: auto.EngineEvent) -> None:
        said = event.diagnostic_event
        if said and said.severity in ("warning", "error"):
            self.findings.append(said.message.strip())
        if event.summary_event:
            self.changes = sum(n for name, n in event.summary_event.resource_changes.items() if name != "same")


def steps(environments: dict[str, dict[str, str]]) -> Iterator[Done]:
    """Preview and update one environment after the other; whoever takes no further step stops it."""
    for name, settings in environments.items():
        stack = auto.create_or_select_stack(name, project_name=PROJECT, program=program)
        stack.set_all_config({key: auto.ConfigValue(value) for key, value in settings.items()})
        for step, run in (("preview", stack.preview), ("update", stack.up)):
            heard = Heard()
            try:
                run(on_event=heard)
            except auto.CommandError as error:
                heard.findings = heard.findings or [str(error)]
            yield Done(name, step, heard.changes, heard.findings)


def main() -> int:
    """Print a line a step; 1 where something was found, and what."""
    for done in steps(ENVIRONMENTS):
        result = "found something" if done.findings else "done"
        print(f"{done.environment:<12} {done.step:<8} {done.changes:>3} changes  {result}", flush=True)
        if done.findings:
            print("\n".join(done.findings), file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
