"""Regular expressions as Istio reads them: RE2's syntax, which knows no lookaheads and no backreferences."""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST = 1024
_REPEATS = 1000
_NAME = re.compile(r"\?P?<([A-Za-z0-9_]+)>")
_FLAGS = re.compile(r"\?(?:[imsU]*|[imsU]*-[imsU]+)(?=[:)])")
_COUNT = re.compile(r"\{(\d+)(,(\d*))?\}")
_CLASS_ESCAPE = re.compile(r"\\(?:[dDsSwW]|[pP](?:\{\^?[A-Za-z_]+\}|[LMNPSZC]))")
_RUNE = re.compile(r"\\(?:x\{[0-9A-Fa-f]{1,8}\}|x[0-9A-Fa-f]{2}|0[0-7]{0,2}|[1-7][0-7]{1,2}|[afnrtv]|[!-/:-@\[-`{-~])")
_OUTSIDE = re.compile(r"\\[AbBz]")
_POSIX = re.compile(r"\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]")
_CONTROLS = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}


class _SyntaxError(ValueError):
    pass


@lru_cache(maxsize=4096)
def fault(text: str) -> str:
    """Why Istio refuses a regular expression; empty when it takes it."""
    if len(text.encode()) > LONGEST:
        return f"it has more than {LONGEST} bytes"
    try:
        _Parser(text).parse()
    except _SyntaxError as error:
        return str(error)
    return ""


class _Parser:
    """Walks an expression once, and keeps for each open group how often its contents are repeated."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.names: set[str] = set()
        self.groups: list[int] = [1]
        """For each group the largest count of repetitions inside."""
        self.last = 0
        """The same of what a repetition would repeat; 0 where there is nothing to repeat."""
        self.repeated = False

    def parse(self) -> None:
        while self.at < len(self.text):
            self._step(self.text[self.at])
        if len(self.groups) > 1:
            raise _SyntaxError("a ( has no )")

    def _step(self, char: str) -> None:
        if char in "*+?":
            self._repeat(self.at + 1, 1)
        elif char == "{" and (count := _COUNT.match(self.text, self.at)):
            self._count(count)
        elif char == "(":
            self._open()
        elif char == ")":
            self._close()
        elif char == "|":
            self.at, self.last, self.repeated = self.at + 1, 0, False
        elif char == "[":
            self._class()
        elif char == "\\":
            self._escape()
        else:
            self._thing(self.at + 1)

    def _thing(self, end: int, times: int = 1) -> None:
        self.at, self.last, self.repeated = end, times, False
        self.groups[-1] = max(self.groups[-1], times)

    def _repeat(self, end: int, times: int) -> None:
        if not self.last:
            raise _SyntaxError(f"nothing stands before {self.text[self.at : end]}")
        if self.repeated:
            raise _SyntaxError(f"{self.text[self.at : end]} repeats a repetition")
        if times >= 2 and self.last * times > _REPEATS:
            raise _SyntaxError(f"something is repeated more than {_REPEATS} times")
        end += self.text[end : end + 1] == "?"
        self._thing(end, self.last * max(times, 1))
        self.repeated = True

    def _count(self, count: re.Match[str]) -> None:
        least = int(count[1])
        most = least if count[2] is None else int(count[3]) if count[3] else None
        if least > _REPEATS or (most is not None and (most > _REPEATS or most < least)):
            raise _SyntaxError(f"{count[0]} is no count: at most {_REPEATS}, the smaller first")
        self._repeat(count.end(), least if most is None else most)

    def _open(self) -> None:
        start = self.at + 1
        if self.text[start : start + 1] == "?":
            name, flags = _NAME.match(self.text, start), _FLAGS.match(self.text, start)
            if name:
                if name[1] in self.names:
                    raise _SyntaxError(f"two groups are called {name[1]}")
                self.names.add(name[1])
                start = name.end()
            elif flags:
                start = flags.end() + 1
                if self.text[flags.end()] == ")":
                    self.at, self.last, self.repeated = start, self.last, self.repeated
                    return
            else:
                raise _SyntaxError(f"{self.text[self.at : self.at + 4]} is none of RE2's groups: it has no lookaround")
        self.at, self.last, self.repeated = start, 0, False
        self.groups.append(1)

    def _close(self) -> None:
        if len(self.groups) == 1:
            raise _SyntaxError("a ) has no (")
        self._thing(self.at + 1, self.groups.pop())

    def _escape(self) -> None:
        if self.text.startswith("\\Q", self.at):
            end = self.text.find("\\E", self.at)
            if end != self.at + 2:
                self._thing(self.at)
            self.at = len(self.text) if end < 0 else end + 2
            return
        found = next(filter(None, (kind.match(self.text, self.at) for kind in (_CLASS_ESCAPE, _RUNE, _OUTSIDE))), None)
        if not found:
            raise _SyntaxError(f"{self.text[self.at : self.at + 2]} is none of RE2's escapes")
        self._thing(found.end())

    def _class(self) -> None:
        start = self.at
        self.at += 2 if self.text.startswith("[^", start) else 1
        first = True
        while first or self.text[self.at : self.at + 1] != "]":
            first = False
            named = _POSIX.match(self.text, self.at) or _CLASS_ESCAPE.match(self.text, self.at)
            if named:
                self.at = named.end()
            elif self.text.startswith("[:", self.at) and ":]" in self.text[self.at + 2 :]:
                raise _SyntaxError(f"{self.text[self.at :].partition(']')[0]}] is no class of characters")
            else:
                self._range(start)
        self._thing(self.at + 1)

    def _range(self, start: int) -> None:
        low = self._rune(start)
        if self.text[self.at : self.at + 1] == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
            self.at += 1
            if self._rune(start) < low:
                raise _SyntaxError(f"{self.text[start : self.at]} has a range that runs backwards")

    def _rune(self, start: int) -> int:
        if self.at >= len(self.text):
            raise _SyntaxError(f"{self.text[start : start + 10]} has no ]")
        if self.text[self.at] != "\\":
            self.at += 1
            return ord(self.text[self.at - 1])
        found = _RUNE.match(self.text, self.at)
        if not found:
            raise _SyntaxError(f"{self.text[self.at : self.at + 2]} is none of RE2's escapes")
        self.at = found.end()
        return _code(found[0][1:])


def _code(escape: str) -> int:
    if escape.startswith("x"):
        return int(escape[1:].strip("{}"), 16)
    if escape.isdigit():
        return int(escape, 8)
    return _CONTROLS.get(escape, ord(escape))
