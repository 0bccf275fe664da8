"""Headers that routes and their targets set, add and remove."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from istio_ingress.rules.values import Node
from istio_ingress.walk.request import Request

Changed = dict[str, str | None]
Sent = Callable[[str], list[str]]
#: Text that Envoy fills in with what it knows of the connection.
FILLED_IN = "(filled in by the gateway)"


def authority(node: Node) -> str:
    """The Host that a route or a target sets among its headers; `set` before `add`."""
    request = node.node("headers").node("request")
    for operation in ("set", "add"):
        for name in request.node(operation).value:
            if name.lower() in ("host", ":authority"):
                return request.node(operation).text(name)
    return ""


def requests(order: Sequence[Sequence[Node]], request: Request) -> Changed:
    """What the backend sees in the headers that are changed: the value, or None where it is removed.

    Args:
        order: The nodes with `headers` whose changes are applied together, one group after the other.
        request: What is sent.
    """
    found: Changed = {}
    for nodes in order:
        _apply([node.node("headers").node("request") for node in nodes], found, request.values)
    return found


def responses(order: Sequence[Sequence[Node]]) -> Changed:
    """What the client gets in the headers that are changed, beside what the backend says."""
    found: Changed = {}
    for nodes in order:
        _apply([node.node("headers").node("response") for node in nodes], found, lambda _: [])
    return found


def response(nodes: Sequence[Node]) -> Changed:
    """The same for one group."""
    return responses([nodes])


def _apply(changes: list[Node], found: Changed, sent: Sent) -> None:
    """Envoy removes first what any of them removes, then sets, then adds."""
    for change in changes:
        for name in change.texts("remove"):
            if not _is_internal(name):
                found[name.lower()] = None
    for operation in ("set", "add"):
        for change in changes:
            for name, value in sorted(change.labels(operation).items()):
                if value and not _is_internal(name):  # an empty value changes nothing
                    _write(found, name.lower(), _filled(value), sent, adds=operation == "add")


def _write(found: Changed, name: str, value: str, sent: Sent, *, adds: bool) -> None:
    sent_values = sent(name)
    before = found[name] if name in found else ",".join(sent_values) if sent_values else None
    found[name] = f"{before},{value}" if adds and before is not None else value


def _is_internal(name: str) -> bool:
    return name.startswith(":") or name.lower() == "host"


def _filled(value: str) -> str:
    plain = value.replace("%%", "")
    return FILLED_IN if "%" in plain else value.replace("%%", "%")
