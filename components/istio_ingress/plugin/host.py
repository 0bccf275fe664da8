"""The host of a component plugin: Pulumi's engine asks it to construct what programs in other languages declare."""

import json
import sys
from functools import cached_property
from importlib.metadata import version
from typing import Any

import pulumi
from pulumi.provider import main
from pulumi.provider.provider import ConstructResult, Provider

import istio_ingress

from ..component import Component
from . import values
from .annotations import outputs
from .schema import PACKAGE, schema, spelling_of, token
from .spelling import Spelling

COMPONENTS: list[type[Component]] = [
    exported
    for exported in (getattr(istio_ingress, name) for name in istio_ingress.__all__)
    if isinstance(exported, type) and issubclass(exported, Component)
]


def package() -> dict[str, Any]:
    """The schema of this package."""
    return schema(COMPONENTS, version(PACKAGE))


class Host(Provider):
    """Constructs the components; a refused argument is the caller's error, in its sentence and nothing more."""

    schema = cached_property(lambda _: json.dumps(package()))  # only who makes an SDK asks

    def __init__(self) -> None:
        self.version = version(PACKAGE)
        self._components = {token(one.__name__): one for one in COMPONENTS}

    @cached_property
    def _spelling(self) -> Spelling:
        return spelling_of(COMPONENTS)

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Construct one component.

        Raises:
            pulumi.InputPropertiesError: an argument is wrong, or there is no such component.
        """
        kind = self._components.get(resource_type)
        if kind is None:
            known = ", ".join(sorted(self._components))
            raise pulumi.InputPropertiesError(f"{resource_type} is no component of this package; it has {known}.", [])
        try:
            made: Any = kind(name, values.arguments(inputs, kind._takes), options)
        except pulumi.RunError as refused:
            raise pulumi.InputPropertiesError(self._spelling.respell(str(refused)), []) from None
        return ConstructResult(made.urn, values.state(made, outputs(kind)))


def serve() -> None:
    """Answer the engine, whose address is the first argument of the command line, until it ends this process."""
    main(Host(), sys.argv[1:])
