"""What an object carries of expectations: an annotation with compact JSON, so that nobody needs the program."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from istio_ingress.rules.resources import Resource
from istio_ingress.rules.values import MalformedError, Node

#: The annotation of a VirtualService, or of an Ingress, with a JSON list.
ANNOTATION = "istio-ingress/expect"

_TEXTS = ("request", "client_certificate", "service", "subset", "path", "location", "refused", "protocol", "body", "at")
_NUMBERS = ("status", "port")
_FLAGS = ("trusts_server", "trusted_client")
_MAPPINGS = ("headers", "query", "request_headers", "response_headers")
_LISTS = ("routes",)
_FORMS: Mapping[str, tuple[type, str]] = {
    **dict.fromkeys(_TEXTS, (str, "text")),
    **dict.fromkeys(_NUMBERS, (int, "a whole number")),
    **dict.fromkeys(_FLAGS, (bool, "true or false")),
    **dict.fromkeys(_MAPPINGS, (dict, "a mapping of text")),
    **dict.fromkeys(_LISTS, (list, "a list")),
}


#: Statuses that are taken for the gateway's own where nothing says who answers.
_OF_THE_GATEWAY = frozenset({404, 301, 302, 303, 307, 308})


class Unreadable(ValueError):  # noqa: N818 - it is a finding, too
    """The annotation of an object is no list of expectations; the message says what is wrong with it."""


@dataclass(frozen=True)
class Expected:
    """One request, and what must come of it: `arguments.expectations.Expectation` as an object carries it."""

    owner: Resource
    """The object that carries it: a VirtualService, or an Ingress."""
    index: int
    """Its place in the annotation."""
    request: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    client_certificate: str = ""
    trusted_client: bool | None = None
    """Whether the gateway's CA is the one of the client's certificate; None where the program did not issue it."""
    trusts_server: bool = True
    status: int | None = None
    service: str = ""
    port: int | None = None
    subset: str = ""
    path: str = ""
    location: str = ""
    request_headers: Mapping[str, str] = field(default_factory=dict)
    response_headers: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    protocol: str = ""
    body: str = ""
    at: str = ""
    """Where it stands in the arguments, of a route's: `routes[0].expect[1]`."""
    routes: tuple[str, ...] = ()
    """The matches of the owner of which one must take it: `spec.http[0].match[1]`."""

    @property
    def names_backend(self) -> bool:
        """Whether something is said of who answers, or of what that one sees."""
        return bool(self.service or self.port or self.subset or self.path or self.request_headers)

    @property
    def is_of_gateway(self) -> bool:
        """Whether its status is taken for the gateway's own."""
        return self.status in _OF_THE_GATEWAY and not self.names_backend

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return self.at or f"expect[{self.index}]"


def carried(resource: Resource) -> Iterator[Expected]:
    """The expectations that an object carries.

    Raises:
        Unreadable: the annotation is something else.
        UnknownValueError: it is not known yet.
    """
    try:
        text = _annotations(resource).text(ANNOTATION)
    except MalformedError as error:
        raise Unreadable(str(error)) from None
    if not text:
        return
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is no JSON: {error}") from None
    if not isinstance(entries, list):
        raise Unreadable("it is no list")
    for index, entry in enumerate(entries):
        yield Expected(resource, index, **_checked(f"[{index}]", entry))


def has_any(resource: Resource) -> bool:
    """Whether an object carries the annotation, be it unknown."""
    try:
        return ANNOTATION in _annotations(resource).value
    except (LookupError, MalformedError):
        return False


def _annotations(resource: Resource) -> Node:
    return resource.metadata.node("annotations")


def _checked(place: str, entry: object) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise Unreadable(f"{place} is no mapping")
    for name, value in entry.items():
        if name not in _FORMS:
            raise Unreadable(f"{place}.{name} is no field of an expectation: they are {', '.join(sorted(_FORMS))}")
        form, wanted = _FORMS[name]
        texts = value.values() if form is dict and isinstance(value, dict) else value if form is list else ()
        value = int(value) if isinstance(value, float) and value.is_integer() else value
        right = isinstance(value, form) and (form is bool or not isinstance(value, bool))
        if not right or not all(isinstance(one, str) for one in texts):
            raise Unreadable(f"{place}.{name} is not {wanted}")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
