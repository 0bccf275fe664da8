"""The gateway that is there already, and what its servers may be told about TLS."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NotRequired, TypedDict, cast

import pulumi

from istio_ingress.rules.defaults import GATEWAY_SELECTOR, ROOT_NAMESPACE


class IngressGateway(TypedDict):
    """The Envoy pods that somebody installed. The defaults fit `istioctl install` with its default profile."""

    namespace: NotRequired[pulumi.Input[str]]
    """Where the pods run, and so where credentials must stand. Default: `istio-system`."""

    selector: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """Labels of the pods. Default: `istio: ingressgateway`."""

    http_port: NotRequired[pulumi.Input[int]]
    """Port of its Service for plain HTTP. Default: 80."""

    https_port: NotRequired[pulumi.Input[int]]
    """Port of its Service for TLS. Default: 443."""


@dataclass(frozen=True)
class GatewayPods:
    """An `IngressGateway` with its defaults filled in."""

    namespace: pulumi.Input[str] = ROOT_NAMESPACE
    selector: pulumi.Input[Mapping[str, pulumi.Input[str]]] = field(default_factory=GATEWAY_SELECTOR.copy)
    http_port: pulumi.Input[int] = 80
    https_port: pulumi.Input[int] = 443
    is_placed: bool = False
    """Whether the program says where they run. Most programs need not: only credentials must stand there."""

    @classmethod
    def of(cls, gateway: pulumi.Input[IngressGateway] | None) -> "GatewayPods":
        """The pods of a component's argument `gateway`, which may come whole from another stack."""
        if not isinstance(gateway, pulumi.Output):
            given = cast(IngressGateway, gateway or {})
            return cls(**given, is_placed="namespace" in given)

        def told(name: str, default: object) -> Any:
            return gateway.apply(lambda known: known.get(name, default))

        fields = {name: default for name, default in vars(cls()).items() if name != "is_placed"}
        return cls(**{name: told(name, default) for name, default in fields.items()})


class TlsVersion(Enum):
    """Versions of TLS, named as Istio names them."""

    TLS_1_0 = "TLSV1_0"
    TLS_1_1 = "TLSV1_1"
    TLS_1_2 = "TLSV1_2"
    TLS_1_3 = "TLSV1_3"
