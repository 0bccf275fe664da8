"""Routes in an object of their own, to which a host's routes delegate: another team's, or a rollout controller's."""

from collections.abc import Iterator, Sequence
from typing import NotRequired

import pulumi

from .arguments import route_complaints
from .arguments.additions import ObjectArgs
from .arguments.route_actions import Delegate
from .arguments.routes import EVERYTHING, Backend, Route, needs_backend
from .component import ALL_DEFAULTS, Component
from .manifests import istio
from .manifests.routes import http_rules
from .names import fit, object_name
from .refusal import Complaint


class DelegateRoutesArgs(ObjectArgs):
    """Which requests go where, of those that a host's route delegates."""

    namespace: NotRequired[pulumi.Input[str]]
    """Where they stand. Default: `default`."""

    virtual_service_name: NotRequired[str]
    """Name of the VirtualService. Default: the component's name."""

    routes: NotRequired[Sequence[Route]]
    """The routes; each must lie within the match of the route that delegates. Default: all to the backend."""

    backend: NotRequired[Backend]
    """The Service behind routes that name none."""

    weights_owner: NotRequired[str]
    """Who else writes these routes once they are there, such as `flagger`: updates then leave them as they are, their
    weights too, whatever the program says by now. Default: nobody."""


class DelegateRoutes(Component, takes=DelegateRoutesArgs, makes=("VirtualService",)):
    """A VirtualService without hosts, which answers where a route delegates to it."""

    virtual_service: pulumi.Output[str]
    """The VirtualService's name."""

    def __init__(
        self, name: str, args: DelegateRoutesArgs = ALL_DEFAULTS, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the routes.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        super().__init__(name, args, opts)

    @property
    def delegate(self) -> Delegate:
        """What a route takes as its `delegate`."""
        return {"name": self._name, "namespace": self._namespace}

    @staticmethod
    def _complaints(name: str, args: DelegateRoutesArgs) -> Iterator[Complaint]:
        routes = args.get("routes", EVERYTHING)
        yield from route_complaints.complaints({**args, "routes": routes})
        if "backend" not in args and needs_backend(routes):
            yield Complaint("backend", None, "given where a route says nothing of who answers")
        for index, route in enumerate(routes):
            if "expect" in route:
                wanted = "left out: a request is for a host, where the route that delegates can say what is expected"
                yield Complaint(f"routes[{index}].expect", "given", wanted)
            if "delegate" in route:
                yield Complaint(f"routes[{index}].delegate", route["delegate"], "left out: Istio delegates only once")

    def _declare(self, name: str, args: DelegateRoutesArgs) -> None:
        self._name = args.get("virtual_service_name", fit(object_name(name)))
        self._namespace = args.get("namespace", "default")
        istio.virtual_service(
            f"{name}-routes",
            self._name,
            {"http": http_rules(args.get("routes", EVERYTHING), args.get("backend"))},
            parent=self,
            namespace=self._namespace,
            left_alone=("spec.http",) if "weights_owner" in args else (),
        )
        self.virtual_service = pulumi.Output.from_input(self._name)
