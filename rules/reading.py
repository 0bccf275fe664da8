"""Manifests from YAML or JSON text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from rules.values import UNKNOWN, Manifest

#: What envsubst and its like put a value in for: until then it is not known.
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|\$[A-Z][A-Z0-9_]*")
_NO_JSON = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")


class UnreadableFileError(ValueError):
    """Text that holds no manifests."""


class _Loader(yaml.SafeLoader):
    """YAML as Kubernetes reads it: dates are strings."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _NO_JSON]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def manifests(text: str, origin: str) -> list[Manifest]:
    """The manifests in the text of a file, with the file and line of each."""
    found = []
    for line, document in _documents(text):
        if document is None:
            continue
        if isinstance(document, list) and all(isinstance(item, dict) for item in document):
            entries = document
        elif isinstance(document, dict):
            entries = [document]
        else:
            raise UnreadableFileError(f"line {line}: a manifest is a mapping, and this is {type(document).__name__}")
        try:
            found += [Manifest(_unfilled(entry), f"{origin}:{line}") for entry in entries]
        except RecursionError:
            raise UnreadableFileError(f"line {line}: this holds itself") from None
    return found


def _documents(text: str) -> Iterator[tuple[int, Any]]:
    if text.lstrip().startswith("{"):
        try:
            yield 1, json.loads(text)
            return
        except (ValueError, RecursionError):
            pass  # YAML can begin with a brace too
    try:
        loader = _Loader(text)
        while loader.check_node():
            node = loader.get_node()
            yield (node.start_mark.line + 1, loader.construct_document(node)) if node else (1, None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}: " if mark else ""
        raise UnreadableFileError(f"{place}{error.problem or error.context}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise UnreadableFileError(f"it is not YAML: {' '.join(str(error).split())[:120]}") from None


def _unfilled(value: Any) -> Any:
    if isinstance(value, str):
        return UNKNOWN if _PLACEHOLDER.search(value) else value
    if isinstance(value, dict):
        return {str(key): _unfilled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unfilled(item) for item in value]
    return value
