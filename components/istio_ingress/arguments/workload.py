"""A server that a component deploys itself."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, NotRequired, TypedDict

import pulumi

from .routes import DEFAULT_ROUTES, Route


class WorkloadKind(Enum):
    """The servers that Istio's pages use."""

    HTTPBIN = "httpbin"
    """go-httpbin: /status/<code>, /delay/<seconds>, /headers and more."""

    HELLOWORLD = "helloworld"
    """GET /hello answers its version and the pod's name."""


class Workload(TypedDict):
    """A server that a component deploys because no Service is given."""

    kind: NotRequired[WorkloadKind]
    """Which server it is. Default: httpbin."""

    name: NotRequired[str]
    """Name of its Deployment and Service, a DNS label. Default: from the component's name."""

    image: NotRequired[pulumi.Input[str]]
    """What runs. Default: the public image that Istio's samples use."""

    replicas: NotRequired[pulumi.Input[int]]
    """Number of pods. Default: 1."""


_EVERY_PATH: Sequence[Route] = ({"prefix": "/"},)
_ROUTES: Mapping[WorkloadKind, Sequence[Route]] = {
    WorkloadKind.HTTPBIN: DEFAULT_ROUTES,
    WorkloadKind.HELLOWORLD: ({"exact": "/hello"},),
}


def default_routes(args: Mapping[str, Any]) -> Sequence[Route]:
    """The routes where none are told: every path goes to a backend that is given; a demo's workload has its own.

    Args:
        args: arguments with `backend` and `workload`, already checked by type.
    """
    if "backend" in args:
        return _EVERY_PATH
    return _ROUTES[WorkloadKind(args.get("workload", {}).get("kind", WorkloadKind.HTTPBIN))]
