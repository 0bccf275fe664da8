"""Every field of every component, found by its annotation, with every kind of value that a program may put there."""

import typing
from collections.abc import Mapping, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import NotRequired

import pulumi
import pytest

from istio_ingress import x509
from istio_ingress.pki import revocation
from istio_ingress.plugin import COMPONENTS
from tests.unit.certificates import Authority
from tests.unit.components import engine
from tests.unit.components.least import least

CA = Authority("every CA", days=2000)
LEAF = CA.issue("a.test")
OWN = {"certificate": CA.certificate, "private_key": CA.key}
RIGHT = {
    "absent": True,
    "add": "gold",
    "allow_credentials": True,
    "allow_headers": "x-tier",
    "allow_methods": "PUT",
    "annotations": "shop",
    "api_version": "v1beta1",
    "attempts": 3,
    "backoff": "100ms",
    "base_ejection_time": "1m",
    "bind": "10.0.0.1",
    "body": "gone",
    "bundle": CA.certificate,
    "ca_certificate": CA.certificate,
    "certificate": CA.certificate,
    "chain": CA.certificate,
    "cipher_suites": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "client_ca": CA.certificate,
    "client_ca_credential": "configmap://istio-system/bundle",
    "client_names": "phone.test",
    "common_name": "a.test",
    "connect_timeout": "2s",
    "consecutive_5xx_errors": 3,
    "consecutive_gateway_errors": 3,
    "container_port": 9443,
    "country": "DE",
    "credential_name": "a-cert",
    "crl": CA.revocations(),
    "derive_port": "FROM_REQUEST_PORT",
    "destination_rule_name": "rule",
    "duration": "1m",
    "entry": "ingress-class",
    "exact": "/a",
    "existing_certificate": "a-cert",
    "existing_credential": "a-cert",
    "export_to": "*",
    "expose_headers": "x-tier",
    "extended_key_usages": "server_auth",
    "fixed_delay": "5s",
    "further_hosts": "c.test",
    "gateway": {"namespace": "edge", "selector": {"istio": "edge"}, "http_port": 81, "https_port": 444},
    "gateway_name": "front",
    "gateways": "web",
    "generation": 1,
    "grpc_status": "UNAVAILABLE",
    "host": "a.test",
    "hostname": "new.test",
    "hosts": "a.test",
    "http1_max_pending_requests": 9,
    "http2_max_requests": 9,
    "http_header_name": "x-user",
    "http_port": 81,
    "http_query_parameter_name": "user",
    "http_status": 503,
    "https_port": 444,
    "https_redirect": True,
    "idle_timeout": "1m",
    "ignore_case": True,
    "image": "registry.test/app:1",
    "ingress_class": "istio",
    "insecure_skip_verify": True,
    "interval": "5s",
    "key_algorithm": "rsa-2048",
    "key_algorithms": "rsa-2048",
    "kind": "helloworld",
    "labels": "v2",
    "leaf_generation": 2,
    "locality": "Bonn",
    "max_age": "1h",
    "max_concurrent_streams": 9,
    "max_connection_duration": "1h",
    "max_connections": 9,
    "max_ejection_percent": 50,
    "max_leaf_days": 1200,
    "max_requests_per_connection": 9,
    "max_retries": 9,
    "max_tls": "TLSV1_3",
    "mesh_hosts": "app.default.svc.cluster.local",
    "methods": "GET",
    "min_health_percent": 50,
    "min_tls": "TLSV1_2",
    "mode": "SIMPLE",
    "name": "phone",
    "namespace": "team",
    "nginx_conf": "events {}",
    "organization": "Team",
    "organizational_unit": "Web",
    "path": "/a/*",
    "path_prefix": "/a",
    "per_try_timeout": "2s",
    "percent": 50,
    "port": 80,
    "port_name": "web",
    "prefix": "/a",
    "present": True,
    "private_key": CA.key,
    "protocol": "http2",
    "province": "NRW",
    "proxy_protocol": "V2",
    "regex": "/v[0-9]+",
    "remove": "x-tier",
    "renew_before_days": 20,
    "replicas": 2,
    "retry_ignore_previous_hosts": False,
    "retry_on": "5xx",
    "retry_remote_localities": True,
    "rollover": "trust",
    "sans": "b.test",
    "scheme": "https",
    "scope": "mesh",
    "secret_format": "generic",
    "selector": {"istio": "edge"},
    "serials": "0A",
    "server_port": 80,
    "service": "app",
    "service_name": "site",
    "set": "gold",
    "simple": "RANDOM",
    "sni": "b.test",
    "source_labels": "web",
    "source_namespace": "team",
    "status": 301,
    "subject_alt_names": "b.test",
    "subset": "v2",
    "substitution": "/new",
    "timeout": "5s",
    "tls_secret": "a-cert",
    "tls_secrets": "a-cert",
    "ttl": "1h",
    "unmatched_preflights": "IGNORE",
    "use_source_ip": True,
    "validity_days": 399,
    "verification": "OPTIONAL_MUTUAL",
    "virtual_service_name": "routes",
    "weight": 9,
    "weights_owner": "flagger",
}
SPECIAL = {
    "ServiceBackend.patches": {"DestinationRule": {"metadata": {"labels": {"team": "shop"}}}},
    "patches": {"VirtualService": {"spec": {"exportTo": ["*"]}}},
    "IntermediateAuthority.max_leaf_days": 400,
    "gateway": RIGHT["gateway"],
    "given_certificate": {"certificate": LEAF.certificate, "private_key": LEAF.key},
    "given_certificate.certificate": LEAF.certificate,
    "given_certificate.private_key": LEAF.key,
    "revoked.clients": "phone",
    "client": {"certificate": LEAF.certificate, "private_key": LEAF.key},
    "client.certificate": LEAF.certificate,
    "client.private_key": LEAF.key,
    "routes.port": 80,
    "shared_gateway.hosts": "shop.example",
    "shared_gateway.name": "edge/front",
    "expect.location": "https://shop.example/new",
    "expect.protocol": "HTTP/2",
    "expect.request": "GET /a",
    "expect.trusts_server": True,
    "expect.status": 418,
    **{
        f"expect.{texts}{end}": "gold"
        for texts in ("headers", "query", "request_headers", "response_headers")
        for end in ("", ".x-one")
    },
    "direct_response.status": 410,
}
# The least of a type of which some field must be given, though no one of them.
STARTS = {
    "ConnectionPool": {"tcp": {"max_connections": 5}},
    "ConsistentHash": {"use_source_ip": True},
    "Expectation": {"status": 418},
    "Fault": {"abort": {"http_status": 503}},
    "FaultAbort": {"http_status": 503},
    "HeaderChanges": {"remove": ["x-old"]},
    "HttpPool": {"max_retries": 5},
    "LoadBalancer": {"simple": "ROUND_ROBIN"},
    "OutlierDetection": {"interval": "1m"},
    "PortPolicy": {"protocol": "http2"},
    "PassthroughHost": {"backend": {"service": "app", "port": 80}},
    "Redirect": {"path": "/new"},
    "Rewrite": {"hostname": "new.test"},
    "Route": {"backends": [{"service": "app", "port": 80}]},
    "SharedGateway": {"name": "edge/front", "hosts": ["shop.example"]},
    "RoutedHost": {"backend": {"service": "app", "port": 80}},
    "TcpPool": {"max_connections": 5},
    "TcpPort": {"backend": {"service": "app", "port": 80}},
    "TextMatch": {"exact": "gold"},
}
# What a field stands for instead of others.
INSTEAD = {
    "absent": ["exact"],
    "backends": ["backend"],
    "consistent_hash": ["simple"],
    "delegate": ["backends"],
    "direct_response": ["backends"],
    "grpc_status": ["http_status"],
    "http_cookie": ["use_source_ip"],
    "http_header_name": ["use_source_ip"],
    "http_query_parameter_name": ["use_source_ip"],
    "path_prefix": ["exact"],
    "prefix": ["exact"],
    "present": ["exact"],
    "redirect": ["backends"],
    "regex": ["exact"],
    "routes": ["backend"],
    "service": ["backends"],
    "subset": ["backends"],
}
# What must stand beside a field, by the end of its path.
BESIDE = {
    "HttpbinIngress.ingress_class": {"entry": "ingress-class"},
    "HttpbinIngress.tls_secret": {"entry": "ingress-class"},
    "HttpbinIngress.tls_secrets": {"": {"entry": "ingress-class", "hosts": ["x-one"]}},
    "client_ca_credential": {"hosts": [{"host": "a.test"}]},
    "HttpbinIngress.routes.path": {"": {"entry": "ingress-class"}, "service": "app", "port": 80, "backends": None},
    "hosts.host": {"name": "a"},
    "routes.service": {"port": 80},
    "routes.port": {"service": "app", "backends": None},
    "routes.subset": {"service": "app", "port": 80},
    "given_certificate.certificate": {"private_key": LEAF.key},
    "given_certificate.private_key": {"certificate": LEAF.certificate},
    "TcpGateway.ports.port": {"name": "a"},
    "rewrite.regex": {"substitution": "/new"},
    "rewrite.substitution": {"regex": "/old"},
    "ignore_case": {"prefix": "/a"},
    "MutualTlsGateway.crl": {"client_ca": CA.certificate},
    "MutualTlsGateway.revoked": {"authority": OWN, "clients": [{"name": "phone"}]},
    "revoked.clients": {"": {"authority": OWN, "clients": [{"name": "phone"}]}},
    "revoked.clients.item": {"": {"authority": OWN, "clients": [{"name": "phone"}]}},
    "revoked.serials": {"": {"authority": OWN}},
    "revoked.validity_days": {"": {"authority": OWN}},
    "revoked.renew_before_days": {"": {"authority": OWN}},
    "CertificateAuthority.validity_days": {"max_leaf_days": 90},
    "IntermediateAuthority.validity_days": {"max_leaf_days": 90},
}
# What only an Ingress can serve, which has a test of its own, and what some texts of a request cannot be.
ELSEWHERE = {
    "hosts.routes.path",
    "DelegateRoutes.routes.path",
    *(f"DelegateRoutes.routes.delegate{end}" for end in ("", ".name", ".namespace")),
    *(
        f"{whose}.backends.{side}_headers"
        for whose in ("ports", "TlsPassthrough.hosts")
        for side in ("request", "response")
    ),
    *(f"{text}.{kind}" for text in ("authority", "scheme", "allow_origins") for kind in ("absent", "present")),
    "without_headers.absent",
}


