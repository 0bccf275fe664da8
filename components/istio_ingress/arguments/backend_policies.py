"""How a backend is spoken to: with which protocol, to which of its pods, how many at once."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NotRequired, TypedDict

import pulumi

from ..pki.issuing import CertifiedKey


class BackendProtocol(Enum):
    """What is spoken to a backend, whatever the client speaks."""

    HTTP1 = "http1"
    """HTTP/1.1."""

    HTTP2 = "http2"
    """HTTP/2, without asking first."""

    GRPC = "grpc"
    """As HTTP/2, which gRPC is made of."""


class ProxyProtocol(Enum):
    """Versions of the PROXY protocol, with which a backend learns the client's address."""

    V1 = "V1"
    V2 = "V2"


class BackendTlsMode(Enum):
    """How TLS is spoken to a backend."""

    DISABLE = "DISABLE"
    """Not at all, not even as the mesh would by itself."""

    SIMPLE = "SIMPLE"
    """Only the backend has a certificate."""

    MUTUAL = "MUTUAL"
    """The gateway shows one, too."""

    ISTIO_MUTUAL = "ISTIO_MUTUAL"
    """With the mesh's own certificates."""


class BackendTls(TypedDict):
    """TLS to a backend, and which of its certificates is believed."""

    mode: NotRequired[BackendTlsMode]
    """How TLS is spoken. Default: MUTUAL where `client` is given, otherwise SIMPLE."""

    ca_certificate: NotRequired[pulumi.Input[str]]
    """The authorities that the backend's certificate may come from, PEM. Default: those of the gateway's image."""

    client: NotRequired[CertifiedKey]
    """The certificate and key that the gateway shows; the key a secret Output."""

    existing_credential: NotRequired[pulumi.Input[str]]
    """Name of a Secret in the gateway's namespace that somebody else keeps, instead of the two: `ca.crt`, and for
    MUTUAL `tls.crt` and `tls.key`."""

    sni: NotRequired[pulumi.Input[str]]
    """The name that it is asked for. Default: the host that the client asked."""

    subject_alt_names: NotRequired[Sequence[pulumi.Input[str]]]
    """The names of which its certificate must have one. Default: Istio's, the SNI."""

    insecure_skip_verify: NotRequired[pulumi.Input[bool]]
    """Whether any certificate is believed. Default: false."""


class LoadBalancing(Enum):
    """To which pod a request goes."""

    LEAST_REQUEST = "LEAST_REQUEST"
    """One with few requests open: Istio's default."""

    ROUND_ROBIN = "ROUND_ROBIN"
    """One after the other."""

    RANDOM = "RANDOM"
    """Any."""

    PASSTHROUGH = "PASSTHROUGH"
    """The address that the client asked for."""


class HashCookie(TypedDict):
    """The cookie by which a client keeps its pod."""

    name: pulumi.Input[str]
    """Its name."""

    ttl: NotRequired[pulumi.Input[str]]
    """How long it holds, where the gateway makes it; `0s`: until the browser is closed. Default: `0s`."""

    path: NotRequired[pulumi.Input[str]]
    """Its path. Default: none."""


class ConsistentHash(TypedDict):
    """By what a client keeps its pod: exactly one of the fields."""

    http_cookie: NotRequired[HashCookie]
    """A cookie, which the gateway makes where there is none."""

    http_header_name: NotRequired[pulumi.Input[str]]
    """A header."""

    http_query_parameter_name: NotRequired[pulumi.Input[str]]
    """A query parameter."""

    use_source_ip: NotRequired[bool]
    """True: the client's address, as the gateway sees it."""


class Warmup(TypedDict):
    """How a new pod gets its full share."""

    duration: pulumi.Input[str]
    """After how long, such as `60s`."""


class LoadBalancer(TypedDict):
    """Which pod gets a request: `simple` or `consistent_hash`."""

    simple: NotRequired[LoadBalancing]
    """Any pod, chosen in this way."""

    consistent_hash: NotRequired[ConsistentHash]
    """A client keeps its pod as long as that is there."""

    warmup: NotRequired[Warmup]
    """New pods get their full share by and by. With LEAST_REQUEST and ROUND_ROBIN."""


