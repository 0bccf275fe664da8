"""The base of every component, and what starts once a program with a component's module."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi

from . import x509
from .arguments import additions, schema
from .arguments.additions import Additions
from .preview import providers, review
from .refusal import Complaint, refuse_first
from .sdk import logs

ALL_DEFAULTS: Any = None
"""Arguments that are left out. The annotation beside it is no `| None`, which Pulumi refuses in a component plugin."""

logs.keep_keys_out()
review.watch()  # so that what a program declares beside the components, before the first of them, is seen as well


class Component(pulumi.ComponentResource):
    """A component of this package: its type token is `istio-ingress:index:<class>`, its outputs are its annotations.

    A component is `class X(Component, takes=XArgs)`, with `makes`, the kinds of Kubernetes objects that it declares, if
    its arguments are `ObjectArgs`. Its constructor works in this order:

    1. arguments that break `XArgs` are refused (`schema.read`);
    2. so are those that need a package that is not installed (`_pem_fields`), or cannot stand together (`_complaints`);
    3. the component is registered, and declares what it is made of (`_declare`).

    A subclass in somebody's program keeps its token and outputs.
    """

    _kind: str
    _takes: type
    _output_names: tuple[str, ...]
    _makes: Sequence[str] = ()

    def __init_subclass__(cls, takes: type | None = None, makes: Sequence[str] | None = None) -> None:
        super().__init_subclass__()
        if makes is not None:
            cls._makes = makes
        if takes:
            cls._kind, cls._takes, cls._output_names = cls.__name__, takes, tuple(inspect.get_annotations(cls))

    def __init__(self, name: str, args: Any, opts: pulumi.ResourceOptions | None) -> None:
        review.watch()
        args = schema.read(self._kind, name, args, self._takes)
        _demand_cryptography(self._kind, name, self._pem_fields(args))
        refuse_first(self._kind, name, additions.complaints(args, self._makes))
        refuse_first(self._kind, name, self._complaints(name, args))
        self.additions = Additions.of(args)
        super().__init__(f"istio-ingress:index:{self._kind}", name, {}, review.watched(opts))
        if "namespace" in self._takes.__annotations__:
            args.setdefault("namespace", providers.namespace(self) or "default")
        self._declare(name, args)
        self.register_outputs({output: getattr(self, output) for output in self._output_names})

    @staticmethod
    def _pem_fields(args: Any) -> Iterable[str]:
        """The given arguments that hold certificates or revocation lists which must be read: those of authorities."""
        given = (field for field in ("authority", "client_authority") if isinstance(args.get(field), Mapping))
        return (f"{field}.certificate" for field in given if isinstance(args[field]["certificate"], str))

    @staticmethod
    def _complaints(name: str, args: Any) -> Iterable[Complaint]:
        """What of the arguments, each of them right by itself, cannot stand together."""
        return ()

    def _declare(self, name: str, args: Any) -> None:
        """Declare what the component is made of, and set its outputs."""
        raise NotImplementedError


def by_name(values: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[dict[str, str]]:
    """A mapping of Outputs as the Output of a mapping; a secret if one of them is."""
    names = list(values)
    return pulumi.Output.all(*values.values()).apply(lambda known: dict(zip(names, known, strict=True)))


def _demand_cryptography(kind: str, name: str, fields: Iterable[str]) -> None:
    """End the program with a sentence where the package that reads PEM is needed and not installed."""
    for field in fields:
        if not x509.available():
            wanted = "needs the Python package cryptography: `pip install 'istio-ingress[certificates]'`"
            raise pulumi.RunError(f'{kind} "{name}": {field} {wanted}.')
