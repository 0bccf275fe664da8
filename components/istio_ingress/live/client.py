"""One request, as curl would send it with --resolve, --cacert, --cert and --key."""

from __future__ import annotations

import os
import shlex
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import h2 as h2  # httpx speaks HTTP/2 with it, and would say only with the first request that it is missing
import httpx

TIMEOUT_SECONDS = 10.0
#: How long a connection in which nobody speaks must stay open to be taken for one.
SILENT_SECONDS = 1.0


@dataclass(frozen=True)
class Target:
    """What to ask for, and where the address of its host is found."""

    url: str
    """Scheme, host as a client names it, port and path."""
    address: str
    """The ip or host name that is connected to instead of the URL's host."""
    port: int = 0
    """The port that is connected to instead of the URL's."""


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
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By their names in lower case."""
    certificate: bytes = field(default=b"", repr=False)
    """The server's certificate (DER)."""
    refused: str = ""

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return self.headers.get("location", "")


def send(
    target: Target,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    ca: str | None = None,
    identity: Identity | None = None,
    maximum_tls: ssl.TLSVersion | None = None,
    ciphers: str = "DEFAULT",
    http2: bool = True,
    believes_anyone: bool = False,
    most: int | None = None,
    seconds: float = TIMEOUT_SECONDS,
) -> Answer:
    """Send one request without a body, on a new connection.

    Args:
        target: what to ask for, and where.
        method: as sent.
        headers: besides those that every request has; Host is the URL's.
        ca: the only certificate authorities to trust (PEM); without any those of the machine.
        identity: the client certificate to show.
        maximum_tls: the newest TLS version to offer.
        ciphers: the cipher suites to offer for TLS up to 1.2, as OpenSSL writes them.
        http2: offer it. This library takes an answer that comes after GOAWAY for an error, though a server that is
            about to change its listener rightly sends both: whoever counts lost requests does without.
        believes_anyone: take any certificate, whoever issued it and for whatever name.
        most: read no more bytes of the body than about these, and wait for no more than come within `seconds`: an
            answer may be large, or never end.
        seconds: how long to wait for the connection, and for each part of the answer.
    """
    url = httpx.URL(target.url)
    context = _context(ca, identity, maximum_tls, ciphers)
    if believes_anyone:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request_url = url.copy_with(host=target.address, port=target.port or url.port)
    sent = {**(headers or {}), "host": url.netloc.decode()}
    extensions = {"sni_hostname": url.host}
    try:
        with (
            httpx.Client(http2=http2, verify=context, trust_env=False, timeout=seconds) as client,
            client.stream(method, request_url, headers=sent, extensions=extensions) as response,
        ):
            tls = response.extensions["network_stream"].get_extra_info("ssl_object")
            certificate = (tls.getpeercert(True) if tls else None) or b""
            body = response.read() if most is None else _beginning(response, most, seconds)
            text = body.decode(errors="replace")
            return Answer(response.status_code, response.http_version, text, dict(response.headers), certificate)
    except (httpx.TransportError, ssl.SSLError) as error:
        return Answer(refused=str(error) or type(error).__name__)


def _beginning(response: httpx.Response, most: int, seconds: float) -> bytes:
    read, end = b"", time.monotonic() + seconds
    try:
        for part in response.iter_raw():
            read += part
            if len(read) >= most or time.monotonic() > end:
                break
    except httpx.TransportError:
        pass  # the status has come, which is what counts
    return read[:most]


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


def connect(target: Target) -> Answer:
    """Open a connection, with TLS where the URL says `https`, whatever certificate is shown; nothing is sent in it.

    A gateway that has nobody to hand a connection to takes it, and closes it at once.
    """
    url = httpx.URL(target.url)
    port = target.port or url.port or {"http": 80, "https": 443}[url.scheme]
    context = _context(None, None, None, "DEFAULT")
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((target.address, port), timeout=TIMEOUT_SECONDS) as connection:
            secure = context.wrap_socket(connection, server_hostname=url.host) if url.scheme == "https" else connection
            with secure as opened:
                opened.settimeout(SILENT_SECONDS)
                return Answer() if opened.recv(1) else Answer(refused="closed at once")
    except TimeoutError:
        return Answer()
    except OSError as error:  # ssl's errors are among them
        return Answer(refused=str(error) or type(error).__name__)


def curl(
    target: Target,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    ca_file: str = "",
    certificate_file: str = "",
    key_file: str = "",
    insecure: bool = False,
) -> str:
    """The command line that sends the same request by hand."""
    url = httpx.URL(target.url)
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    place = ["--resolve", f"{url.host}:{port}:{target.address}"]
    if target.port:
        place = ["--connect-to", f"{url.host}:{port}:{target.address}:{target.port}"]
    words = ["curl", "-sS", "-i", "--noproxy", "*", *place]
    for option, file in (("--cacert", ca_file), ("--cert", certificate_file), ("--key", key_file)):
        words += [option, file] if file else []
    words += ["--insecure"] if insecure else []
    words += {"GET": [], "HEAD": ["--head"]}.get(method, ["--request", method])
    for name, value in (headers or {}).items():
        words += ["--header", f"{name}: {value}" if value else f"{name};"]
    return shlex.join([*words, target.url])


def _context(
    ca: str | None, identity: Identity | None, maximum_tls: ssl.TLSVersion | None, ciphers: str
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["h2", "http/1.1"])
    if ca:
        context.load_verify_locations(cadata=ca)
    else:
        context.load_default_certs()
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
