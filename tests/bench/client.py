"""A client that costs little: plain sockets, TLS 1.3 over X25519, every connection a full handshake."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection

TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class Site:
    """A host and where it is found."""

    host: str
    address: str
    port: int


def trusting(ca: str) -> ssl.SSLContext:
    """A client's settings: this authority (PEM) and no other, the host's name is checked."""
    context = ssl.create_default_context(cadata=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_ecdh_curve("X25519")
    return context


def connect(site: Site, context: ssl.SSLContext) -> ssl.SSLSocket:
    """A new connection after its handshake.

    Raises:
        OSError: it failed; ssl's errors are among them.
    """
    connection = socket.create_connection((site.address, site.port), timeout=TIMEOUT_SECONDS)
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return context.wrap_socket(connection, server_hostname=site.host)
    except OSError:
        connection.close()
        raise


def leave(tls: ssl.SSLSocket) -> None:
    """Say goodbye and let the server close: whoever closes first keeps the port for a minute, and ports run out."""
    with suppress(OSError):
        tls.unwrap()
    tls.close()


def speak_http(tls: ssl.SSLSocket, site: Site) -> HTTPConnection:
    """HTTP/1.1 on this connection."""
    http = HTTPConnection(site.host)
    http.sock = tls
    return http


def status(http: HTTPConnection, path: str) -> int:
    """What a GET answers; the connection is kept."""
    http.request("GET", path)
    response = http.getresponse()
    response.read()
    return response.status
