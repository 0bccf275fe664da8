"""Rules about faults that are made on purpose."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import VIRTUAL_SERVICE
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.settings import Settings

_HEAD = f"{VIRTUAL_SERVICE}\n  hosts: [shop.example]\n  gateways: [shop]\n"
_ROUTE = "route: [{destination: {host: cart, port: {number: 8000}}}]\n"


@rule(
    VirtualService,
    "fault-in-production",
    Severity.ERROR,
    source="istio.io/docs/tasks/traffic-management/fault-injection; HTTPFaultInjection",
    example=Example.fixed(
        f"{_HEAD}  http:\n  - fault: {{abort: {{httpStatus: 503, percentage: {{value: 10}}}}}}\n    {_ROUTE}",
        ("fault: {abort: {httpStatus: 503, percentage: {value: 10}}}\n    route", "route"),
        settings=Settings(production=True),
    ),
)
def fault_in_production(service: VirtualService, index: Index) -> Iterator[Problem]:
    """In an environment marked production, a fault made on purpose fails the requests of real people."""
    for route in service.spec.nodes("http"):
        if index.settings.production and "fault" in route:
            yield Problem(
                service,
                route.at("fault"),
                "This route delays or fails requests on purpose, and this environment is marked production.",
                "Take the fault away.",
            )
