"""Rules about the TLS settings of a server by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import GATEWAY, HTTP_SERVER, HTTPS_SERVER
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.hosts import is_ip_address
from istio_ingress.rules.index import Index
from istio_ingress.rules.makers import Certificate, Issuer
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import MUTUAL_MODES, TLS_PROTOCOLS, Server
from istio_ingress.rules.words import some

_VALIDATION = "istio pkg/config/validation/validation.go"
_REFERENCE = "Istio reference: Gateway, ServerTLSSettings"
_SERVER = f"{GATEWAY}\n{HTTPS_SERVER}\n    tls: "
_REQUEST = """\
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: shop, namespace: istio-system}
spec: {secretName: shop-credential, dnsNames: [shop.example], issuerRef: {name: acme, kind: ClusterIssuer}}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: acme}
spec: {acme: {server: https://acme.example, solvers: [{http01: {}}]}}
"""
_VERSIONS = ("TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3")
_DEFAULT_VERSION = 2
_COMPARED = ("subjectAltNames", "verifyCertificateHash", "verifyCertificateSpki")
_FILES = ("serverCertificate", "privateKey")
_REFUSED_BY_THE_CRD = ({"credentialName", "credentialNames"}, {"credentialNames", "tlsCertificates"})


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
    harmless = not wrong or (wrong == ["mode"] and server.mode == "PASSTHROUGH")
    if not (server.is_http and harmless):
        yield _problem(
            server,
            wrong[0] if wrong else "",
            f"The protocol is {server.port.text('protocol')}, and tls has {', '.join(wrong) or 'no settings'}.",
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
    """Without a mode Istio takes PASSTHROUGH: the gateway does not end TLS, and what is set for that is not used."""
    if "tls" not in server.node or server.is_http:
        return
    unused = [key for key in server.tls.value if key in server.tls and key not in ("mode", "httpsRedirect")]
    if not server.mode and unused:
        yield _problem(
            server,
            "mode",
            f"There is no TLS mode, which means PASSTHROUGH, and tls has {', '.join(unused)}.",
            "Name the mode, such as SIMPLE.",
        )


@rule(
    Server,
    "tls-host-without-sni",
    Severity.ERROR,
    source="RFC 6066 section 3: no addresses in server_name; istio/istio#33461",
    example=Example.fixed(
        f"{_SERVER}{{mode: SIMPLE, credentialName: shop-credential}}\n".replace("shop.example", "192.0.2.10"),
        ("192.0.2.10", "shop.example"),
    ),
)
def tls_host_without_sni(server: Server, _: Index) -> Iterator[Problem]:
    """Envoy chooses a TLS server by the SNI, which never is an address."""
    for host in server.hosts if server.is_tls else ():
        if is_ip_address(host) and "." in host:  # Istio refuses those of IPv6 on any server
            message = f"{host!r} is an address, and the SNI of a TLS client never is: it never reaches this server."
            remedy = "Use a DNS name, or '*' on a server of its own."
            yield Problem(server.gateway, server.node.at("hosts"), message, remedy)


@rule(
    Server,
    "client-names-unchecked",
    Severity.WARNING,
    source=f"{_REFERENCE} subjectAltNames: they verify client certificates",
    example=Example.fixed(
        f"{_SERVER}{{mode: SIMPLE, credentialName: shop-credential, subjectAltNames: [client.example]}}\n",
        ("mode: SIMPLE", "mode: MUTUAL"),
    ),
)
def client_names_unchecked(server: Server, _: Index) -> Iterator[Problem]:
    """`subjectAltNames` are those that clients must have; a mode without client certificates checks none."""
    if server.mode == "SIMPLE" and server.tls.texts("subjectAltNames"):
        yield _problem(
            server,
            "subjectAltNames",
            "subjectAltNames are the names of client certificates, and the mode SIMPLE asks for none.",
            "Use the mode MUTUAL, or take them away; the server's own names stand in its certificate.",
        )


@rule(
    Server,
    "client-certificate-required",
    Severity.WARNING,
    source="envoy source/common/tls/cert_validator/default_validator.cc initializeSslContexts: FAIL_IF_NO_PEER_CERT",
    example=Example.fixed(
        f"{_SERVER}{{mode: OPTIONAL_MUTUAL, credentialName: shop-credential, subjectAltNames: [client.example]}}\n",
        (", subjectAltNames: [client.example]", ""),
    ),
)
def client_certificate_required(server: Server, _: Index) -> Iterator[Problem]:
    """OPTIONAL_MUTUAL lets clients in without a certificate, unless something in the certificate is compared."""
    compared = [field for field in _COMPARED if server.mode == "OPTIONAL_MUTUAL" and server.tls.texts(field)]
    if compared:
        yield _problem(
            server,
            compared[0],
            f"With {some(compared)} Envoy asks every client for a certificate, and refuses those without one.",
            "Use the mode MUTUAL if that is meant, or let what is behind the gateway compare them.",
        )


@rule(
    Server,
    "tls-credential-missing",
    Severity.ERROR,
    source=f"{_VALIDATION} validateTLSOptions",
    example=Example.fixed(f"{_SERVER}{{mode: SIMPLE}}\n", ("SIMPLE}", "SIMPLE, credentialName: shop-credential}")),
)
def tls_credential_missing(server: Server, _: Index) -> Iterator[Problem]:
    """A gateway that ends TLS needs a certificate and its key; Istio refuses a server without."""
    if not server.terminates or server.credential_names:
        return
    pairs = server.tls.nodes("tlsCertificates")
    for pair in pairs:
        absent = [key for key in _FILES if not pair.text(key)]
        if absent:
            message = f"The mode is {server.mode}, and this certificate has no {' and no '.join(absent)}."
            yield Problem(server.gateway, pair.path, message, "Name the files of the certificate and its key.")
    missing = [key for key in _FILES if not server.tls.text(key)]
    if missing and not pairs:
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
        f"{_SERVER}{{mode: SIMPLE, credentialName: shop, serverCertificate: /tls/crt, privateKey: /tls/key}}\n",
        ("credentialName: shop, ", ""),
    ),
)
def tls_credential_ambiguous(server: Server, _: Index) -> Iterator[Problem]:
    """Istio refuses a server with two sources of its certificate, and ISTIO_MUTUAL with any: it has one already."""
    sources = _sources(server)
    if server.mode == "ISTIO_MUTUAL":
        sources = sources or [key for key in (*_FILES, "caCertificates") if server.tls.text(key)]
    if server.mode == "ISTIO_MUTUAL" and sources:
        message = f"The mode is ISTIO_MUTUAL, which brings the workload's own certificate, and tls has {sources[0]}."
        yield _problem(server, sources[0], message, "Take it away, or use the mode MUTUAL.")
    elif server.mode != "ISTIO_MUTUAL" and len(sources) > 1 and set(sources) not in _REFUSED_BY_THE_CRD:
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
    "redirect-of-challenge",
    Severity.WARNING,
    source="RFC 8555 section 8.3; cert-manager.io/docs/configuration/acme/http01",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n    tls: {{httpsRedirect: true}}\n---\n{_REQUEST}",
        ("http01: {}", "dns01: {}"),
    ),
)
def redirect_of_challenge(server: Server, index: Index) -> Iterator[Problem]:
    """ACME's HTTP-01 asks port 80; a redirect sends it to a server that has no certificate before the first."""
    if not server.is_http or not server.redirects:
        return
    for request in index.subjects(Certificate):
        if not isinstance(request, Certificate):
            continue
        issuer = request.spec.node("issuerRef").text("name")
        over_http = [one for one in index.subjects(Issuer) if isinstance(one, Issuer) and one.asks_over_http]
        hosts = [host for host in server.hosts if host in request.dns_names]
        if hosts and any(one.name == issuer for one in over_http):
            yield _problem(
                server,
                "httpsRedirect",
                f"{hosts[0]!r} is redirected to HTTPS, and {request} is proved by HTTP-01 on port 80.",
                "Redirect in a VirtualService, behind a route for /.well-known/acme-challenge/, or prove it by DNS-01.",
            )
            return


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


@rule(
    Server,
    "tls-version-range",
    Severity.ERROR,
    source=f"{_REFERENCE} minProtocolVersion (TLSV1_2 by default); BoringSSL SSL_CTX_set_max_proto_version",
    example=Example.fixed(
        f"{_SERVER}{{mode: SIMPLE, credentialName: shop-credential, maxProtocolVersion: TLSV1_1}}\n", ("V1_1", "V1_3")
    ),
)
def tls_version_range(server: Server, _: Index) -> Iterator[Problem]:
    """With a newest version of TLS that is older than the oldest one no handshake succeeds."""
    oldest, newest = server.tls.text("minProtocolVersion"), server.tls.text("maxProtocolVersion")
    least = oldest if oldest in _VERSIONS else _VERSIONS[_DEFAULT_VERSION]
    if server.is_tls and newest in _VERSIONS and _VERSIONS.index(newest) < _VERSIONS.index(least):
        told = f"minProtocolVersion is {oldest}" if oldest in _VERSIONS else f"the oldest is {least} by default"
        yield _problem(
            server,
            "maxProtocolVersion",
            f"The newest version is {newest}, and {told}: every handshake fails.",
            f"Use {least} or a newer one.",
        )


def _sources(server: Server) -> list[str]:
    files = ["serverCertificate"] if all(server.tls.text(key) for key in _FILES) else []
    return files + [
        key for key in ("credentialName", "credentialNames", "tlsCertificates") if server.tls.value.get(key)
    ]


def _problem(server: Server, key: str, message: str, remedy: str) -> Problem:
    path = server.tls.at(key) if key else server.node.at("tls")
    return Problem(server.gateway, path, message, remedy)
