"""A refusal: one sentence that says which argument is wrong, and what would be right."""

import re
from collections.abc import Iterable
from typing import NamedTuple, NoReturn

import pulumi


class Words(str):
    """Words that a refusal shows as they are, where a value stands in quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Complaint(NamedTuple):
    """A field whose value cannot stand beside the others, and what could."""

    field: str
    value: object
    wanted: str

    def under(self, parent: str) -> "Complaint":
        """The same about a field of `parent`."""
        return self._replace(field=f"{parent}.{self.field}")


def refuse(component: str, name: str, field: str, value: object, wanted: str) -> NoReturn:
    """End the program with the sentence that says which argument is wrong, and what would be right.

    `RunError` reaches the person at the command line without a traceback.
    """
    raise pulumi.RunError(f'{component} "{name}": {field} is {_shown(value)}, but must be {wanted}.')


NOT_SHOWN = Words("(not shown)")
_KINDS = ("[A-Z]", "[a-z]", "[0-9]")


def _shown(value: object) -> str:
    """A value in one line of a sentence, without the key that may stand in it."""
    if value is None:
        return "missing"
    shown = re.sub(" at 0x[0-9a-f]+", "", " ".join(repr(value).splitlines()))
    if _holds_key(shown):
        return str(NOT_SHOWN)
    return shown if len(shown) <= 120 else f"{shown[:117]}..."


def _holds_key(text: str) -> bool:
    """Whether a key may stand in it, in PEM or in base64: a long run of letters of both kinds and digits."""
    runs = re.findall(r"[A-Za-z0-9+/=_-]{32,}", text)
    return "PRIVATE KEY" in text or any(all(re.search(kind, run) for kind in _KINDS) for run in runs)


def refuse_first(component: str, name: str, complaints: Iterable[Complaint]) -> None:
    """End the program with the first complaint, if there is one."""
    for complaint in complaints:
        refuse(component, name, *complaint)