class TcpPool(TypedDict):
    """Limits on connections to a backend, of each gateway pod."""

    max_connections: NotRequired[pulumi.Input[int]]
    """Connections at once. Default: no limit that counts."""

    connect_timeout: NotRequired[pulumi.Input[str]]
    """How long it may take to connect. Default: Istio's, 10s."""

    idle_timeout: NotRequired[pulumi.Input[str]]
    """After how long without a byte one is closed; `0s`: never. Default: 1h."""

    max_connection_duration: NotRequired[pulumi.Input[str]]
    """After how long one is closed. Default: never."""


class HttpPool(TypedDict):
    """Limits on requests to a backend, of each gateway pod."""

    http1_max_pending_requests: NotRequired[pulumi.Input[int]]
    """Requests that wait for a connection; more are answered with 503. Default: no limit that counts."""

    http2_max_requests: NotRequired[pulumi.Input[int]]
    """Requests at once, whatever the protocol; more are answered with 503. Default: no limit that counts."""

    max_requests_per_connection: NotRequired[pulumi.Input[int]]
    """Requests after which a connection is closed; 1: each has its own. Default: no limit."""

    max_retries: NotRequired[pulumi.Input[int]]
    """Retries at once. Default: no limit that counts."""

    idle_timeout: NotRequired[pulumi.Input[str]]
    """After how long without a request a connection is closed. Less than the backend itself waits (Node.js: 5s), or now
    and then a request meets a connection that is just being closed: 503. Default: 1h."""

    max_concurrent_streams: NotRequired[pulumi.Input[int]]
    """With HTTP/2: requests at once on one connection. Default: Envoy's."""


class ConnectionPool(TypedDict):
    """Limits: at least one of the two."""

    tcp: NotRequired[TcpPool]
    """On connections."""

    http: NotRequired[HttpPool]
    """On requests."""


class OutlierDetection(TypedDict):
    """Which pods get no requests for a while because they failed (Istio's OutlierDetection)."""

    consecutive_5xx_errors: NotRequired[pulumi.Input[int]]
    """After so many 5xx in a row, failed connections among them; 0: never. Default: 5."""

    consecutive_gateway_errors: NotRequired[pulumi.Input[int]]
    """After so many 502, 503 and 504 in a row; 0: never. Default: never."""

    interval: NotRequired[pulumi.Input[str]]
    """How often the pods are looked at. Default: 10s."""

    base_ejection_time: NotRequired[pulumi.Input[str]]
    """How long a pod gets none the first time; each further time it is so much longer. Default: 30s."""

    max_ejection_percent: NotRequired[pulumi.Input[int]]
    """At most so many of a hundred pods at once. Default: 10; of a few pods one."""

    min_health_percent: NotRequired[pulumi.Input[int]]
    """With fewer of a hundred pods left, all get requests. Default: 0."""


class PodPolicy(TypedDict):
    """Which pods of a backend get requests, and how many."""

    load_balancer: NotRequired[LoadBalancer]
    """Which pod gets a request. Default: Istio's, one with few requests open."""

    connection_pool: NotRequired[ConnectionPool]
    """Limits. Default: none that count."""

    outlier_detection: NotRequired[OutlierDetection]
    """Which pods get no requests for a while. Default: none; they leave only when Kubernetes says so."""


class BackendPolicy(PodPolicy):
    """How a backend is spoken to."""

    protocol: NotRequired[BackendProtocol]
    """What is spoken. Default: what the Service's port is called, or its `appProtocol`; HTTP/1.1 for most."""

    tls: NotRequired[BackendTls]
    """TLS to it. Default: none outside the mesh, and the mesh's own inside."""


class PortPolicy(BackendPolicy):
    """How another port of the backend's Service is spoken to."""

    port: pulumi.Input[int]
    """Its number."""


class Subset(PodPolicy):
    """Some of a Service's pods; what is not said of them is as for the others."""

    labels: Mapping[str, pulumi.Input[str]]
    """The labels that they have beside those that the Service selects."""