class Key(str):
    """A person's own name for something, in a path."""

    __slots__ = ()


class Place(typing.NamedTuple):
    """A field, as its annotations tell it."""

    component: type
    path: tuple
    """Names and positions that lead to it."""
    hint: object
    required: bool
    holders: tuple
    """The types that it stands in, the nearest last."""

    @property
    def names(self):
        names = [step for step in self.path if isinstance(step, str) and not isinstance(step, Key)]
        return [self.component.__name__, *names]

    @property
    def field(self):
        return self.names[-1]

    @property
    def shown(self):
        return "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in self.path)[1:]

    @property
    def is_input(self):
        return typing.get_origin(bare(self.hint)) is typing.Union

    @property
    def is_list(self):
        return typing.get_origin(plain(self.hint)) is Sequence

    @property
    def is_mapping(self):
        return typing.get_origin(plain(self.hint)) is Mapping

    def at(self, ends, default=None):
        """What a table has for this place: by the end of its path."""
        whole = "." + ".".join(self.names)
        return next((value for end, value in ends.items() if whole.endswith(f".{end}")), default)

    def right(self):
        held = plain(typing.get_args(plain(self.hint))[-1] if self.is_list or self.is_mapping else self.hint)
        value = self.at(SPECIAL, start(held) if typing.is_typeddict(held) else RIGHT.get(self.field))
        if self.is_list:
            return [value]
        return {"x-one": value} if self.is_mapping and self.field not in SPECIAL and self.field != "selector" else value

    def args(self, value):
        """Arguments with this value in the field, and around it what must be there."""
        beside = self.at(BESIDE, {})
        whole = holder = deepcopy(least(self.component)) | beside.get("", {})
        for upto, (step, below) in enumerate(pairwise(self.path), start=1):
            make_room(holder, step)
            hint = plain(HINTS[self.component, self.path[:upto]])
            holder[step] = start(hint) if typing.is_typeddict(hint) else {} if isinstance(below, Key) else [None]
            holder = holder[step]
        make_room(holder, self.path[-1])
        if isinstance(holder, dict):
            holder.update({key: more for key, more in beside.items() if key})
        holder[self.path[-1]] = value
        return whole


