"""Rules about what Istio's webhook refuses of VirtualServices, one resource by itself."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import VIRTUAL_SERVICE
from istio_ingress.rules.catalog.refusals import refused
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule

_SERVICES = "istio pkg/config/validation/validation.go"
_ROUTES = "istio pkg/config/validation/virtualservice.go"
_CART = "route: [{destination: {host: cart}}]"
_HEAD = f"{VIRTUAL_SERVICE}\n  hosts: [shop.example]\n  gateways: [shop]\n"
_HTTP = f"{_HEAD}  http:\n  - "
_ON_CART = f"\n    {_CART}\n"


@rule(
    Index,
    "virtualservice-without-routes",
    Severity.ERROR,
    source=f"{_SERVICES} ValidateVirtualService",
    example=Example(_HEAD, f"{_HTTP}{_CART}\n"),
)
def without_routes(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses a VirtualService that has neither http nor tls nor tcp routes."""
    yield from refused(index, "virtualservice-without-routes")


@rule(
    Index,
    "virtualservice-hosts-overlap",
    Severity.ERROR,
    source=f"{_SERVICES} ValidateVirtualService",
    example=Example.fixed(
        f"{_HTTP}{_CART}\n".replace("[shop.example]", "['*.example', shop.example]"), ("'*.example', ", "")
    ),
)
def hosts_overlap(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses a VirtualService that has a host twice, or beside a wildcard for it."""
    yield from refused(index, "virtualservice-hosts-overlap")


@rule(
    Index,
    "mesh-host-any",
    Severity.ERROR,
    source=f"{_SERVICES} ValidateVirtualService",
    example=Example.fixed(
        f"{VIRTUAL_SERVICE}\n  hosts: ['*']\n  gateways: [mesh, shop]\n  http:\n  - {_CART}\n", ("mesh, ", "")
    ),
)
def mesh_host_any(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses the host `*` inside the mesh, which is where a VirtualService without gateways is bound."""
    yield from refused(index, "mesh-host-any")


@rule(
    Index,
    "delegate-invalid",
    Severity.ERROR,
    source=f"{_SERVICES} ValidateVirtualService; {_ROUTES} validateHTTPRouteConflict",
    example=Example.fixed(
        f"{VIRTUAL_SERVICE}\n  gateways: [shop]\n  http:\n  - {_CART}\n", ("  gateways: [shop]\n", "")
    ),
)
def delegate_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """A VirtualService without hosts is a delegate: it has no gateways, no tls or tcp routes and no delegates."""
    yield from refused(index, "delegate-invalid")


@rule(
    Index,
    "route-action",
    Severity.ERROR,
    source=f"{_ROUTES} validateHTTPRouteConflict; {_SERVICES} validateTLSRoute, validateTCPRoute",
    example=Example.fixed(
        f"{_HTTP}redirect: {{authority: cart.example}}{_ON_CART}", ("redirect: {authority: cart.example}\n    ", "")
    ),
)
def route_action(index: Index, _: Index) -> Iterator[Problem]:
    """A route does one thing: it leads on, redirects, answers or delegates; what changes requests only leads on."""
    yield from refused(index, "route-action")


@rule(
    Index,
    "weights-invalid",
    Severity.ERROR,
    source=f"{_SERVICES} validateHTTPRouteDestinations, validateWeight",
    example=Example.fixed(
        f"{_HTTP}route: [{{destination: {{host: cart}}, weight: 0}}, {{destination: {{host: site}}, weight: 0}}]\n",
        ("{host: cart}, weight: 0", "{host: cart}, weight: 1"),
    ),
)
def weights_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses a weight below 0, and several destinations whose weights are all 0, as they are unless told."""
    yield from refused(index, "weights-invalid")


@rule(
    Index,
    "destination-invalid",
    Severity.ERROR,
    source=f"{_SERVICES} validateDestination",
    example=Example.fixed(f"{_HTTP}{_CART}\n".replace("cart", "'http://cart'"), ("'http://cart'", "cart")),
)
def destination_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses destinations whose host is `*` or no name, or whose port or subset's name is none."""
    yield from refused(index, "destination-invalid")


@rule(
    Index,
    "gateway-reference-invalid",
    Severity.ERROR,
    source=f"{_SERVICES} validateGatewayNames",
    example=Example.fixed(f"{_HTTP}{_CART}\n".replace("[shop]", "[shop/web/http]"), ("shop/web/http", "shop/web")),
)
def gateway_reference_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses gateways that are neither a name nor `namespace/name`, both of them DNS labels."""
    yield from refused(index, "gateway-reference-invalid")


@rule(
    Index,
    "match-invalid",
    Severity.ERROR,
    source=f"{_ROUTES} validateHTTPRouteMatchRequest; {_SERVICES} validateTLSMatch, validateTCPMatch",
    example=Example.fixed(f"{_HTTP}match: [{{method: {{prefix: ''}}}}]{_ON_CART}", ("prefix: ''", "exact: GET")),
)
def match_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses matches on nothing, or on headers, ports, labels, networks or claims that cannot be."""
    yield from refused(index, "match-invalid")


@rule(
    Index,
    "regex-invalid",
    Severity.ERROR,
    source=f"{_SERVICES} validateStringRegexp; github.com/google/re2 Syntax",
    example=Example.fixed(f"{_HTTP}match: [{{uri: {{regex: '/(?!admin).*'}}}}]{_ON_CART}", ("/(?!admin).*", "/[^a].*")),
)
def regex_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses expressions that RE2 does not know, such as lookaheads, and those of more than 1024 bytes."""
    yield from refused(index, "regex-invalid")


@rule(
    Index,
    "header-invalid",
    Severity.ERROR,
    source=f"{_SERVICES} ValidateHTTPHeaderOperationName; envoyproxy.io custom request/response headers",
    example=Example.fixed(f"{_HTTP}headers: {{response: {{set: {{x-share: '50%'}}}}}}{_ON_CART}", ("50%", "50%%")),
)
def header_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """HTTP's own headers cannot be changed, the authority only once; in a value, `%` begins a variable."""
    yield from refused(index, "header-invalid")


@rule(
    Index,
    "redirect-invalid",
    Severity.ERROR,
    source=f"{_SERVICES} validateHTTPRedirect",
    example=Example.fixed(f"{_HTTP}redirect: {{authority: cart.example, redirectCode: 200}}\n", ("200", "302")),
)
def redirect_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses redirects that lead nowhere, or with a code, a scheme or a port that is none."""
    yield from refused(index, "redirect-invalid")


@rule(
    Index,
    "direct-response-invalid",
    Severity.ERROR,
    source=f"{_SERVICES} validateHTTPDirectResponse",
    example=Example.fixed(f"{_HTTP}directResponse: {{status: 99}}\n", ("99", "503")),
)
def direct_response_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses answers whose status is none, or whose body has more than 1 MiB."""
    yield from refused(index, "direct-response-invalid")


@rule(
    Index,
    "rewrite-invalid",
    Severity.ERROR,
    source=f"{_SERVICES} validateHTTPRewrite",
    example=Example.fixed(f"{_HTTP}rewrite: {{}}{_ON_CART}", ("{}", "{uri: /}")),
)
def rewrite_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses rewrites of nothing, or of the path in two ways."""
    yield from refused(index, "rewrite-invalid")


@rule(
    Index,
    "retries-invalid",
    Severity.ERROR,
    source=f"{_SERVICES} validateHTTPRetry",
    example=Example.fixed(
        f"{_HTTP}retries: {{attempts: 3, retryOn: '5xx, reset'}}{_ON_CART}", ("5xx, reset", "5xx,reset")
    ),
)
def retries_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses conditions of retries that Envoy does not know, and settings of retries without attempts."""
    yield from refused(index, "retries-invalid")


@rule(
    Index,
    "cors-invalid",
    Severity.ERROR,
    source=f"{_SERVICES} validateCORSPolicy",
    example=Example.fixed(f"{_HTTP}corsPolicy: {{allowMethods: [get]}}{_ON_CART}", ("get", "GET")),
)
def cors_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses origins that are empty, methods that are none, in capitals, and headers that are none."""
    yield from refused(index, "cors-invalid")


@rule(
    Index,
    "fault-invalid",
    Severity.ERROR,
    source=f"{_SERVICES} validateHTTPFaultInjection",
    example=Example.fixed(
        f"{_HTTP}fault: {{abort: {{httpStatus: 99, percentage: {{value: 10}}}}}}{_ON_CART}", ("99", "503")
    ),
)
def fault_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses faults that are neither a delay nor an abort, or with a status or percentage that is none."""
    yield from refused(index, "fault-invalid")


@rule(
    Index,
    "mirror-invalid",
    Severity.ERROR,
    source=f"{_ROUTES} validateHTTPRoute; {_SERVICES} validateHTTPMirrors",
    example=Example.fixed(
        f"{_HTTP}mirror: {{host: shadow}}\n    mirrorPercentage: {{value: 101}}{_ON_CART}", ("101", "100")
    ),
)
def mirror_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses to mirror less than none or more than all requests."""
    yield from refused(index, "mirror-invalid")


@rule(
    Index,
    "export-to-invalid",
    Severity.ERROR,
    source=f"{_SERVICES} validateExportTo",
    example=Example.fixed(f"{_HEAD}  exportTo: ['*', shop]\n  http:\n  - {_CART}\n", (", shop", "")),
)
def export_to_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses to export to a namespace twice, to `*` and to a namespace, or to what is no namespace."""
    yield from refused(index, "export-to-invalid")
