"""Whether an expression can be CEL at all: values and operators in turn, and every bracket closed.

It tells only what CEL's parser refuses without doubt; what an expression means is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<text>
        [bB]?[rR](?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*')
      | [bB]?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    )
  | (?P<number>0x[0-9a-fA-F]+[uU]?|[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+(?:[eE][+-]?[0-9]+|[uU])?)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*|`[^`\n]*`)
  | (?P<operator>==|!=|<=|>=|&&|\|\||[<>+*/%?:])
  | (?P<mark>[-!.,()\[\]{}])
    """,
    re.VERBOSE | re.DOTALL,
)
_CLOSES = {")": "(", "]": "[", "}": "{"}
_OPENS_OR_PARTS = ("(", "[", "{", ",")
#: Signs, a name from the root, and what may be missing.
_BEFORE_VALUES = ("-", "!", ".", "?")


class _SyntaxError(ValueError):
    pass


@lru_cache(maxsize=1024)
def fault(text: str) -> str:
    """Why CEL's parser refuses an expression; empty where it may take it."""
    try:
        _read(text)
    except _SyntaxError as error:
        return str(error)
    return ""


def _read(text: str) -> None:
    opened: list[str] = []
    before, wants = "", True  # the word before; whether a value may begin here
    for kind, word in _words(text):
        if kind in ("text", "number", "name") and word != "in":
            if not wants:
                raise _SyntaxError(f"there is no operator before {word}")
            wants = False
        elif word in _CLOSES:
            if not opened or opened.pop() != _CLOSES[word]:
                raise _SyntaxError(f"{word} closes nothing")
            if wants and before not in _OPENS_OR_PARTS:
                raise _SyntaxError(f"a value is missing before {word}")
            wants = False
        elif word in _CLOSES.values():
            opened.append(word)  # a group, a list or a map, or else a call, an index or the fields of a message
            wants = True
        elif wants and word not in _BEFORE_VALUES:
            raise _SyntaxError(f"a value is missing before {word}")
        elif not wants and (word == "!" or (word == "," and not opened)):
            raise _SyntaxError(f"{word} has no meaning here")
        else:
            wants = True
        before = word
    if opened:
        raise _SyntaxError(f"{opened[-1]} is not closed")
    if wants:
        raise _SyntaxError(f"a value is missing behind {before}" if before else "it is empty")


def _words(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _SyntaxError("a text is not closed" if text[at] in "'\"" else f"{text[at]} has no meaning here")
        if match.lastgroup and match.lastgroup != "space":
            yield match.lastgroup, match[0]
        at = match.end()
