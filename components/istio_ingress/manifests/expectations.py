"""What objects carry of expectations: see `expected.carried`, which reads it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

import pulumi

from ..arguments.schema import known, whole
from .objects import Manifest
from .routes import match_paths

Told = Mapping[str, Any]


def http(
    expect: Sequence[Told], routes: Sequence[Told], spec: Manifest, clients: Mapping[str, bool | None] | None = None
) -> pulumi.Input[str] | None:
    """The annotation of a VirtualService with `http` routes; None where nothing is expected.

    Args:
        expect: what is expected of the host.
        routes: its routes as they were told, with what is expected of each.
        spec: the spec that was made of them.
        clients: by name, whether the gateway takes a client's certificate; None is not known.
    """
    entries = [_entry(one, clients) for one in expect]
    for index, (route, paths) in enumerate(zip(routes, match_paths(routes, spec["http"]), strict=True)):
        for position, one in enumerate(route.get("expect", ())):
            place = {"at": f"routes[{index}].expect[{position}]", "routes": [f"spec.{path}" for path in paths]}
            entries.append(_entry(one, clients) | place)
    return _written(entries)


def plain(expect: Sequence[Told]) -> pulumi.Input[str] | None:
    """The annotation of another object; None where nothing is expected."""
    return _written([_entry(one, None) for one in expect])


def _entry(told: Told, clients: Mapping[str, bool | None] | None) -> Manifest:
    entry = {field: value.value if isinstance(value, Enum) else value for field, value in told.items()}
    trusted = (clients or {}).get(told.get("client_certificate", ""))
    return entry if trusted is None else entry | {"trusted_client": trusted}


def _written(entries: list[Manifest]) -> pulumi.Input[str] | None:
    if not entries:
        return None
    if all(map(known, _leaves(entries))):
        return _json(entries)
    return pulumi.Output.all(entries).apply(lambda found: _json(whole(found[0])))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(item)
    else:
        yield value


def _json(entries: Any) -> str:
    return json.dumps(entries, separators=(",", ":"))
