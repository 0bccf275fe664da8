"""Reading manifests whose values may be missing, unknown or of the wrong shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Final, ParamSpec, TypeVar

from istio_ingress.x509 import UnreadableError

P = ParamSpec("P")
T = TypeVar("T")


class _Unknown(Enum):
    UNKNOWN = "(unknown)"

    def __repr__(self) -> str:
        return "UNKNOWN"


#: Stands in a manifest for a value that `pulumi preview` does not know yet.
UNKNOWN: Final = _Unknown.UNKNOWN


class Manifest(dict[str, Any]):
    """A manifest that knows where it comes from: a file and a line, or a URN.

    With `owned` it is a resource that creates the object and deletes it again, and so no other resource may. `repeated`
    are the paths and lines of keys that stood in one mapping before; the last one counts.
    """

    def __init__(
        self,
        fields: Mapping[str, Any],
        origin: str,
        *,
        owned: bool = False,
        repeated: Iterable[tuple[str, int]] = (),
    ) -> None:
        super().__init__(fields)
        self.origin, self.owned, self.repeated = origin, owned, tuple(repeated)


class UnknownValueError(LookupError):
    """A rule asked for a value that is not known yet: it has nothing to say."""


class NotKnownError(LookupError):
    """The manifests do not tell what was asked of them; the message says what is not known."""


class MalformedError(ValueError):
    """A value has a shape that Kubernetes would refuse. It names the place and the shapes, never the value."""

    def __init__(self, path: str, wanted: str, found: object) -> None:
        self.path, self.wanted, self.found = path, wanted, shape(found)
        super().__init__(f"{path} is {self.found}, not {wanted}")


def known(read: Callable[P, T], *args: P.args, **options: P.kwargs) -> T | None:
    """What `read(*args)` reads of a manifest; None where a value is not known yet or has the wrong shape."""
    try:
        return read(*args, **options)
    except (UnknownValueError, MalformedError, UnreadableError):
        return None


def known_of(holder: object, attribute: str) -> Any:
    """An attribute that is read of a manifest; None where a value is not known yet or has the wrong shape."""
    return known(getattr, holder, attribute)


def has_unknown(value: object) -> bool:
    """Whether anything in a value is not known yet."""
    if isinstance(value, Mapping):
        return any(map(has_unknown, value.values()))
    if isinstance(value, list):
        return any(map(has_unknown, value))
    return value is UNKNOWN


class Node:
    """A mapping inside a manifest. Reading an unknown value raises UnknownValueError, a wrong shape MalformedError."""

    __slots__ = ("_lists", "path", "value")

    def __init__(self, value: object, path: str) -> None:
        if value is UNKNOWN:
            raise UnknownValueError(path)
        if value is not None and not isinstance(value, (dict, Mapping)):
            raise MalformedError(path, "a mapping", value)
        self.value: Mapping[str, object] = {} if value is None else value
        self.path = path
        self._lists: dict[str, list[Node]] | None = None

    def __contains__(self, key: str) -> bool:
        return self.value.get(key) is not None

    def at(self, key: str) -> str:
        """The path of a field: `spec.servers[0].tls`."""
        return f"{self.path}.{key}" if self.path else key

    def text(self, key: str) -> str:
        """A string; empty when it is absent."""
        value = self.value.get(key, "")
        return value if type(value) is str else self._text(value, self.at(key))

    def number(self, key: str) -> int:
        """A whole number; 0 when it is absent. Pulumi hands whole numbers on as floats."""
        value = self._known(key)
        if value is None:
            return 0
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise MalformedError(self.at(key), "a whole number", value)
        return value

    def flag(self, key: str) -> bool:
        """A boolean; False when it is absent."""
        value = self._known(key)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise MalformedError(self.at(key), "true or false", value)
        return value

    def node(self, key: str) -> Node:
        """A mapping; an empty one when it is absent."""
        return Node(self.value.get(key), self.at(key))

    def nodes(self, key: str) -> list[Node]:
        """A list of mappings; every one must be known. It is made once, because every rule walks the same ones."""
        if key not in self.value:
            return []
        if self._lists is None:
            self._lists = {}
        if key not in self._lists:
            self._lists[key] = [Node(value, path) for value, path in self._items(key)]
        return self._lists[key]

    def known_nodes(self, key: str) -> list[Node]:
        """Those mappings of a list that are known and well formed; none when the list itself is not."""
        found = []
        items = self.value.get(key)
        if type(items) is list and all(type(one) is dict for one in items):
            return self.nodes(key)
        try:
            for value, path in self._items(key):
                if isinstance(value, Mapping):
                    found.append(Node(value, path))
        except (UnknownValueError, MalformedError):
            return []
        return found

    def texts(self, key: str) -> list[str]:
        """A list of strings; every one must be known."""
        return [self._text(value, path) for value, path in self._items(key)]

    def known_texts(self, key: str) -> list[str]:
        """Those strings of a list that are known; none when the list itself is not."""
        try:
            return [value for value, _ in self._items(key) if isinstance(value, str)]
        except (UnknownValueError, MalformedError):
            return []

    def labels(self, key: str) -> dict[str, str]:
        """A mapping of strings; every value must be known."""
        node = self.node(key)
        return {name: node.text(name) for name in node.value}

    def _known(self, key: str) -> object:
        value = self.value.get(key)
        if value is UNKNOWN:
            raise UnknownValueError(self.at(key))
        return value

    def _items(self, key: str) -> Iterator[tuple[object, str]]:
        value = self._known(key)
        if value is None:
            return
        path = self.at(key)
        if isinstance(value, str) or not isinstance(value, (list, Sequence)):
            raise MalformedError(path, "a list", value)
        for position, item in enumerate(value):
            yield item, f"{path}[{position}]"

    @staticmethod
    def _text(value: object, path: str) -> str:
        if value is UNKNOWN:
            raise UnknownValueError(path)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise MalformedError(path, "a string", value)
        return value


def shape(value: object) -> str:
    """What a value is, in words: `a string`, `a list`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence):
        return "a list"
    return f"a {type(value).__name__}"
