"""Requests of every kind through the gateway: methods, headers, addresses that do not match their host."""

from __future__ import annotations

import base64
import os
import socket
import ssl
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # httpx would read all authorities of the machine for every client


@dataclass(frozen=True)
class Edge:
    """A gateway's address and one of its ports."""

    host: str
    port: int

    def ask(
        self, host: str, path: str, method: str = "GET", headers: Mapping[str, str] | None = None, seconds: float = 10
    ) -> httpx.Response:
        """One plain request on a connection of its own; redirects are not followed."""
        with httpx.Client(timeout=seconds, verify=_NO_TLS) as client:
            return client.request(
                method, f"http://{self.host}:{self.port}{path}", headers={**(headers or {}), "host": host}
            )

    def connect(self) -> socket.socket:
        """A connection, for what is no HTTP request."""
        return socket.create_connection((self.host, self.port), timeout=10)


def echo_over_websocket(edge: Edge, host: str, path: str, text: str) -> str:
    """What a server sends back for one message (RFC 6455), or the status line where it does not upgrade."""
    with edge.connect() as connection, connection.makefile("rb") as answers:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {host}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        status = answers.readline().decode().strip()
        if " 101 " not in status:
            return status
        while answers.readline().strip():
            pass
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(text.encode()))
        connection.sendall(struct.pack("!BB", 0x81, 0x80 | len(masked)) + mask + masked)
        _, length = struct.unpack("!BB", answers.read(2))
        return answers.read(length).decode()
