"""A request, as a client sends it to the gateway."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from istio_ingress.rules.http import TOKEN

_PORTS = {"http": 80, "https": 443}
_TOKEN = re.compile(TOKEN)
_HOST = re.compile(r"\[[0-9a-fA-F:.]+\]|[^\s/\\?#@:\[\]]+")


class ClientCertificate(Enum):
    """What a client shows where the gateway asks for a certificate."""

    NONE = "none"
    TRUSTED = "trusted"
    """One of the CA that the gateway verifies clients with, in date and not revoked."""
    UNTRUSTED = "untrusted"


class RequestError(ValueError):
    """No request can be made of this."""


@dataclass(frozen=True)
class Request:
    """What is sent, and nothing else: a header that is not named is not there."""

    scheme: str
    """`http`, or `https` for TLS."""
    port: int
    """Of the gateway's Service."""
    host: str | None
    """The value of the header Host (HTTP/2: `:authority`), with its port if it has one; None without the header."""
    path: str
    """As it stands in the request line, with the query."""
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case, in the order sent; one name may come several times. Host is not among them."""
    sni: str = ""
    """The server name of the TLS handshake; empty for none."""
    client_certificate: ClientCertificate | str = ClientCertificate.NONE
    """Or its PEM, which is then verified by the CA in the gateway's Secret."""

    @classmethod
    def of(
        cls,
        url: str,
        method: str = "GET",
        headers: Sequence[tuple[str, str | None]] = (),
        sni: str | None = None,
        client_certificate: ClientCertificate | str = ClientCertificate.NONE,
    ) -> Request:
        """The request that a URL means.

        Args:
            url: `http://` or `https://`, host, port if it is not the scheme's own, path and query; a fragment stays
                with the client.
            method: As sent; case matters.
            headers: Name and value of each. `Host` replaces the URL's; with None there is none.
            sni: Another server name than the URL's host; empty for none.
            client_certificate: What the client shows when it is asked.

        Raises:
            RequestError: a URL, a header or a method cannot be sent.
        """
        scheme, name, port, path = _parts(url)
        if not _TOKEN.fullmatch(method):
            raise RequestError(f"the method {method!r} cannot be sent; one is a word, such as GET")
        standard = port == _PORTS[scheme]
        host: str | None = name if standard else f"{name}:{port}"
        sent: list[tuple[str, str]] = []
        for header, value in headers:
            if not _TOKEN.fullmatch(header) or (value and re.search(r"[\r\n\0]", value)):
                raise RequestError(f"the header {header!r} cannot be sent; write it as 'name: value'")
            if header.lower() == "host":
                host = value.strip() if value is not None else None
            elif value is not None:
                sent.append((header.lower(), value.strip()))
        server_name = "" if scheme == "http" or _is_address(name) else name.removesuffix(".")
        shown = server_name if sni is None else sni
        return cls(scheme, port, host, path, method, tuple(sent), shown.lower(), client_certificate)

    @property
    def authority(self) -> str:
        """The Host, which may be empty."""
        return self.host or ""

    @property
    def domain(self) -> str:
        """The host by which Envoy looks for a virtual host: in lower case, without a port."""
        return re.sub(r":[^:\]]*$", "", self.authority.lower())

    def values(self, name: str) -> list[str]:
        """What is sent in a header, one value a line; the pseudo headers of HTTP/2 are known too."""
        own = {":authority": self.authority, "host": self.authority, ":method": self.method, ":scheme": self.scheme}
        own |= {":path": self.path, "x-forwarded-proto": self.scheme}
        wanted = name.lower()
        return [own[wanted]] if wanted in own else [value for header, value in self.headers if header == wanted]

    def __str__(self) -> str:
        return f"{self.method} {self.scheme}://{self.authority}{self.path}"


def _parts(url: str) -> tuple[str, str, int, str]:
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        raise RequestError(f"{url!r} is no URL; https://shop.example/cart is one") from None
    scheme = split.scheme.lower()
    name = split.netloc.rpartition("@")[2]
    name = re.sub(r":\d*$", "", name)
    if scheme not in _PORTS or not _HOST.fullmatch(name) or re.search(r"[\x00-\x20\x7f]", url):
        raise RequestError(f"{url!r} is no URL of a gateway; https://shop.example/cart is one")
    after = url.split("://", 1)[1][len(split.netloc) :].partition("#")[0]
    path = after if after.startswith("/") else f"/{after}"
    return scheme, name, _PORTS[scheme] if port is None else port, path


def _is_address(name: str) -> bool:
    return name.startswith("[") or re.fullmatch(r"[\d.]+", name) is not None
