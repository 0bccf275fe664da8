"""Which requests a match of a VirtualService takes, and which matches another one leaves nothing for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rules.values import Node

#: How a field is compared (exact, prefix, regex, present, among) and with what.
Condition = tuple[str, str | frozenset[str]]
Handle = tuple[str, str, str]

_EVERYTHING = {"uri": (("prefix", "/"), ("prefix", ""), ("regex", ".*"))}


@dataclass(frozen=True, eq=False)
class Match:
    """The conditions of one match; a request must meet all of them."""

    conditions: dict[str, Condition]
    gateways: frozenset[str]

    def leaves_nothing_for(self, other: Match) -> bool:
        """Whether every request that `other` takes is one that this match takes."""
        return self.gateways >= other.gateways and all(
            field in other.conditions and _implies(other.conditions[field], condition)
            for field, condition in self.conditions.items()
        )

    def __str__(self) -> str:
        words = []
        for field, (kind, value) in self.conditions.items():
            shown = "" if kind == "present" else " " + (value if isinstance(value, str) else ",".join(sorted(value)))
            words.append(f"{field} {kind}{shown}" if kind != "among" else f"{field}{shown}")
        return " and ".join(words) or "everything"


def http_match(node: Node, gateways: list[str]) -> Match:
    """The match of an `http` route; a route without one takes everything."""
    conditions: dict[str, Condition] = {}
    folded = node.flag("ignoreUriCase")
    for field in ("uri", "scheme", "method", "authority"):
        if field in node:
            name = "uri without case" if folded and field == "uri" else field
            kind, value = _string(node.node(field))
            conditions[name] = (kind, value.lower()) if folded and field == "uri" else (kind, value)
    for field, word in (("headers", "header"), ("withoutHeaders", "no header"), ("queryParams", "query parameter")):
        for name in node.node(field).value:
            conditions[f"{word} {name.lower() if field != 'queryParams' else name}"] = _string(
                node.node(field).node(name)
            )
    conditions = {field: one for field, one in conditions.items() if one not in _EVERYTHING.get(field[:3], ())}
    return Match({**conditions, **_common(node)}, frozenset(node.texts("gateways") or gateways))


def l4_match(node: Node, gateways: list[str]) -> Match:
    """The match of a `tls` or `tcp` route."""
    conditions = _common(node)
    for field in ("sniHosts", "destinationSubnets"):
        among = frozenset(text.lower() for text in node.texts(field))
        if among:
            conditions[field] = ("among", among)
    return Match(conditions, frozenset(node.texts("gateways") or gateways))


def shadowed(routes: list[list[Match]]) -> Iterator[tuple[int, int, int, Match]]:
    """Matches that an earlier route leaves nothing for: route, match, the earlier route and its match."""
    table: dict[Handle, list[tuple[int, Match]]] = {}
    for route, matches in enumerate(routes):
        fresh = []
        for position, match in enumerate(matches):
            held = (entry for probe in _probes(match) for entry in table.get(probe, ()))
            earlier = next((entry for entry in held if entry[1].leaves_nothing_for(match)), None)
            if earlier:
                yield route, position, *earlier
            else:
                fresh.append(match)
        for match in fresh:
            for handle in _handles(match, table):
                table.setdefault(handle, []).append((route, match))


def _common(node: Node) -> dict[str, Condition]:
    conditions: dict[str, Condition] = {}
    if "port" in node:
        conditions["port"] = ("exact", str(node.number("port")))
    if "sourceNamespace" in node:
        conditions["source namespace"] = ("exact", node.text("sourceNamespace"))
    for label, value in node.labels("sourceLabels").items():
        conditions[f"source label {label}"] = ("exact", value)
    return conditions


def _string(node: Node) -> tuple[str, str]:
    for kind in ("exact", "prefix", "regex"):
        if kind in node:
            return kind, node.text(kind)
    return "present", ""


def _implies(narrow: Condition, wide: Condition) -> bool:
    (kind, value), (wide_kind, wide_value) = narrow, wide
    if isinstance(value, frozenset) or isinstance(wide_value, frozenset):
        return isinstance(value, frozenset) and isinstance(wide_value, frozenset) and value <= wide_value
    if wide_kind == "present" or wide == ("regex", ".*"):
        return True
    if wide_kind == "prefix":
        return kind in ("exact", "prefix") and value.startswith(wide_value)
    return narrow == wide


def _handles(match: Match, table: dict[Handle, list[tuple[int, Match]]]) -> list[Handle]:
    """Where a match is filed: under its rarest condition, so that few matches have to be compared."""
    choices = []
    for field, (kind, value) in match.conditions.items():
        choices.append([(field, kind, one) for one in ([value] if isinstance(value, str) else sorted(value))])
    return min(choices, key=lambda handles: max(len(table.get(one, ())) for one in handles), default=[("", "", "")])


def _probes(match: Match) -> Iterator[Handle]:
    """Where the matches are filed that may leave nothing for this one."""
    yield "", "", ""
    for field, (kind, value) in match.conditions.items():
        if isinstance(value, frozenset):
            yield field, kind, min(value, default="")
            continue
        yield field, "present", ""
        yield field, "regex", ".*"
        if kind in ("exact", "prefix"):
            for length in range(len(value) + 1):
                yield field, "prefix", value[:length]
        if kind in ("exact", "regex"):
            yield field, kind, value
