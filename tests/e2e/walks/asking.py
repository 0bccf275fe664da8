"""Requests sent as they are written, each on a connection of its own, and what came back."""

from __future__ import annotations

import socket
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from istio_ingress.walk import Request
from tests.unit.certificates import Pair

_SECONDS = 5.0


@dataclass(frozen=True)
class Seen:
    """One answer."""

    status: int = 0
    headers: Mapping[str, list[str]] = field(default_factory=dict)
    refused: str = ""
    """Why there is none."""

    def header(self, name: str) -> str | None:
        """The values of a header, joined; None without it."""
        values = self.headers.get(name)
        return ",".join(values) if values else None

    @property
    def echo_port(self) -> int:
        """The port of nginx; 0 where no pod answered."""
        return int(self.header("x-echo-port") or 0)


class Client:
    """Sends to a gateway's host and ports, whatever names stand in the requests."""

    def __init__(self, host: str, ports: Mapping[int, int]) -> None:
        self._host, self._ports = host, ports

    def send(self, request: Request, identity: Pair | None = None) -> Seen:
        """Send it once."""
        try:
            with socket.create_connection((self._host, self._ports[request.port]), _SECONDS) as plain:
                if request.scheme == "http":
                    return _exchanged(plain, request)
                with _context(identity).wrap_socket(plain, server_hostname=request.sni or None) as secure:
                    return _exchanged(secure, request)
        except (OSError, ssl.SSLError) as error:
            return Seen(refused=f"{type(error).__name__}: {error}")


def _context(identity: Pair | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    if identity:
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "client.pem"
            file.write_text(identity.certificate + identity.key)
            context.load_cert_chain(file)
    return context


def _exchanged(connection: socket.socket, request: Request) -> Seen:
    lines = [f"{request.method} {request.path} HTTP/1.1"]
    lines += [f"Host: {request.host}"] if request.host is not None else []
    lines += [f"{name}: {value}" for name, value in request.headers]
    connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1"))
    received = b""
    while b"\r\n\r\n" not in received:
        some = connection.recv(65536)
        if not some:
            break
        received += some
    if not received.startswith(b"HTTP/"):
        return Seen(refused="closed without an answer")
    first, *rest = received.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    headers: dict[str, list[str]] = {}
    for line in rest:
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), []).append(value.strip())
    return Seen(int(first.split()[1]), headers)
