"""Rules about the TLS settings of a server by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from rules.catalog.examples import GATEWAY, HTTP_SERVER, HTTPS_SERVER
from rules.finding import Problem, Severity
from rules.index import Index
from rules.registry import Example, rule
from rules.resources import MUTUAL_MODES, TERMINATING_MODES, TLS_PROTOCOLS, Server

_VALIDATION = "istio pkg/config/validation/validation.go"
_REFERENCE = "Istio reference: Gateway, ServerTLSSettings"
_SERVER = f"{GATEWAY}\n{HTTPS_SERVER}\n    tls: "
_MODES = ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL", "PASSTHROUGH", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL")
_FILES = ("serverCertificate", "privateKey")


@rule(
    Server,
    "tls-settings-missing",
    Severity.ERROR,
    source=f"{_VALIDATION} validateServer",
    example=Example(f"{GATEWAY}\n{HTTPS_SERVER}\n", f"{_SERVER}{{mode: SIMPLE, credentialName: shop-credential}}\n"),
)
def tls_settings_missing(server: Server, _: Index) -> Iterator[Problem]:
    """Istio refuses a server of protocol HTTPS or TLS that has no `tls`."""
    if server.protocol in TLS_PROTOCOLS and "tls" not in server.node:
        yield _problem(
            server,
            "",
            f"The protocol is {server.port.text('protocol')}, and there are no TLS settings.",
            "Add tls with a mode and a credentialName.",
        )


@rule(
    Server,
    "tls-settings-on-plain-port",
    Severity.ERROR,
    source=f"{_VALIDATION} validateServer",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n    tls: {{mode: SIMPLE, credentialName: shop-credential}}\n",
        ("{mode: SIMPLE, credentialName: shop-credential}", "{httpsRedirect: true}"),
    ),
)
def tls_settings_on_plain_port(server: Server, _: Index) -> Iterator[Problem]:
    """A server of a plain protocol serves no TLS whatever its `tls` says; on HTTP only a redirect may stand there."""
    if "protocol" not in server.port or "tls" not in server.node or server.protocol in TLS_PROTOCOLS:
        return
    wrong = [key for key in server.tls.value if key in server.tls and not (server.is_http and key == "httpsRedirect")]
    if wrong and not (wrong == ["mode"] and server.mode == "PASSTHROUGH"):
        yield _problem(
            server,
            wrong[0],
            f"The protocol is {server.port.text('protocol')}, and tls has {', '.join(wrong)}.",
            "Use the protocol HTTPS or TLS, or take tls away.",
        )


@rule(
    Server,
    "tls-mode-missing",
    Severity.ERROR,
    source=f"{_REFERENCE}; the zero value of ServerTLSSettings.TLSmode is PASSTHROUGH",
    example=Example.fixed(
        f"{_SERVER}{{credentialName: shop-credential}}\n", ("{credential", "{mode: SIMPLE, credential")
    ),
)
def tls_mode_missing(server: Server, _: Index) -> Iterator[Problem]:
    """Without a mode Istio takes PASSTHROUGH: the gateway does not end TLS, and the certificate is not used."""
    if "tls" not in server.node or server.is_http:
        return
    if not server.mode:
        yield _problem(
            server, "mode", "There is no TLS mode, which means PASSTHROUGH.", "Name the mode, such as SIMPLE."
        )
    elif server.mode not in _MODES:
        yield _problem(server, "mode", f"There is no TLS mode {server.mode!r}.", f"Use {', '.join(_MODES)}.")


@rule(
    Server,
    "tls-credential-missing",
    Severity.ERROR,
    source=f"{_VALIDATION} validateTLSOptions",
    example=Example.fixed(f"{_SERVER}{{mode: SIMPLE}}\n", ("SIMPLE}", "SIMPLE, credentialName: shop-credential}")),
)
def tls_credential_missing(server: Server, _: Index) -> Iterator[Problem]:
    """A gateway that ends TLS needs a certificate and its key; Istio refuses a server without."""
    if not server.terminates or server.credential_names or server.tls.nodes("tlsCertificates"):
        return
    missing = [key for key in _FILES if not server.tls.text(key)]
    if missing:
        yield _problem(
            server,
            "credentialName",
            f"The mode is {server.mode}, and there is neither a credentialName nor {' and '.join(missing)}.",
            "Name the Secret that holds the certificate and its key.",
        )


@rule(
    Server,
    "tls-credential-unused",
    Severity.WARNING,
    source=f"{_VALIDATION} validateTLSOptions; {_REFERENCE}",
    example=Example.fixed(
        f"{_SERVER}{{mode: PASSTHROUGH, credentialName: shop-credential}}\n", (", credentialName: shop-credential", "")
    ),
)
def tls_credential_unused(server: Server, _: Index) -> Iterator[Problem]:
    """With PASSTHROUGH the backend ends TLS; a certificate on the gateway is ignored."""
    named = _sources(server) + [key for key in ("caCertificates", "caCrl") if server.tls.text(key)]
    if server.is_tls and server.mode in ("PASSTHROUGH", "AUTO_PASSTHROUGH") and named:
        yield _problem(
            server,
            named[0],
            f"The mode is {server.mode}, and tls has {', '.join(named)}, which it ignores.",
            "Take it away, or let the gateway end TLS with the mode SIMPLE.",
        )


@rule(
    Server,
    "tls-credential-ambiguous",
    Severity.ERROR,
    source=f"{_VALIDATION} validateTLSOptions",
    example=Example.fixed(
        f"{_SERVER}{{mode: SIMPLE, credentialName: shop-rsa, credentialNames: [shop-rsa, shop-ecdsa]}}\n",
        ("credentialName: shop-rsa, ", ""),
    ),
)
def tls_credential_ambiguous(server: Server, _: Index) -> Iterator[Problem]:
    """Istio refuses a server with two sources of its certificate, and ISTIO_MUTUAL with any: it has one already."""
    sources = _sources(server)
    if server.mode == "ISTIO_MUTUAL" and sources:
        message = f"The mode is ISTIO_MUTUAL, which brings the workload's own certificate, and tls has {sources[0]}."
        yield _problem(server, sources[0], message, "Take it away, or use the mode MUTUAL.")
    elif server.mode in TERMINATING_MODES and len(sources) > 1:
        message = f"The certificate has two sources: {' and '.join(sources)}."
        yield _problem(server, sources[1], message, "Keep one of them.")


@rule(
    Server,
    "mutual-ca-file-missing",
    Severity.ERROR,
    source=f"{_VALIDATION} validateTLSOptions",
    example=Example.fixed(
        f"{_SERVER}{{mode: MUTUAL, serverCertificate: /etc/tls/tls.crt, privateKey: /etc/tls/tls.key}}\n",
        ("/tls.key}", "/tls.key, caCertificates: /etc/tls/ca.crt}"),
    ),
)
def mutual_ca_file_missing(server: Server, _: Index) -> Iterator[Problem]:
    """MUTUAL with certificates from files needs the clients' CA from a file too; Istio refuses a server without."""
    from_files = all(server.tls.text(key) for key in _FILES) or bool(server.tls.nodes("tlsCertificates"))
    if (
        server.mode in MUTUAL_MODES
        and from_files
        and not (server.credential_names or server.tls.text("caCertificates"))
    ):
        yield _problem(
            server,
            "caCertificates",
            f"The mode is {server.mode}, and there are no caCertificates to verify clients with.",
            "Name the file with the CA bundle of the clients.",
        )


