"""The objects of a JSON text, with the lines at which they and the items of a List begin."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any, Final

from istio_ingress.check import scalars
from istio_ingress.check.documents import DEEPEST, Document, Repeated

_SPACE: Final = re.compile(r"[ \t\r\n]*")


def read(text: str) -> Iterator[Document]:
    """The objects of a text, one behind the other.

    Raises:
        ValueError: the text is not JSON, or it is nested deeper than any object.
    """
    reader = _Reader(text)
    try:
        while reader.skip() < len(text):
            yield reader.document()
    except RecursionError:
        raise ValueError("it is nested too deep") from None


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._line, self._counted = 1, 0
        self._doubled: list[str] = []
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=_refused)

    def skip(self) -> int:
        """Where the next thing begins that is no space."""
        self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches nothing, too
        return self._at

    def document(self) -> Document:
        """The object that begins here; its `items` are read one by one, to know their lines."""
        found = Document({}, self._line_here())
        self._expect("{")
        while not self._is("}"):
            if found.value:
                self._expect(",")
            key = self._value(found, ())
            if not isinstance(key, str):
                raise ValueError(f"line {self._line_here()}: a key is text")
            self._expect(":")
            if key in found.value:
                found.repeated.append(Repeated((key,), self._line_here()))
            found.value[key] = self._items(found) if key == "items" and self._is("[") else self._value(found, ())
        self._expect("}")
        return found

    def _items(self, found: Document) -> list[Any]:
        items: list[Any] = []
        self._expect("[")
        while not self._is("]"):
            if items:
                self._expect(",")
            self.skip()
            found.items.append(self._line_here())
            items.append(self._value(found, ("items", len(items))))
        self._expect("]")
        return items

    def _value(self, found: Document, path: tuple[str | int, ...]) -> Any:
        self.skip()
        line = self._line_here()
        value, self._at = self._decoder.raw_decode(self._text, self._at)
        found.repeated += [Repeated((*path, key), line) for key in self._doubled]
        self._doubled.clear()
        return _filled(value, 0)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            self._doubled += [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
        return found

    def _is(self, mark: str) -> bool:
        return self._text.startswith(mark, self.skip())

    def _expect(self, mark: str) -> None:
        if not self._is(mark):
            raise ValueError(f"line {self._line_here()}: {mark} is missing")
        self._at += 1

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line


def _refused(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _filled(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(value, dict):
        # Interned, or each object would have keys of its own.
        return {sys.intern(key): _filled(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, depth + 1) for item in value]
    return scalars.filled(value)
