"""Names of fields under which people look for what has another name here."""

_ELSEWHERE = {
    "DelegateRoutesArgs.gateways": "the routes that delegate say through which Gateways requests come",
    "HttpbinIngressArgs.backends": "backends stand in a route",
    "HttpbinIngressArgs.https_redirect": "a route has redirect, and TlsGateway https_redirect",
    "PassthroughNginxArgs.backend": "TlsPassthrough passes connections on to a Service",
    "Redirect.authority": "it is called hostname, as in the Gateway API",
    "Redirect.host": "it is called hostname",
    "Redirect.uri": "it is called path",
    "Rewrite.authority": "it is called hostname",
    "Rewrite.uri": "it is called prefix or path",
    "TlsHost.protocol": "TcpGateway ends TLS and hands TCP on",
    "TlsHost.tls_secret": "it is called existing_credential",
    "TlsHost.credential": "it is called existing_credential",
    "TlsHost.backends": "backends stand in a route",
    "RoutedHost.backends": "backends stand in a route",
    "ca_cert_credential_name": "it is called client_ca_credential",
    "client_sans": "it is called client_names",
    "subject_alt_names": "it is called sans, and for the clients that are let in client_names",
}


def near(schema: str, field: str) -> str:
    """Where what a person means by a field stands, to be said after a colon; empty where nobody knows."""
    return _ELSEWHERE.get(f"{schema}.{field}") or _ELSEWHERE.get(field, "")
