"""The documents of a YAML text as kubectl reads them, with the lines of each and of the items of a List."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from istio_ingress.check import scalars
from istio_ingress.rules.values import UNKNOWN

#: With libyaml, which kubectl's reader is a translation of: ten times as fast, and tabs stand where kubectl takes them.
_Parser: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: No object of Kubernetes is nested nearly as deep.
DEEPEST = 200
#: kubectl, too, stops where aliases make some hundred thousand values of a document.
_MOST_BY_ALIASES = 400_000
_YAML = "tag:yaml.org,2002:"
_MERGE = "<<"
_TYPES: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (float,),
    "null": (type(None),),
    "timestamp": (str,),
}
_UNFINISHED = object()
#: Where objects stand below each other: in `items`, or in a document that is a list.
_OF_OBJECTS: list[list[str | int]] = [[], ["items"]]


class UnreadableFileError(ValueError):
    """Text that is no YAML, or that kubectl would not read: one sentence, with the line."""

    def __init__(self, line: int | None, sentence: str) -> None:
        super().__init__(f"line {line}: {sentence}" if line else sentence)


@dataclass(frozen=True, slots=True)
class Repeated:
    """A key that a mapping has twice; the last one counts."""

    path: tuple[str | int, ...]
    line: int


@dataclass(slots=True)
class Document:
    """One document of a text."""

    value: Any
    line: int
    """Where it begins."""
    items: list[int] = field(default_factory=list)
    """Where the mappings of its list `items` begin, or, where it is a list itself, its mappings."""
    repeated: list[Repeated] = field(default_factory=list)


def read(text: str) -> Iterator[Document]:
    """The documents of a text; one that holds nothing has the value None.

    Raises:
        UnreadableFileError: the text is not YAML, or it is made to exhaust its reader.
    """
    parser = _Parser(text)
    plain: dict[str, Any] = {}
    keys: dict[str, str] = {}
    try:
        while type(event := parser.get_event()) is not yaml.StreamEndEvent:
            if type(event) is yaml.DocumentStartEvent:
                yield _Builder(parser.get_event, plain, keys).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = str(error.problem or error.context)
        if mark and problem.endswith("cannot start any token") and _character(text, mark) == "\t":
            problem = "a tab stands where only spaces may; indent with spaces"
        raise UnreadableFileError(mark.line + 1 if mark else None, problem) from None
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise UnreadableFileError(None, f"it is not YAML: {' '.join(str(error).split())[:120]}") from None
    finally:
        parser.dispose()


class _Builder:
    """Makes a value of the events of one document. What it does for every scalar is most of what reading takes."""

    def __init__(self, get_event: Callable[[], Any], plain: dict[str, Any], keys: dict[str, str]) -> None:
        self._next = get_event
        self._plain, self._keys = plain, keys
        self._path: list[str | int] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._values = 0
        self._by_aliases = 0
        self._items: list[int] = []
        self._repeated: list[Repeated] = []

    def document(self) -> Document:
        """The document whose start has just been read."""
        event = self._next()
        value = self._value(event)
        self._next()  # its end
        return Document(value, event.start_mark.line + 1, self._items, self._repeated)

    def _value(self, event: Any) -> Any:
        self._values += 1
        if event.anchor is None:
            return self._scalar(event) if type(event) is yaml.ScalarEvent else self._collection(event)
        if type(event) is yaml.AliasEvent:
            return self._alias(event)
        before = self._values
        self._anchors[event.anchor] = _UNFINISHED, 0
        value = self._scalar(event) if type(event) is yaml.ScalarEvent else self._collection(event)
        self._anchors[event.anchor] = value, self._values - before
        return value

    def _collection(self, event: Any) -> Any:
        if len(self._path) >= DEEPEST:
            raise UnreadableFileError(_line(event), f"it is nested more than {DEEPEST} levels deep")
        return self._mapping() if type(event) is yaml.MappingStartEvent else self._list()

    def _mapping(self) -> Any:
        """A mapping; UNKNOWN where a key is filled in by something else, and so nobody knows which fields it has."""
        found: dict[str, Any] = {}
        is_known = True
        merged: set[str] = set()
        path, keys = self._path, self._keys
        while type(event := self._next()) is not yaml.MappingEndEvent:
            key = keys.get(event.value) if type(event) is yaml.ScalarEvent and event.implicit[0] else None
            if key is None and _is_merge(event):
                # As kubectl does it: what is merged wins over the keys above it, and those below it win.
                added = _merged(self._value(self._next()), _line(event))
                found |= added
                merged |= added.keys()
                continue
            if key is None or event.anchor is not None:
                key = self._key(event)
                is_known = is_known and scalars.filled(key) is not UNKNOWN
            if key in found and key not in merged:
                self._repeated.append(Repeated((*path, key), _line(event)))
            event = self._next()
            if type(event) is yaml.ScalarEvent and event.anchor is None:
                found[key] = self._scalar(event)
            else:
                path.append(key)
                found[key] = self._value(event)
                path.pop()
        self._values += len(found)
        return found if is_known or self._is_at_object() else UNKNOWN

    def _is_at_object(self) -> bool:
        """Whether what is being read is an object as a whole, not something in one."""
        *above, last = self._path or [""]
        return not self._path or (above in _OF_OBJECTS and isinstance(last, int))

    def _key(self, event: Any) -> str:
        is_plain = type(event) is yaml.ScalarEvent and event.implicit[0] and event.anchor is None
        value = scalars.plain(event.value) if is_plain else self._value(event)
        if value is UNKNOWN:
            return str(event.value)
        key = value if type(value) is str else scalars.key(value)
        if key is not None and is_plain and scalars.filled(key) is not UNKNOWN:
            self._keys[event.value] = key
        if key is None:
            raise UnreadableFileError(_line(event), "a mapping, a list or null is no key")
        return key

    def _list(self) -> list[Any]:
        found: list[Any] = []
        path = self._path
        notes_lines = path in _OF_OBJECTS
        if notes_lines:
            self._items = []
        path.append(0)
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            path[-1] = len(found)
            if notes_lines:
                self._items.append(_line(event))
            found.append(self._value(event))
        path.pop()
        return found

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if not event.implicit[0]:
            return scalars.filled(text) if event.tag is None else _tagged(event)
        if text not in self._plain:
            value = scalars.filled(scalars.plain(text))
            if isinstance(value, float) and not math.isfinite(value):
                raise UnreadableFileError(_line(event), f"{text} is a number that JSON does not have")
            self._plain[text] = value
        return self._plain[text]

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise UnreadableFileError(_line(event), f"there is no &{event.anchor} above *{event.anchor}")
        value, values = self._anchors[event.anchor]
        if value is _UNFINISHED:
            raise UnreadableFileError(_line(event), f"&{event.anchor} holds itself")
        self._values += values
        self._by_aliases += values
        if self._by_aliases > _MOST_BY_ALIASES:
            raise UnreadableFileError(_line(event), f"its aliases stand for more than {_MOST_BY_ALIASES:,} values")
        return value


def _character(text: str, mark: Any) -> str:
    line: str = text.splitlines()[mark.line]
    return line[mark.column : mark.column + 1]


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _is_merge(event: Any) -> bool:
    return type(event) is yaml.ScalarEvent and event.value == _MERGE and event.implicit[0] is True


def _merged(value: Any, line: int) -> dict[str, Any]:
    """What a `<<` brings: of several mappings the first one wins."""
    some = value if isinstance(value, list) else [value]
    if not all(isinstance(one, dict) for one in some):
        raise UnreadableFileError(line, "<< needs a mapping, or a list of mappings")
    return {key: item for one in reversed(some) for key, item in one.items()}


def _tagged(event: Any) -> Any:
    """The value of a scalar with a tag; other tools put values in for tags of their own."""
    tag, text = event.tag.removeprefix(_YAML), event.value
    if tag == "str":
        return scalars.filled(text)
    if tag == event.tag:
        return UNKNOWN
    if tag == "binary":
        return _decoded(event)
    value = text if tag == "timestamp" else scalars.plain(text)
    if tag == "float" and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, _TYPES.get(tag, ())):
        raise UnreadableFileError(_line(event), f"{text!r} cannot be read as !!{tag}")
    return value


def _decoded(event: Any) -> str:
    try:
        return base64.b64decode("".join(event.value.split()), validate=True).decode(errors="replace")
    except ValueError:
        raise UnreadableFileError(_line(event), "this is no base64, as !!binary needs it") from None
