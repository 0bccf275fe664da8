"""The least that each component must be told."""

import istio_ingress

_BACKEND = {"service": "cart", "port": 80}
#: Of the components that have no sensible default for something: its arguments.
REQUIRED = {
    "HostRoutes": {"hosts": [{"host": "shop.example", "backend": _BACKEND}]},
    "HttpGateway": {"hosts": [{"host": "shop.example", "backend": _BACKEND}]},
    "ServiceBackend": _BACKEND,
    "TcpGateway": {"ports": [{"port": 5432, "backend": _BACKEND}]},
    "TlsPassthrough": {"hosts": [{"host": "shop.example", "backend": _BACKEND}]},
}


# Components of which one of several arguments must be given.
_ONE_OF = {
    "DelegateRoutes": {"backend": _BACKEND},
    "HostRoutes": {"gateways": ["web"]},
    "ServiceBackend": {"protocol": istio_ingress.BackendProtocol.HTTP2},
}


def least(component):
    """The least arguments with which a component stands."""
    return REQUIRED.get(component.__name__, {}) | _ONE_OF.get(component.__name__, {})
