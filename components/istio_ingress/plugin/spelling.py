"""Names as other languages spell them: `leaf_generation` is their `leafGeneration`."""

import re
from collections.abc import Iterable


def camel(name: str) -> str:
    """A field's name there."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def member(name: str) -> str:
    """The name of an Enum's member there: `EcdsaP256` for `ECDSA_P256`, `Tls1_2` for `TLS_1_2`."""
    return re.sub(r"(?<!\d)_|_(?!\d)", "", "_".join(part.capitalize() for part in name.split("_")))


class Spelling:
    """A text with our names of fields, told with theirs."""

    def __init__(self, fields: Iterable[str]) -> None:
        """Take the names of all fields."""
        self._fields = frozenset(field for field in fields if "_" in field)

    def respell(self, text: str) -> str:
        """The same text for those who write `leafGeneration`."""
        return re.sub(r"\b[a-z]\w*_\w+\b", lambda found: self._word(found[0]), text)

    def _word(self, word: str) -> str:
        return camel(word) if word in self._fields else word
