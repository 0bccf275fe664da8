"""What a word without quotes is to kubectl: YAML 1.1 as go.yaml.in/yaml/v2 reads it (resolve.go), then JSON."""

from __future__ import annotations

import math
import re

from istio_ingress.rules.values import UNKNOWN

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_WHOLE = re.compile(r"[-+]?(?:0[xX](?P<x>[0-9a-fA-F]+)|0[bB](?P<b>[01]+)|0[oO]?(?P<o>[0-7]+)|(?P<d>0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
#: What envsubst (`${HOST}`, `$HOST`), Kustomize (`$(HOST)`), templates (`{{ .host }}`), Argo CD's Vault plugin
#: (`<path:team/shop#host>`), SOPS (`ENC[AES256_GCM,data:…]`) and sed (`__HOST__`) put values in for.
_FILLED_BY_TOOLS = (
    r"\$\{[^}]*\}|\$\([A-Za-z_][\w.-]*\)|\$[A-Z][A-Z0-9_]*|\{\{.*\}\}|<path:[^>]*>|ENC\[AES256_GCM,|__[A-Z][A-Z0-9_]*__"
)
#: What documentation leaves to its readers: `<your-domain>`, `YOUR_DOMAIN`, `REPLACE_ME`, `LS0tLS1CRUdJTi...`. A group
#: of a regular expression, `(?P<name>…)`, is none, and what a template of Go writes for what is not there is a mistake.
_FILLED_BY_HAND = (
    r"(?<![P?])<(?!no value>|nil>|none>)[A-Za-z_][\w .:/-]*>"
    r"|(?<![A-Z0-9_])(?:YOUR|REPLACE|CHANGE|FILL)_[A-Z][A-Z0-9_]*"
    r"|[^.](?:\.\.\.|…)\s*\Z"
)
_PLACEHOLDER = re.compile(f"{_FILLED_BY_TOOLS}|{_FILLED_BY_HAND}", re.DOTALL)
_NO_NUMBERS = {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}
_BASES = {"x": 16, "b": 2, "o": 8, "d": 10}
_LONGEST = 100  # Python reads no whole number of some thousand digits, and none so long is within these
_LEAST, _LARGEST = -(2**63), 2**64 - 1  # beyond them a whole number becomes a float


def plain(text: str) -> str | int | float | bool | None:
    """The value of a scalar that has neither quotes nor a tag: `no` is False, `1e3` a number, a date is text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    digits = text.replace("_", "")
    whole = _WHOLE.fullmatch(digits)
    if whole and whole.lastgroup and len(digits) <= _LONGEST:
        number = int(whole[whole.lastgroup], _BASES[whole.lastgroup]) * (-1 if digits[0] == "-" else 1)
        if _LEAST <= number <= _LARGEST:
            return number
    decimal = float(digits) if _FLOAT.fullmatch(digits) else math.inf
    return decimal if math.isfinite(decimal) else text


def filled(value: object) -> object:
    """A value, or UNKNOWN for text that something else has yet to put values into."""
    return UNKNOWN if isinstance(value, str) and _PLACEHOLDER.search(value) else value


def key(value: object) -> str | None:
    """The name of a field, as JSON has it; None where JSON can have no such name."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}" if math.isfinite(value) else _NO_NUMBERS[str(value)]
    return str(value) if isinstance(value, int) else None
