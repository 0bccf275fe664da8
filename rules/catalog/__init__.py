"""The rules, a subject a file. A rule exists once its module is imported; this is also the order of docs/rules.md."""

from rules.catalog import (
    certificates,
    client_cas,
    conflicts,
    credential_contents,
    credentials,
    destinations,
    gateways,
    mesh,
    routes,
    shapes,
    sharing,
    tls,
    virtualservices,
)

__all__ = [
    "certificates",
    "client_cas",
    "conflicts",
    "credential_contents",
    "credentials",
    "destinations",
    "gateways",
    "mesh",
    "routes",
    "shapes",
    "sharing",
    "tls",
    "virtualservices",
]
