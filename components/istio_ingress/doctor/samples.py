"""A harmless request that a match of a VirtualService takes: GET, or HEAD where only that is taken."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import quote

from istio_ingress.rules.patterns import Pattern
from istio_ingress.rules.values import MalformedError, Node, UnknownValueError
from istio_ingress.walk import NotKnownError, Request, RequestError

#: What every request has, so that a person who reads the backend's log sees who asked.
HEADERS: Mapping[str, str] = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "istio-ingress-doctor"}
_HARMLESS = ("GET", "HEAD")
_ANY = "doctor"
_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]|()]")


def request_for(name: str, port: int, secure: bool, matches: Sequence[Node]) -> Request | None:
    """A request for a host that the first of these matches takes for which there is a harmless one.

    Args:
        name: Of the host.
        port: Of the gateway's Service.
        secure: Whether it is sent over TLS.
        matches: HTTPMatchRequests of which one is enough; none take everything.

    Returns:
        None where no harmless request is known: for POST only, for a header that only a token has, for a regular
        expression of which no example is found.
    """
    for match in matches or [Node({}, "")]:
        with suppress(NotKnownError, UnknownValueError, MalformedError, RequestError):
            return _request(name, port, secure, match)
    return None


def _request(name: str, port: int, secure: bool, match: Node) -> Request:
    scheme = "https" if secure else "http"
    method = next((one for one in _HARMLESS if _takes(match, "method", one)), "")
    if not method or not _takes(match, "scheme", scheme):
        raise NotKnownError("no harmless request")
    headers = dict(HEADERS)
    for header in match.node("headers").value:
        if header.startswith("@"):
            raise NotKnownError(f"{header} is what a token says")
        headers[header.lower()] = example(Pattern.of(match.node("headers").node(header)))
    path = example(Pattern.of(match.node("uri"))) if "uri" in match else "/"
    query = [
        f"{quote(key)}={quote(example(Pattern.of(match.node('queryParams').node(key))))}"
        for key in match.node("queryParams").value
    ]
    authority = example(Pattern.of(match.node("authority"))) if "authority" in match else ""
    told = [("Host", authority)] if authority and authority != name else []
    asked = path + ("?" + "&".join(query) if query else "")
    url = f"{scheme}://{name}:{port}{quote(asked, safe=_SAFE)}"
    return Request.of(url, method, [*headers.items(), *told])


_SAFE = "/?&=%:@!$'()*+,;~-._[]"


def example(pattern: Pattern) -> str:
    """A text that a StringMatch takes.

    Raises:
        NotKnownError: none is found for its regular expression.
    """
    if pattern.asks_presence:
        return _ANY
    if pattern.kind != "regex":
        return pattern.value
    for text in _guesses(pattern.value):
        if pattern.takes(text):
            return text
    raise NotKnownError(f"no example of {pattern} is found")


def _guesses(expression: str) -> list[str]:
    """Its letters up to the first that means something, and some that often follow."""
    plain = re.sub(r"^(\(\?[a-z]+\))?\^?", "", expression)
    start = _SPECIAL.split(plain.replace(r"\.", "\0").replace(r"\-", "-"))[0].replace("\0", ".")
    first = re.sub(r"[()?^$]|\|.*", "", plain).replace(r"\.", ".")  # the first of its alternatives
    return [start, f"{start}1", f"{start}a", f"{start}/a", f"{start}/", f"{start}/1", first, "/", "/a", "1", _ANY]


def _takes(match: Node, field: str, sent: str) -> bool:
    pattern = Pattern.of(match.node(field))
    return field not in match or pattern.asks_presence or pattern.takes(sent)
