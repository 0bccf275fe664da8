"""Objects that are wrong, perhaps, in one place: each field of the CRDs can be hit, and each kind of mistake."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from istio_ingress.rules.schema.definitions import Part, definitions

BASES = list(yaml.safe_load_all(Path(__file__).with_name("mutants.yaml").read_text()))

# Words of every kind that Istio reads, right and wrong.
_TEXTS = [
    "1s",
    "0s",
    "5",
    "-1s",
    "1us",
    "1500us",
    "1.5h",
    "2d",
    "90m",
    "shop.example",
    "*.shop.example",
    "*-a.example",
    "*",
    "shop",
    "a_b",
    "UPPER.example",
    "a..b",
    "-a",
    "shop.example.",
    "10.0.0.1",
    "10.0.0.0/8",
    "10.0.0.0/33",
    "::1",
    "https://shop.example",
    "ftp://x",
    "shop.example:80",
    "default/web",
    "default/",
    "/web",
    "default/Web.x",
    "./shop.example",
    ".",
    "~",
    "mesh",
    "/api",
    "/(a|b)+",
    "/(?!a).*",
    "(?i)a",
    "(a",
    "a{2}{3}",
    "a**",
    "a{2000}",
    "\\d+",
    "\\y",
    "[a-z",
    "[z-a]",
    "[[:alpha:]]",
    "(?P<n>a)",
    "(?<n>a)",
    "\\1",
    "a??",
    "\\pL",
    "x*",
    "GET",
    "get",
    "POST",
    "http",
    "https",
    "HTTP",
    "HTTPS",
    "TLS",
    "TCP",
    "UDP",
    "GRPC",
    "tcp",
    "mongo",
    "nothing",
    "v1",
    "V_1",
    "80",
    "443",
    "0",
    "503",
    "5xx",
    "5xx,reset",
    "5xx,",
    "299,reset",
    "%REQ(x-id)%",
    "100%",
    "100%%",
    "%START_TIME(%s)%",
    "Host",
    ":path",
    ":authority",
    "x-a",
    "X_A",
    "content-type",
    "bad:name",
    "@request.auth.claims.group",
    "@request.auth.claims[a][b]",
    "@request.auth.claims",
    "unix:///a",
    "unix://@a",
    "unix://a",
    "unix:///a/",
    "127.0.0.1:80",
    ":80",
    "[::1]:80",
    "host:80",
    "NOT_FOUND",
    "SIMPLE",
    "simple",
    "MUTUAL",
    "STATIC",
    "DNS",
    "DYNAMIC_DNS",
    "NONE",
    "PASSTHROUGH",
    "TLSV1_2",
    "ISTIO_MUTUAL",
    "STRICT",
    "CUSTOM",
    "DENY",
    "eu",
    "eu/a/*",
    "request.headers[a]",
    "request.auth.claims[a]",
    "source.ip",
    "destination.port",
    "nothing[a]",
    "/api/{*}",
    "/api/{**}/x",
    "/{a}",
    "a/b",
    "a/b/c",
    "YWJj",
    "YWI",
    "topology.kubernetes.io/zone",
    "cluster.local/ns/a/sa/b",
    "configmap://default/ca",
    "configmap://x",
    "Service",
    "Gateway",
    "networking.istio.io",
    "gateway.networking.k8s.io",
    '{"keys":[]}',
    "app",
]
_TEXTS += ["", " ", "a b", "x" * 64, "a." * 130 + "b", "x" * 1100]
_NUMBERS = [
    -1,
    0,
    1,
    2,
    3,
    4,
    7,
    50,
    100,
    101,
    200,
    301,
    404,
    443,
    600,
    65535,
    65536,
    5000011,
    2**31,
    2**32,
    0.5,
    0.00001,
]
_SHAPES: list[Any] = [None, "", "text", "5", 5, 0, True, False, [], {}, ["a"], [{}], {"a": "b"}, [None], 1.5]
Path_ = tuple[str | int, ...]


def grown(part: Part, chance: random.Random, depth: int = 0) -> Any:
    """A value of the kind that a schema asks for, right more often than not."""
    if chance.random() < 0.04:
        return chance.choice(_SHAPES)
    if part.enum and chance.random() < 0.9:
        return chance.choice(part.enum)
    match part.type:
        case "object":
            if part.others is not None and part.others.type:
                return {
                    chance.choice(_TEXTS): grown(part.others, chance, depth + 1)
                    for _ in range(chance.choice((0, 1, 1, 2)))
                }
            rest = [name for name in part.fields if name not in part.required]
            more = chance.sample(rest, min(len(rest), chance.choice((0, 1, 1, 2, 3)) if depth < 4 else 0))
            return {name: grown(part.fields[name], chance, depth + 1) for name in [*part.required, *more]}
        case "array":
            count = chance.choice((0, 1, 1, 1, 2))
            return [grown(part.items, chance, depth + 1) for _ in range(count)] if part.items else []
        case "integer":
            return int(chance.choice(_NUMBERS))
        case "number":
            return chance.choice(_NUMBERS)
        case "boolean":
            return chance.choice((True, False))
        case _:
            return chance.choice(_TEXTS)


def places(part: Part, value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Part]]:
    """Every place of an object, those that are there and those that its schema has besides."""
    if isinstance(value, dict):
        for name, field in part.fields.items():
            yield (*path, name), field
            if value.get(name) is not None:
                yield from places(field, value[name], (*path, name))
        for name, one in value.items() if part.others else ():
            yield (*path, name), part.others
            yield from places(part.others, one, (*path, name))
    elif isinstance(value, list) and part.items:
        for position, one in enumerate(value):
            yield (*path, position), part.items
            yield from places(part.items, one, (*path, position))


def deep(part: Part, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Part]]:
    """Every field of a schema, whether or not an object has it; `[]` stands for the items of a list."""
    for name, field in part.fields.items():
        yield (*path, name), field
        yield from deep(field, (*path, name))
    if part.items:
        yield (*path, "[]"), part.items
        yield from deep(part.items, (*path, "[]"))
    if part.others and part.others.type:
        yield (*path, "*"), part.others
        yield from deep(part.others, (*path, "*"))


def spec_of(manifest: dict[str, Any]) -> Part:
    """The schema of an object's spec."""
    group, _, version = manifest["apiVersion"].rpartition("/")
    return definitions()[group, manifest["kind"]].versions[version].fields["spec"]