def make_room(holder, step):
    for other in INSTEAD.get(step, ()) if isinstance(holder, dict) else ():
        holder.pop(other, None)


def bare(hint):
    return bare(typing.get_args(hint)[0]) if typing.get_origin(hint) is NotRequired else hint


def plain(hint):
    wrapped = typing.get_origin(hint) in (NotRequired, typing.Union)
    return plain(typing.get_args(hint)[0]) if wrapped else hint


def start(hint):
    """The least of a type: the fields that it needs."""
    return {field: least_of(field, hint.__annotations__[field]) for field in sorted(hint.__required_keys__)} | deepcopy(
        STARTS.get(hint.__name__, {})
    )


def least_of(field, hint):
    if typing.get_origin(plain(hint)) is Sequence:
        return [least_of(field, typing.get_args(plain(hint))[0])]
    if typing.get_origin(plain(hint)) is Mapping:
        return {"x-one": least_of(field, typing.get_args(plain(hint))[1])}
    return start(plain(hint)) if typing.is_typeddict(plain(hint)) else RIGHT[field]


HINTS = {}


def walk(component, schema, path=(), holders=()):
    for field, hint in schema.__annotations__.items():
        yield from below(component, (*path, field), hint, field in schema.__required_keys__, (*holders, schema))


def below(component, path, hint, required, holders):
    HINTS[component, path] = hint
    yield Place(component, path, hint, required, holders)
    held = plain(hint)
    if typing.is_typeddict(held):
        yield from walk(component, held, path, holders)
    elif typing.get_origin(held) is Sequence:
        yield from below(component, (*path, 0), typing.get_args(held)[0], True, holders)
    elif typing.get_origin(held) is Mapping and path[-1] not in ("patches", "selector"):
        yield from below(component, (*path, Key("x-one")), typing.get_args(held)[1], True, holders)


