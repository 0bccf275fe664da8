"""Which requests a match of a VirtualService takes, which another one leaves nothing for, and which two share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from istio_ingress.rules.patterns import Pattern, compiled
from istio_ingress.rules.values import Node, NotKnownError

#: How a field is compared (exact, prefix, regex, present, among) and with what.
Condition = tuple[str, str | frozenset[str]]
Handle = tuple[str, str, str]

_FOLDED_URI = "uri without case"
_HEADER, _NO_HEADER = "header ", "no header "
_ANY_PATH = ("regex", "/.*")
_EVERY_PATH = (("prefix", "/"), ("prefix", ""), ("regex", ".*"))


def path_of(match: Node) -> Pattern:
    """What the path must be to a match of an `http` route; `prefix /` where it does not say."""
    uri = Pattern.of(match.node("uri"))
    return Pattern("prefix", "/") if uri.kind == "present" else uri


def is_catch_all(match: Node) -> bool:
    """Whether Istio puts the route of a match behind those of other VirtualServices, and drops what follows it.

    So it does with two paths where nothing else is compared with a request (IsCatchAllRoute in pilot's route.go); with
    others that every path meets it does not. What decides nothing need not be known.
    """
    if any(name in match for name in ("method", "authority", "scheme")):
        return False
    if any(match.node(name).value for name in ("headers", "withoutHeaders", "queryParams")):
        return False
    path = path_of(match)
    return (path.kind, path.value) in (("prefix", "/"), ("regex", ".*"))


@dataclass(frozen=True, eq=False)
class Match:
    """The conditions of one match; a request must meet all of them."""

    conditions: dict[str, Condition]
    gateways: frozenset[str]
    """Where it holds, each as `namespace/name`, or `mesh`."""
    is_catch_all: bool = False
    """Of an `http` route: see the function of this name."""

    def leaves_nothing_for(self, other: Match) -> bool:
        """Whether every request that `other` takes is one that this match takes."""
        return self.gateways >= other.gateways and all(
            _implied(field, condition, other.conditions) for field, condition in self.conditions.items()
        )

    def shares_requests_with(self, other: Match) -> bool:
        """Whether there certainly are requests that both take; of two regular expressions that is only known if equal.

        Their Gateways are not compared: servers of two Gateways can be one listener.
        """
        return all(_shared(field, condition, other.conditions) for field, condition in self.conditions.items())

    def is_for(self, gateway: str, port: int) -> bool:
        """Whether it holds on a port of a Gateway, given as `namespace/name`; 0 is a port that is not known."""
        return gateway in self.gateways and (not port or self.conditions.get("port") in (None, ("exact", str(port))))

    @property
    def path(self) -> Condition:
        """The condition on the path; one that every path meets where there is none."""
        return self.conditions.get("uri", ("prefix", ""))

    def __str__(self) -> str:
        words = []
        for field, (kind, value) in self.conditions.items():
            shown = "" if kind == "present" else " " + (value if isinstance(value, str) else ",".join(sorted(value)))
            words.append(f"{field} {kind}{shown}" if kind != "among" else f"{field}{shown}")
        return " and ".join(words) or "everything"


#: Writes the name of a Gateway as a VirtualService has it in full.
FullName = Callable[[str], str]


def http_match(node: Node, gateways: frozenset[str], full_name: FullName = str, *, whole: bool = False) -> Match:
    """The match of an `http` route, which holds for `gateways` if it names none; without one a route takes everything.

    With `whole`, conditions that every request meets are kept too.
    """
    conditions: dict[str, Condition] = {}
    if not node.value:
        return Match(conditions, gateways, is_catch_all=True)
    if "uri" in node:
        path, folded = path_of(node), node.flag("ignoreUriCase")
        condition = (path.kind, path.value.lower() if folded else path.value)
        if whole or condition not in _EVERY_PATH:
            conditions[_FOLDED_URI if folded else "uri"] = condition
    for field in ("scheme", "method", "authority"):
        if field in node:
            conditions[field] = _compared(node.node(field))
    for field, word in (("headers", "header"), ("withoutHeaders", "no header"), ("queryParams", "query parameter")):
        for name in node.node(field).value if field in node else ():
            conditions[f"{word} {name.lower() if field != 'queryParams' else name}"] = _compared(
                node.node(field).node(name)
            )
    conditions |= _everywhere(node)
    return Match(conditions, _gateways(node, full_name) or gateways, is_catch_all(node))


def l4_match(node: Node, gateways: frozenset[str], full_name: FullName = str) -> Match:
    """The match of a `tls` or `tcp` route."""
    conditions = _everywhere(node)
    for field in ("sniHosts", "destinationSubnets"):
        among = frozenset(text.lower() for text in node.texts(field))
        if among:
            conditions[field] = ("among", among)
    return Match(conditions, _gateways(node, full_name) or gateways)


def _gateways(node: Node, full_name: FullName) -> frozenset[str]:
    return frozenset(map(full_name, node.texts("gateways"))) if "gateways" in node else frozenset()


#: A match that never holds: its route and position, the earlier route that leaves nothing for it and its match.
Shadowed = tuple[int, int, int, Match]


def shadowed(routes: list[list[Match]]) -> Iterator[Shadowed]:
    """Matches that an earlier route leaves nothing for."""
    table: dict[Handle, list[tuple[int, Match]]] = {}
    lengths: dict[str, set[int]] = {}
    for route, matches in enumerate(routes):
        fresh = []
        for position, match in enumerate(matches):
            held = (entry for probe in _probes(match, lengths) for entry in table.get(probe, ())) if table else ()
            earlier = next((entry for entry in held if entry[1].leaves_nothing_for(match)), None)
            if earlier:
                yield route, position, *earlier
            else:
                fresh.append(match)
        for match in fresh if route + 1 < len(routes) else ():
            for handle in _handles(match, table):
                table.setdefault(handle, []).append((route, match))
                if handle[1] == "prefix":
                    lengths.setdefault(handle[0], set()).add(len(handle[2]))


def _everywhere(node: Node) -> dict[str, Condition]:
    conditions: dict[str, Condition] = {}
    if "port" in node:
        conditions["port"] = ("exact", str(node.number("port")))
    if "sourceNamespace" in node:
        conditions["source namespace"] = ("exact", node.text("sourceNamespace"))
    if "sourceLabels" in node:
        for label, value in node.labels("sourceLabels").items():
            conditions[f"source label {label}"] = ("exact", value)
    return conditions


def _compared(node: Node) -> tuple[str, str]:
    pattern = Pattern.of(node)
    return ("present", "") if pattern.asks_presence else (pattern.kind, pattern.value)


def _implied(field: str, wide: Condition, narrow: dict[str, Condition]) -> bool:
    """Whether whoever meets the narrow conditions meets a wide one too."""
    if field.startswith(_NO_HEADER):
        held = narrow.get(_HEADER + field.removeprefix(_NO_HEADER))
        if held and _disjoint(held, wide):
            return True
        return field in narrow and _excludes(narrow[field], wide)
    if field == "uri" and wide == _ANY_PATH:
        return True
    if field == _FOLDED_URI and field not in narrow and "uri" in narrow:
        return "regex" not in (wide[0], narrow["uri"][0]) and _implies(_folded(narrow["uri"]), wide)
    return field in narrow and _implies(narrow[field], wide)


def _implies(narrow: Condition, wide: Condition) -> bool:
    (kind, value), (wide_kind, wide_value) = narrow, wide
    if isinstance(value, frozenset) or isinstance(wide_value, frozenset):
        return isinstance(value, frozenset) and isinstance(wide_value, frozenset) and value <= wide_value
    if wide_kind == "present" or wide == ("regex", ".*"):
        return True
    if wide_kind == "prefix":
        return kind in ("exact", "prefix") and value.startswith(wide_value)
    return narrow == wide


def _excludes(more: Condition, less: Condition) -> bool:
    """Whether a header that must not meet one condition cannot meet the other. To Istio a missing header is empty."""
    if more[0] == "present":
        return less[0] == "present" or (less[0] in ("exact", "prefix") and bool(less[1]))
    return less[0] != "present" and _implies(less, more)


def _disjoint(one: Condition, other: Condition) -> bool:
    """Whether certainly no text meets both conditions."""
    (kind, value), (other_kind, other_value) = one, other
    if not isinstance(value, str) or not isinstance(other_value, str):
        return False
    kinds = {kind, other_kind}
    if kinds == {"exact"}:
        return value != other_value
    if kinds == {"prefix"}:
        return not (value.startswith(other_value) or other_value.startswith(value))
    if kinds == {"exact", "prefix"}:
        exact, prefix = (value, other_value) if kind == "exact" else (other_value, value)
        return not exact.startswith(prefix)
    return False


def _shared(field: str, condition: Condition, others: dict[str, Condition]) -> bool:
    """Whether a request that meets other conditions can certainly meet this one too."""
    if field.startswith(_NO_HEADER):
        held = others.get(_HEADER + field.removeprefix(_NO_HEADER))
        return held is None or _outside(held, condition)
    if field.startswith(_HEADER) and _NO_HEADER + field.removeprefix(_HEADER) in others:
        return _outside(condition, others[_NO_HEADER + field.removeprefix(_HEADER)])
    if field in ("uri", _FOLDED_URI):
        other = "uri" if field == _FOLDED_URI else _FOLDED_URI
        if other in others:
            return _common(_folded(condition), _folded(others[other]))
    return field not in others or _common(condition, others[field])


def _outside(held: Condition, excluded: Condition) -> bool:
    """Whether some text certainly meets one condition and not the other."""
    return held[0] != "regex" and excluded[0] != "regex" and not _implies(held, excluded)


def _common(one: Condition, other: Condition) -> bool:
    """Whether some text certainly meets both conditions."""
    (kind, value), (other_kind, other_value) = one, other
    if isinstance(value, frozenset) or isinstance(other_value, frozenset):
        return isinstance(value, frozenset) and isinstance(other_value, frozenset) and bool(value & other_value)
    if one == other or "present" in (kind, other_kind):
        return True
    if kind == "regex":
        return other_kind != "regex" and _matches(value, other_value)
    return _matches(other_value, value) if other_kind == "regex" else not _disjoint(one, other)


def _matches(pattern: str, text: str) -> bool:
    try:
        return compiled(pattern).fullmatch(text) is not None
    except NotKnownError:
        return False


def _folded(condition: Condition) -> Condition:
    kind, value = condition
    return (kind, value.lower()) if isinstance(value, str) else condition


def _handles(match: Match, table: dict[Handle, list[tuple[int, Match]]]) -> list[Handle]:
    """Where a match is filed: under its rarest condition, so that few matches have to be compared."""
    choices = []
    for field, (kind, value) in match.conditions.items():
        if not field.startswith(_NO_HEADER):  # a condition that others meet in more ways than can be looked up
            choices.append([(field, kind, one) for one in ([value] if isinstance(value, str) else sorted(value))])
    return min(choices, key=lambda handles: max(len(table.get(one, ())) for one in handles), default=[("", "", "")])


def _probes(match: Match, lengths: dict[str, set[int]]) -> Iterator[Handle]:
    """Where the matches are filed that may leave nothing for this one; those with prefixes have these lengths."""
    yield "", "", ""
    yield "uri", *_ANY_PATH
    folded = {_FOLDED_URI: _folded(match.path)} if "uri" in match.conditions else {}
    for field, (kind, value) in (match.conditions | folded).items():
        if isinstance(value, frozenset):
            yield field, kind, min(value, default="")
            continue
        yield field, "present", ""
        yield field, "regex", ".*"
        if kind in ("exact", "prefix"):
            for length in sorted(lengths.get(field, ())):
                if length <= len(value):
                    yield field, "prefix", value[:length]
        if kind in ("exact", "regex"):
            yield field, kind, value
