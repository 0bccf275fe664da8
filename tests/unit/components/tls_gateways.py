"""A TlsGateway, and what of its manifest most tests look at."""

from istio_ingress import TlsGateway


def gateway(name="web", **args):
    return lambda: {"ca": (made := TlsGateway(name, args)).ca_certificate, "credentials": made.credentials}


def servers(declared):
    return declared.manifest("Gateway")["spec"]["servers"]


def tls(declared):
    return [server["tls"] for server in servers(declared)]
