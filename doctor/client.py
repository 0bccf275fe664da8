"""One request, as curl would send it with --resolve, --cacert, --cert and --key."""

from __future__ import annotations

import os
import shlex
import socket
import ssl
from dataclasses import dataclass, field

import httpx

TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Target:
    """What to ask for, and where the address of its host is found."""

    url: str
    """Scheme, host as a client names it, port and path."""
    address: str
    """The ip or host name that is connected to instead of the URL's host."""


@dataclass(frozen=True)
class Identity:
    """A client certificate and its key (PEM)."""

    certificate: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What came back; where no HTTP answer did, `refused` says why in the words of TLS or the operating system."""

    status: int = 0
    protocol: str = ""
    body: str = ""
    location: str = ""
    certificate: bytes = field(default=b"", repr=False)
    """The server's certificate (DER)."""
    refused: str = ""


def send(
    target: Target,
    *,
    ca: str | None = None,
    identity: Identity | None = None,
    maximum_tls: ssl.TLSVersion | None = None,
    ciphers: str = "DEFAULT",
    http2: bool = True,
) -> Answer:
    """Send one GET, on a new connection.

    Args:
        target: what to ask for, and where.
        ca: the only certificate authorities to trust (PEM); needed for https.
        identity: the client certificate to show.
        maximum_tls: the newest TLS version to offer.
        ciphers: the cipher suites to offer for TLS up to 1.2, as OpenSSL writes them.
        http2: offer it. This library takes an answer that comes after GOAWAY for an error, though a server that is
            about to change its listener rightly sends both: whoever counts lost requests does without.
    """
    url = httpx.URL(target.url)
    context = _context(ca, identity, maximum_tls, ciphers)
    request_url = url.copy_with(host=target.address)
    headers = {"host": url.netloc.decode()}
    extensions = {"sni_hostname": url.host}
    try:
        with (
            httpx.Client(http2=http2, verify=context, trust_env=False, timeout=TIMEOUT_SECONDS) as client,
            client.stream("GET", request_url, headers=headers, extensions=extensions) as response,
        ):
            tls = response.extensions["network_stream"].get_extra_info("ssl_object")
            certificate = (tls.getpeercert(True) if tls else None) or b""
            body = response.read().decode(errors="replace")
            return Answer(
                response.status_code, response.http_version, body, response.headers.get("location", ""), certificate
            )
    except (httpx.TransportError, ssl.SSLError) as error:
        return Answer(refused=str(error) or type(error).__name__)


def shown_certificate(address: str, port: int, name: str) -> bytes:
    """The certificate (DER) that a server shows to whoever asks for `name`, whatever it is worth.

    A server that wants a client certificate says so only afterwards (TLS 1.3), so it shows its own here too.

    Raises:
        OSError: the connection or the handshake failed; ssl's errors are among them.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection((address, port), timeout=TIMEOUT_SECONDS) as connection,
        context.wrap_socket(connection, server_hostname=name) as tls,
    ):
        return tls.getpeercert(True) or b""


def curl(target: Target, *, ca_file: str = "", certificate_file: str = "", key_file: str = "") -> str:
    """The command line that sends the same request by hand."""
    url = httpx.URL(target.url)
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    words = ["curl", "-sS", "-i", "--noproxy", "*", "--resolve", f"{url.host}:{port}:{target.address}"]
    for option, file in (("--cacert", ca_file), ("--cert", certificate_file), ("--key", key_file)):
        words += [option, file] if file else []
    return shlex.join([*words, target.url])


def _context(
    ca: str | None, identity: Identity | None, maximum_tls: ssl.TLSVersion | None, ciphers: str
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["h2", "http/1.1"])
    if ca is not None:
        context.load_verify_locations(cadata=ca)
    context.set_ciphers(ciphers)
    if maximum_tls is not None:
        # An old version is offered on purpose, to see it refused by the server rather than by this library.
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = maximum_tls
    if identity is not None:
        _load_identity(context, identity)
    return context


def _load_identity(context: ssl.SSLContext, identity: Identity) -> None:
    # ssl reads a key only from a file: this one is memory of this process and never on a disk.
    descriptor = os.memfd_create("identity")
    try:
        os.write(descriptor, (identity.certificate + identity.key).encode())
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
