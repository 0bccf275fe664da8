"""Manifests from the bytes of a file."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from istio_ingress.check import documents, json_documents
from istio_ingress.check.documents import Document, UnreadableFileError
from istio_ingress.rules.values import Manifest

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: What may stand where a manifest should; a boolean is a number to Python.
_SHAPES = ((str, "text"), (bool, "true or false"), (int | float, "a number"), (list, "a list"))
_Path = tuple[str | int, ...]
#: How Go and Helm, Jinja and Terraform begin what they fill in.
_TEMPLATE = re.compile(r"\{\{|\{%|%\{")


def text_of(data: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 where it begins with a byte order mark.

    Raises:
        UnreadableFileError: it is neither.
    """
    try:
        return data.decode("utf-16" if data.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableFileError(line, "it is not UTF-8 text") from None


def manifests(text: str, origin: str) -> list[Manifest]:
    """The manifests in the text of a file, those of a List one by one, with the file and line of each.

    Raises:
        UnreadableFileError: the text holds none, or kubectl would not read it.
    """
    try:
        return [manifest for document in _documents(text) for manifest in _manifests(document, origin)]
    except UnreadableFileError:
        if template := _TEMPLATE.search(text):
            line = text.count("\n", 0, template.start()) + 1
            sentence = "this is a template and no YAML yet; render it first, as `helm template` does"
            raise UnreadableFileError(line, sentence) from None
        raise


def _documents(text: str) -> Iterator[Document]:
    if text.lstrip().startswith("{"):
        with suppress(ValueError):  # YAML can begin with a brace, too
            return iter(list(json_documents.read(text)))
    return documents.read(text)


def _manifests(document: Document, origin: str) -> Iterator[Manifest]:
    for value, line, path in _objects(document):
        if not isinstance(value, dict):
            raise UnreadableFileError(line, f"a manifest is a mapping, and this is {_shape(value)}")
        repeated = [(_written(one.path[len(path) :]), one.line) for one in document.repeated if _is_in(path, one.path)]
        yield Manifest(value, f"{origin}:{line}", repeated=repeated)


def _objects(document: Document) -> Iterator[tuple[Any, int, _Path]]:
    """The objects of a document, each with its line and the way to it."""
    value = document.value
    if isinstance(value, list):
        yield from ((item, line, (number,)) for number, (item, line) in enumerate(_with_lines(value, document)))
    elif _is_list(value):
        typed = _typed(value)
        for number, (item, line) in enumerate(_with_lines(value["items"], document)):
            yield {**typed, **item} if isinstance(item, dict) else item, line, ("items", number)
    elif value is not None:
        yield value, document.line, ()


def _with_lines(items: list[Any], document: Document) -> Iterator[tuple[Any, int]]:
    """Those that an alias stands for have only the line of the document."""
    known = document.items if len(document.items) == len(items) else [document.line] * len(items)
    return zip(items, known, strict=True)


def _is_list(value: Any) -> bool:
    return isinstance(value, dict) and str(value.get("kind")).endswith("List") and isinstance(value.get("items"), list)


def _typed(listed: dict[str, Any]) -> dict[str, Any]:
    """What the items of a `ServiceList` leave out, because the list says it."""
    kind = listed["kind"].removesuffix("List")
    return {"apiVersion": listed.get("apiVersion"), "kind": kind} if kind else {}


def _is_in(path: _Path, other: _Path) -> bool:
    return other[: len(path)] == path


def _written(path: _Path) -> str:
    """As the rules write a path: `spec.servers[0].tls`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _shape(value: object) -> str:
    return next((word for kind, word in _SHAPES if isinstance(value, kind)), "nothing")
