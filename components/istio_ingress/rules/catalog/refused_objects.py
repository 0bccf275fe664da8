"""Rules about what Istio's webhook refuses of other kinds, one resource by itself."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import GATEWAY, HTTP_SERVER
from istio_ingress.rules.catalog.refusals import refused
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule

_VALIDATION = "istio pkg/config/validation/validation.go"
_DESTINATION_RULE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart.shop.svc.cluster.local
"""
_SERVICE_ENTRY = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: bank, namespace: shop}
spec:
  hosts: [bank.example]
  resolution: DNS
  ports: [{number: 443, name: tls, protocol: TLS}]
"""

_SIDECAR = """\
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: shop, namespace: shop}
spec:
  egress: [{hosts: [./*]}]
"""
_POLICY = """\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: shop, namespace: shop}
spec:
  action: DENY
  rules: [{to: [{operation: {paths: [/admin]}}]}]
"""
_ENVOY_FILTER = """\
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: shop, namespace: shop}
spec:
  configPatches:
  - applyTo: CLUSTER
    match: {context: GATEWAY, cluster: {portNumber: 80}}
    patch: {operation: MERGE, value: {connect_timeout: 1s}}
"""
_TELEMETRY = """\
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: shop, namespace: shop}
spec:
  accessLogging: [{providers: [{name: envoy}], filter: {expression: response.code = 500}}]
"""
_TAGS = """\
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: shop, namespace: shop}
spec:
  metrics: [{overrides: [{tagOverrides: {request_host: {value: "%REQ(:AUTHORITY)%"}}}]}]
"""
_AUTHENTICATION = """\
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: shop, namespace: shop}
spec:
  jwtRules: [{issuer: https://issuer.example, audiences: [shop]}]
"""


@rule(
    Index,
    "bind-invalid",
    Severity.ERROR,
    source=f"{_VALIDATION} validateServerBind",
    example=Example.fixed(f"{GATEWAY}\n{HTTP_SERVER}\n    bind: localhost\n", ("localhost", "127.0.0.1")),
)
def bind_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses to bind a server to a name: `bind` is an IP address, or `unix://` and a path without a port."""
    yield from refused(index, "bind-invalid")


@rule(
    Index,
    "target-port-refused",
    Severity.ERROR,
    source=f"{_VALIDATION} validateServerPort",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n".replace("protocol: HTTP", "protocol: HTTP, targetPort: 8080"),
        (", targetPort: 8080", ""),
    ),
)
def target_port_refused(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses a Gateway's `targetPort`: which port of the pods serves it, the gateway's Service says."""
    yield from refused(index, "target-port-refused")


@rule(
    Index,
    "gateway-host-incomplete",
    Severity.ERROR,
    source="istio pkg/config/validation/agent/validation.go ValidateNamespaceSlashWildcardHostname",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n".replace("[shop.example]", "[shop]"), ("[shop]", "[shop.example]")
    ),
)
def gateway_host_incomplete(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses a Gateway's host without a dot, and a namespace before its slash that is none."""
    yield from refused(index, "gateway-host-incomplete")


@rule(
    Index,
    "traffic-policy-invalid",
    Severity.ERROR,
    source=f"{_VALIDATION} validateTrafficPolicy and what it calls",
    example=Example.fixed(
        f"{_DESTINATION_RULE}  trafficPolicy:\n    outlierDetection: {{maxEjectionPercent: 150}}\n", ("150", "50")
    ),
)
def traffic_policy_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses traffic policies that are empty, or whose limits, weights and settings cannot be together."""
    yield from refused(index, "traffic-policy-invalid")


@rule(
    Index,
    "client-tls-invalid",
    Severity.ERROR,
    source="istio pkg/config/validation/agent/validation.go ValidateTLS",
    example=Example.fixed(
        f"{_DESTINATION_RULE}  trafficPolicy:\n    tls: {{mode: MUTUAL}}\n",
        ("MUTUAL}", "MUTUAL, credentialName: cart}"),
    ),
)
def client_tls_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses MUTUAL without certificate and key, two sources of certificates, and a CA that verifies nothing."""
    yield from refused(index, "client-tls-invalid")


@rule(
    Index,
    "subset-invalid",
    Severity.ERROR,
    source=f"{_VALIDATION} ValidateDestinationRule, validateSubset",
    example=Example.fixed(
        f"{_DESTINATION_RULE}  subsets:\n  - {{name: v1, labels: {{v: '1'}}}}\n  - {{name: v1, labels: {{v: '2'}}}}\n",
        ("{name: v1, labels: {v: '2'}}", "{name: v2, labels: {v: '2'}}"),
    ),
)
def subset_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses two subsets of one name, and names and labels that are none."""
    yield from refused(index, "subset-invalid")


@rule(
    Index,
    "destination-rule-host-invalid",
    Severity.ERROR,
    source=f"{_VALIDATION} ValidateDestinationRule",
    example=Example.fixed(f"{_DESTINATION_RULE}".replace("cart.shop", "cart_1.shop"), ("cart_1", "cart-1")),
)
def destination_rule_host_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses a DestinationRule whose host is no name."""
    yield from refused(index, "destination-rule-host-invalid")


@rule(
    Index,
    "service-entry-invalid",
    Severity.ERROR,
    source=f"{_VALIDATION} ValidateServiceEntry",
    example=Example.fixed(f"{_SERVICE_ENTRY}".replace("[bank.example]", "['*.bank.example']"), ("*.bank", "www.bank")),
)
def service_entry_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses hosts, addresses, ports and endpoints that are none, or that the resolution cannot have."""
    yield from refused(index, "service-entry-invalid")


@rule(
    Index,
    "selector-invalid",
    Severity.ERROR,
    source=f"{_VALIDATION} ValidateAlphaWorkloadSelector, validatePolicyTargetReference",
    example=Example.fixed(f"{_SERVICE_ENTRY}  workloadSelector: {{labels: {{'app*': bank}}}}\n", ("app*", "app")),
)
def selector_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses wildcards in the labels that select pods, and references to what can be no target."""
    yield from refused(index, "selector-invalid")


@rule(
    Index,
    "sidecar-invalid",
    Severity.ERROR,
    source=f"{_VALIDATION} ValidateSidecar",
    example=Example.fixed(_SIDECAR.replace("./*", "cart.example"), ("cart.example", "./cart.example")),
)
def sidecar_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses Sidecars without listeners, listeners that cannot be together, and hosts without a namespace."""
    yield from refused(index, "sidecar-invalid")


@rule(
    Index,
    "authorization-policy-invalid",
    Severity.ERROR,
    source=f"{_VALIDATION} ValidateAuthorizationPolicy; pkg/config/security/security.go",
    example=Example.fixed(_POLICY.replace("/admin", "'/{admin}'"), ("'/{admin}'", "'/{*}'")),
)
def authorization_policy_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses policies with empty conditions, unknown attributes, or values that are none of theirs."""
    yield from refused(index, "authorization-policy-invalid")


@rule(
    Index,
    "request-authentication-invalid",
    Severity.ERROR,
    source=f"{_VALIDATION} ValidateRequestAuthentication, validateJwtRule",
    example=Example.fixed(_AUTHENTICATION.replace("shop]}]", "shop], jwks: none}]"), (", jwks: none", "")),
)
def request_authentication_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses rules about JWTs without an issuer, with empty names, or with keys that are none."""
    yield from refused(index, "request-authentication-invalid")


@rule(
    Index,
    "envoy-filter-invalid",
    Severity.ERROR,
    source=f"{_VALIDATION} ValidateEnvoyFilter",
    example=Example.fixed(_ENVOY_FILTER.replace("cluster:", "listener:"), ("listener:", "cluster:")),
)
def envoy_filter_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses patches that do not say what they are for and what they do, or that match something else."""
    yield from refused(index, "envoy-filter-invalid")


@rule(
    Index,
    "telemetry-invalid",
    Severity.ERROR,
    source=f"{_VALIDATION} ValidateTelemetry, validateTelemetryFilter",
    example=Example.fixed(_TELEMETRY, ("code = 500", "code == 500")),
)
def telemetry_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses a Telemetry whose filter is no expression: one that is empty, or has brackets left open."""
    yield from refused(index, "telemetry-invalid")


@rule(
    Index,
    "telemetry-tag-lost",
    Severity.WARNING,
    source="istio/proxy source/extensions/filters/http/istio_stats/istio_stats.cc getOrCreateExpression",
    example=Example.fixed(_TAGS, ('"%REQ(:AUTHORITY)%"', "request.host")),
)
def telemetry_tag_lost(index: Index, _: Index) -> Iterator[Problem]:
    """A tag of a metric whose value is no CEL expression, such as an access log's %REQ(...)%, is left out by Envoy."""
    yield from refused(index, "telemetry-tag-lost")
