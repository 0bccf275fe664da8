"""Settings as configuration files, command lines and JSON hold them: text, or what it stands for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress

#: What the names and values of a setting that is a mapping are.
_PAIRS = {
    "gateway_namespaces": "labels to namespace",
    "severities": "rule to error or warning",
    "waivers": "rule to reason",
}


class SettingError(ValueError):
    """A setting that makes no sense: one sentence that says what would be right."""

    def __init__(self, name: str, sentence: str) -> None:
        self.name = name
        super().__init__(sentence)

    def spelled(self, names: Mapping[str, str]) -> SettingError:
        """The same for a person who writes the setting's name as `names` has it."""
        if self.name not in names:
            return self
        sentence, name = str(self), names[self.name]
        rest = sentence.removeprefix(self.name)
        return SettingError(name, f"{name}: {sentence}" if rest == sentence else f"{name}{rest}")


def read(name: str, value: object, like: object) -> object:
    """The value of a setting, which must be of the type that its default, `like`, has.

    Raises:
        SettingError: it is of another.
    """
    if isinstance(like, bool):
        return _flag(name, value)
    if isinstance(like, int):
        return _whole(name, value)
    if isinstance(like, str):
        return _text(name, value)
    return _mapping(name, value)


def _flag(name: str, value: object) -> bool:
    flags = {"true": True, "false": False}
    if str(value).lower() not in flags:
        raise SettingError(name, f"{name} is {value!r}; it must be true or false")
    return flags[str(value).lower()]


def _whole(name: str, value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?[0-9]+\s*", value):
        return int(value)
    if isinstance(value, float) and value.is_integer():  # as Pulumi hands whole numbers on
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise SettingError(name, f"{name} is {value!r}; it must be a whole number")
    return value


def _text(name: str, value: object) -> str:
    if not isinstance(value, str | int | float):  # a release such as 1.29 looks like a number
        raise SettingError(name, f"{name} is {value!r}; it must be text")
    return str(value)


def _mapping(name: str, value: object) -> dict[str, str]:
    if isinstance(value, str):
        with suppress(ValueError):  # then it is none, as below
            value = json.loads(value)
    if not isinstance(value, Mapping) or not all(isinstance(one, str) for pair in value.items() for one in pair):
        raise SettingError(name, f"{name} is not a mapping from {_PAIRS[name]}")
    return dict(value)