def places():
    """Every field of each component, and every field of a type within them once for each place of that type."""
    seen = set()
    for component in COMPONENTS:
        for place in walk(component, component._takes):
            if place.path[:1] == ("tls_secrets",) and len(place.path) > 1:
                continue  # each must be that of a host, which has a test of its own
            if "expect" in place.names and component.__name__ != "HostRoutes":
                continue  # a preview proves what is expected by the component's own routes: tests/unit/expected
            once = (place.holders[-1], tuple(place.path[-3:] if len(place.holders) > 1 else place.path))
            if not place.at(dict.fromkeys(ELSEWHERE, True)) and once not in seen:
                seen.add(once)
                yield place


pytestmark = pytest.mark.parametrize(
    "place", list(places()), ids=lambda place: f"{place.component.__name__}-{place.shown}"
)


@pytest.fixture(autouse=True)
def readable(monkeypatch):
    """Certificates that Pulumi's mocks make up have a serial number."""
    monkeypatch.setattr(revocation, "_first", lambda _: x509.certificates(CA.certificate.encode())[0])


def outcome(component, args):
    """What the component declares, or the sentence in which it is refused; `args` are made in an event loop."""
    sentences = []

    def program():
        try:
            component("any", args())
        except pulumi.RunError as refused:
            sentences.append(str(refused))

    made = engine.declare(program).resources
    assert not (sentences and made)
    return sentences or sorted(((one.type, one.name, one.inputs) for one in made), key=lambda made: made[:2])


def declared(place, value):
    made = outcome(place.component, lambda: place.args(value()))
    assert isinstance(made[0], tuple), made
    return made


def refusal(place, value):
    """The one sentence in which the value is refused, before anything is declared."""
    (sentence,) = outcome(place.component, lambda: place.args(value()))
    assert isinstance(sentence, str)
    assert sentence.startswith(f'{place.component.__name__} "any": {place.shown} is ')
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "Calling __str__" not in sentence
    assert "PRIVATE KEY" not in sentence
    return sentence


def test_a_value_of_an_update_works_where_the_annotation_says_so_and_is_refused_elsewhere(place):
    async def soon():
        return place.right()

    def later():
        return pulumi.Output.from_input(place.right())

    right = declared(place, place.right)
    if place.is_input:
        assert declared(place, later) == right
        assert declared(place, soon) == right
    else:
        assert " is an Output, but must be known while the program runs" in refusal(place, later)


def test_none_is_as_if_left_out(place):
    if place.required:
        assert f"{place.shown} is missing, but must be " in refusal(place, lambda: None)
        return

    def without():
        args = holder = place.args(None)
        for step in place.path[:-1]:
            holder = holder[step]
        del holder[place.path[-1]]
        return args

    assert outcome(place.component, lambda: place.args(None)) == outcome(place.component, without)


def test_a_tuple_is_a_list_and_nothing_else(place):
    if place.is_list:
        assert declared(place, lambda: tuple(place.right())) == declared(place, place.right)
    else:
        refusal(place, lambda: (place.right(),))


def test_a_value_of_a_wrong_type_is_one_sentence(place):
    for wrong in ((one for one in [place.right()]), object(), {1}, b"a", *[1.5] * (plain(place.hint) is not float)):
        refusal(place, lambda wrong=wrong: wrong)