def mutant(chance: random.Random, bases: list[dict[str, Any]]) -> dict[str, Any]:
    """One of the objects, changed in a place or two."""
    made = copy.deepcopy(chance.choice(bases))
    part = spec_of(made)
    for _ in range(chance.choice((1, 1, 1, 2))):
        path, inner = chance.choice(list(places(part, made["spec"])))
        _change(made["spec"], path, inner, chance)
    return made


def grafted(chance: random.Random, bases: list[dict[str, Any]]) -> dict[str, Any]:
    """One of the objects with any field that its schema has, however deep, put in."""
    made = copy.deepcopy(chance.choice(bases))
    whole = spec_of(made)
    path, part = chance.choice(list(deep(whole)))
    inner: Any = made["spec"]
    at: Part | None = whole
    for position, step in enumerate(path):
        last = position == len(path) - 1
        following = at.items if step == "[]" else at.others if step == "*" else at.fields[step] if at else None
        assert following is not None
        value = (
            grown(part, chance) if last else [] if path[position + 1] == "[]" else grown(following, random.Random(0))
        )
        if step == "[]":
            if last or not inner:
                inner.append(value)
            elif not isinstance(inner[0], dict):
                return made
            inner = inner[-1] if last else inner[0]
        else:
            key = chance.choice(_TEXTS) if step == "*" else step
            if last or not isinstance(inner.get(key), dict | list):
                inner[key] = value
            inner = inner[key]
        at = following
        if not last and not isinstance(inner, dict | list):
            return made
    return made


def _change(spec: Any, path: Path_, part: Part, chance: random.Random) -> None:
    *way, last = path
    inner = spec
    for step in way:
        if not isinstance(inner, dict | list) or (
            isinstance(inner, list) and not (isinstance(step, int) and step < len(inner))
        ):
            return
        inner = inner[step] if isinstance(inner, list) else inner.get(step)
    if not isinstance(inner, dict | list) or (isinstance(inner, list) and last >= len(inner)):
        return
    match chance.randrange(12):
        case 0 | 1:
            if isinstance(inner, dict):
                inner.pop(last, None)
            else:
                del inner[last]
        case 2:
            inner[last] = chance.choice(_SHAPES)
        case 3 if isinstance(inner, dict):
            inner[chance.choice(("nothing", str(last).upper(), str(last)[:-1]))] = inner.get(last, "x")
        case 4 if isinstance(inner, list):
            inner.append(copy.deepcopy(inner[last]))
        case _:
            inner[last] = grown(part, chance)