@rule(
    Server,
    "crl-misplaced",
    Severity.ERROR,
    source=f"{_VALIDATION} validateTLSOptions",
    example=Example.fixed(
        f"{_SERVER}{{mode: MUTUAL, credentialName: shop-credential, caCrl: /etc/tls/ca.crl}}\n",
        (", caCrl: /etc/tls/ca.crl", ""),
    ),
)
def crl_misplaced(server: Server, _: Index) -> Iterator[Problem]:
    """`caCrl` goes with certificates from files; with a credential the CRL is `ca.crl` or `crl` in the Secret."""
    if not server.terminates or not server.tls.text("caCrl"):
        return
    if server.credential_names:
        message = f"There is a caCrl beside the credential {server.credential_names[0]!r}."
        yield _problem(
            server, "caCrl", message, "Put the CRL into the Secret: ca.crl beside ca.crt, crl beside cacert."
        )
    elif server.mode == "SIMPLE":
        yield _problem(
            server, "caCrl", "The mode is SIMPLE, which has no clients to revoke.", "Take it away, or use MUTUAL."
        )


@rule(
    Server,
    "https-redirect-on-tls",
    Severity.WARNING,
    source=f"{_VALIDATION} ValidateGateway",
    example=Example.fixed(
        f"{_SERVER}{{mode: SIMPLE, credentialName: shop-credential, httpsRedirect: true}}\n",
        (", httpsRedirect: true", ""),
    ),
)
def https_redirect_on_tls(server: Server, _: Index) -> Iterator[Problem]:
    """A redirect to HTTPS redirects plain HTTP; on a TLS server it redirects nothing, and port 80 stays as it is."""
    if not server.is_http and "protocol" in server.port and server.tls.flag("httpsRedirect"):
        yield _problem(
            server,
            "httpsRedirect",
            f"httpsRedirect is set on a server of protocol {server.port.text('protocol')}.",
            "Set it on a server of protocol HTTP on port 80 with the same hosts.",
        )


@rule(
    Server,
    "tls-version-low",
    Severity.WARNING,
    source=f"{_VALIDATION} validateTLSOptions; RFC 8996",
    example=Example.fixed(
        f"{_SERVER}{{mode: SIMPLE, credentialName: shop-credential, minProtocolVersion: TLSV1_1}}\n", ("V1_1", "V1_2")
    ),
)
def tls_version_low(server: Server, _: Index) -> Iterator[Problem]:
    """TLS 1.0 and 1.1 are retired by RFC 8996, and below 1.2 Envoy's default ciphers match no client."""
    version = server.tls.text("minProtocolVersion")
    if server.is_tls and version in ("TLSV1_0", "TLSV1_1"):
        ciphers = "" if server.tls.texts("cipherSuites") else ", and no cipherSuites are named that would work with it"
        yield _problem(
            server, "minProtocolVersion", f"The minimum is {version}{ciphers}.", "Use TLSV1_2, which is the default."
        )


def _sources(server: Server) -> list[str]:
    files = ["serverCertificate"] if all(server.tls.text(key) for key in _FILES) else []
    return files + [
        key for key in ("credentialName", "credentialNames", "tlsCertificates") if server.tls.value.get(key)
    ]


def _problem(server: Server, key: str, message: str, remedy: str) -> Problem:
    path = server.tls.at(key) if key else server.node.at("tls")
    return Problem(server.gateway, path, message, remedy)
