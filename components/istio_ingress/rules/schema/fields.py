"""Reading an object of the shape its CRD asks for: absent is zero, as in Go; unknown is None, and never judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from istio_ingress.rules.values import UNKNOWN

# The usual types first, which is much faster.
MAPPINGS = (dict, Mapping)
LISTS = (list, tuple, Sequence)


class Fields:
    """A mapping inside an object, and where it stands."""

    __slots__ = ("path", "value")

    def __init__(self, value: Mapping[str, Any], path: str) -> None:
        self.value, self.path = value, path

    def __contains__(self, key: str) -> bool:
        """Whether a field is set; an unknown one is."""
        return self.value.get(key) is not None

    def at(self, key: str) -> str:
        """The path of a field."""
        return f"{self.path}.{key}"

    def any_of(self, *keys: str) -> list[str]:
        """Those fields that are set and not empty."""
        return [key for key in keys if self.value.get(key) not in (None, "", [], False)]

    def text(self, key: str) -> str | None:
        """A string."""
        value = self.value.get(key)
        return "" if value is None else value if isinstance(value, str) else None

    def number(self, key: str) -> float | None:
        """A number."""
        value = self.value.get(key)
        return 0 if value is None else value if isinstance(value, int | float) else None

    def flag(self, key: str) -> bool | None:
        """A boolean."""
        value = self.value.get(key)
        return False if value is None else value if isinstance(value, bool) else None

    def size(self, key: str) -> int | None:
        """How many items or fields a list or a mapping has."""
        value = self.value.get(key)
        return 0 if value is None else None if value is UNKNOWN else len(value)

    def part(self, key: str) -> Fields | None:
        """A mapping; None where it is absent as well."""
        value = self.value.get(key)
        if value is None or not isinstance(value, MAPPINGS):
            return None
        return Fields(value, f"{self.path}.{key}")

    def parts(self, key: str) -> list[Fields]:
        """The mappings of a list that are known."""
        value = self.value.get(key)
        if not value or value is UNKNOWN:
            return []
        path = f"{self.path}.{key}"
        return [Fields(one, f"{path}[{position}]") for position, one in enumerate(value) if isinstance(one, MAPPINGS)]

    def texts(self, key: str) -> Iterator[tuple[str, str]]:
        """The strings of a list that are known, each with its path."""
        value = self.value.get(key)
        if value is not None and isinstance(value, LISTS) and not isinstance(value, str):
            for position, one in enumerate(value):
                if isinstance(one, str):
                    yield one, f"{self.path}.{key}[{position}]"

    def items(self, key: str) -> Iterator[tuple[str, Any, str]]:
        """The fields of a mapping: name, value and path."""
        value = self.value.get(key)
        if value is not None and isinstance(value, MAPPINGS):
            for name, one in value.items():
                if one is not None:
                    yield name, one, f"{self.path}.{key}.{name}"
