"""Expectations as requests to the gateway: what is sent where, and which answers are right."""

import json
from collections import Counter

import pytest

from istio_ingress.expected import ANNOTATION, expected_of
from istio_ingress.live.address import IngressAddress
from istio_ingress.live.client import Answer, Identity
from istio_ingress.live.declared import Declared
from istio_ingress.requests import found, sending
from istio_ingress.requests.checks import checks, with_clients
from istio_ingress.requests.sending import Result
from istio_ingress.walk import World
from tests.unit.rules.build import gateway, http, https, manifest, pods, route, secret, service, virtual_service

NODE = IngressAddress("10.77.0.2", {"http": 30080, "https": 30443}, "test", {80: 30080, 443: 30443})
BALANCER = IngressAddress("192.0.2.7", {"http": 80, "https": 443}, "test", {80: 80, 443: 443})
BEHIND = {"x-envoy-upstream-service-time": "1"}
OBJECTS = [
    gateway("shop", http("shop.example"), https("cart.example", "*.a.example", credentialName="cart")),
    secret("cart", tls_crt="certificate", tls_key="key"),
    service("cart", (80, 8080), selector={"app": "cart"}),
    pods("shop", app="cart"),
]
OUTPUTS = {"ca_certificate": "CA"}


def asked(*expected, host="cart.example", address=NODE, outputs=OUTPUTS, http=None, objects=()):
    """The checks of a host's expectations, and the sentences about those that are not sent."""
    annotations = {ANNOTATION: json.dumps(expected)}
    routes = http or [route("cart", {"uri": {"prefix": "/"}})]
    vs = virtual_service("own", host, gateways=("shop",), http=routes, annotations=annotations)
    world = World([*OBJECTS, vs, *objects])
    return checks(expected_of(world), world, lambda _: address, outputs)


def check(expected, **options):
    (one,), left = asked(expected, **options)
    assert left == []
    return one


def wrong(expected, answer, **options):
    return check(expected, **options).misses(answer)


def test_a_request_goes_to_the_gateways_port_and_names_the_host_as_a_client_at_a_standard_port_does():
    one = check({"request": "POST /a?b=1", "headers": {"x-tier": "gold"}, "status": 201})
    assert (one.target.url, one.target.address, one.target.port) == ("https://cart.example/a?b=1", "10.77.0.2", 30443)
    assert (one.method, one.headers, one.ca) == ("POST", (("x-tier", "gold"),), "ca.crt")
    assert one.what == "POST https://cart.example/a?b=1 x-tier: gold"
    assert check({"status": 200}, address=BALANCER).target.port == 0


@pytest.mark.parametrize(
    ("host", "request_line", "url"),
    [
        ("shop.example", "/x", "http://shop.example/x"),
        ("*.a.example", "/", "https://any.a.example/"),
        ("cart.example", "GET http://cart.example/", "http://cart.example/"),
        ("cart.example", "GET https://b.a.example/?q", "https://b.a.example/?q"),
    ],
)
def test_a_host_is_asked_over_tls_where_a_gateway_has_it_there(host, request_line, url):
    assert check({"request": request_line, "status": 200}, host=host).target.url == url


def test_whom_a_client_trusts_is_the_stacks_authority_another_one_or_the_machines():
    assert [one.ca for one in asked({"status": 200}, {"trusts_server": False, "refused": "handshake"})[0]] == [
        "ca.crt",
        "another-ca.crt",
    ]
    assert check({"status": 200}, outputs={}).ca == ""
    mutual = {**OUTPUTS, "hosts": {"mutual": ["cart.example"]}, "mutual_ca_certificate": "another"}
    assert check({"status": 200}, outputs=mutual).ca == "mutual-ca.crt"


def test_what_cannot_be_sent_is_a_sentence():
    _, left = asked({"request": "https://cart.example:8443/", "status": 200})
    assert left == ["VirtualService shop/own expect[0]: the gateway's Service has no port 8443, so it is not asked."]
    some, left = with_clients(asked({"client_certificate": "phone", "status": 200})[0], [])
    assert some == []
    assert left == ["VirtualService shop/own expect[0]: 'phone' has no certificate and key here, so it is not asked."]


RIGHT = Answer(200, "HTTP/2", "Hello version: v1", {"x-age": "1", "location": "https://cart.example/new", **BEHIND})
WRONG = [
    ({"status": 201}, "Hello version: v1"),
    ({"protocol": "HTTP/1.1"}, "Hello version: v1"),
    ({"body": "Bye"}, "the body has no 'Bye': Hello version: v1"),
    ({"location": "https://cart.example/old"}, "location https://cart.example/new, not https://cart.example/old"),
    ({"response_headers": {"X-Age": "2"}}, "X-Age 1, not 2"),
    ({"response_headers": {"x-no": "2"}}, "x-no missing, not 2"),
    ({"refused": "handshake"}, "Hello version: v1"),
]


@pytest.mark.parametrize(("expected", "says"), WRONG, ids=[str(one) for one, _ in WRONG])
def test_an_answer_is_wrong_in_what_it_is_not(expected, says):
    assert wrong(expected, RIGHT) == says


def test_an_answer_is_right_in_all_that_is_said():
    every = {"status": 200, "protocol": "HTTP/2", "body": "version", "response_headers": {"X-Age": "1"}}
    assert wrong(every, RIGHT) == ""
    assert wrong({"service": "cart", "port": 80, "path": "/"}, RIGHT) == ""
    assert wrong({"refused": "handshake"}, Answer(refused="certificate required")) == ""
    assert wrong({"status": 200}, Answer(refused="connection reset")) == "connection reset"


def test_a_service_must_answer_itself():
    own = Answer(404, "HTTP/2", "")
    assert wrong({"service": "cart"}, own) == "the gateway itself answered"
    assert wrong({"service": "cart"}, Answer(404, "HTTP/2", "no page", BEHIND)) == ""
    assert wrong({"status": 404}, own) == ""
    assert wrong({"status": 404}, Answer(404, "HTTP/2", "", BEHIND)) == "what stands behind the gateway answered"


def test_who_answered_shows_in_no_answer_but_in_the_clusters_objects():
    says = wrong({"service": "site"}, RIGHT)
    assert says.startswith("GET https://cart.example/ must reach the Service shop/site, but shop/cart port 80 answers;")
    assert "VirtualService shop/own spec.http[0].match[0]: takes it: path prefix /" in says


def test_a_table_says_what_is_right_and_wrong_and_how_to_repeat_it():
    some, _ = asked({"status": 200, "protocol": "HTTP/2"}, {"trusts_server": False, "refused": "handshake"})
    table = sending.table([Result(one, Answer(200, "HTTP/2", "hi"), f"curl {one.what}") for one in some]).splitlines()
    assert [line.split() for line in table[:3]] == [
        ["REQUEST", "EXPECTED", "SEEN", "VERDICT"],
        ["https://cart.example/", "200", "HTTP/2", "200", "HTTP/2", "ok"],
        ["https://cart.example/", "with", "another", "CA", "refused", "200", "HTTP/2", "WRONG", "hi"],
    ]
    assert table[4:] == ["The same by hand:", *(f"  curl {one.what}" for one in some)]


def test_a_wrong_answer_is_asked_for_again_while_there_is_patience(monkeypatch, tmp_path):
    answers = iter([Answer(refused="connection reset"), Answer(503, "HTTP/2"), Answer(200, "HTTP/2")])
    monkeypatch.setattr(sending, "send", lambda *_, **__: next(answers))
    monkeypatch.setattr(sending, "POLL_SECONDS", 0.0)
    (result,) = sending.run([check({"status": 200})], {}, tmp_path, patience=10)
    assert (result.is_right, next(answers, None)) == (True, None)


def test_many_wrong_answers_share_one_patience(monkeypatch, tmp_path):
    asked = Counter()
    monkeypatch.setattr(sending, "send", lambda target, **_: asked.update([target.url]) or Answer(503, "HTTP/1.1"))
    monkeypatch.setattr(sending, "SIDE_BY_SIDE", 1)
    both = [check({"status": 200, "request": f"GET /{name}"}) for name in "ab"]
    assert not any(one.is_right for one in sending.run(both, {}, tmp_path, patience=0.5))
    first, second = (asked[one.target.url] for one in both)
    assert (first > 1, second) == (True, 1)


def test_without_patience_the_first_answer_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(sending, "send", lambda *_, **__: Answer(503, "HTTP/1.1"))
    assert not sending.run([check({"status": 200})], {}, tmp_path)[0].is_right


def test_the_request_that_is_sent_is_the_one_that_is_printed(monkeypatch, tmp_path):
    sent = []
    monkeypatch.setattr(sending, "send", lambda target, **how: sent.append((target, how)) or Answer(200, "HTTP/2"))
    one = check({"request": "PUT /x", "headers": {"x-a": "1"}, "client_certificate": "phone", "status": 200})
    phone = Identity("certificate", "key")
    (result,) = sending.run([one], OUTPUTS, tmp_path, known={"phone": phone})
    ((target, how),) = sent
    assert (target, how["method"], how["headers"], how["ca"], how["identity"]) == (
        one.target, "PUT", {"x-a": "1"}, "CA", phone,
    )  # fmt: skip
    assert result.curl == (
        "curl -sS -i --noproxy '*' --connect-to cart.example:443:10.77.0.2:30443 "
        f"--cacert {tmp_path / 'ca.crt'} --cert {tmp_path / 'phone.crt'} --key phone.key "
        "--request PUT --header 'x-a: 1' https://cart.example/x"
    )
    assert {file.name for file in tmp_path.iterdir()} == {"ca.crt", "another-ca.crt", "mutual-ca.crt",
                                                          "passthrough-ca.crt", "phone.crt"}  # fmt: skip


def test_clients_are_those_that_the_stack_exports_by_name_or_the_only_one():
    by_name = {"client_certificates": {"a": "A", "b": "B"}, "client_keys": {"a": "K"}}
    assert sending.clients(by_name, ["a", "b"]) == {"a": Identity("A", "K")}
    only = {"client_certificate": "C", "client_key": "K"}
    assert sending.clients({**by_name, **only}, ["b", "c"]) == {
        "a": Identity("A", "K"), "b": Identity("C", "K"), "c": Identity("C", "K"),
    }  # fmt: skip


def test_two_labs_write_their_certificates_to_two_places(monkeypatch):
    places = set()
    for backend in ("file:///srv/lab77", "file:///srv/lab78"):
        monkeypatch.setenv("PULUMI_BACKEND_URL", backend)
        monkeypatch.setenv("PULUMI_STACK", "dev")
        places.add(sending.certificates_directory())
    assert len(places) == 2
    assert all(place.name.startswith("dev-") for place in places)


def test_only_what_the_stacks_objects_expect_is_asked():
    one, other = (
        virtual_service(name, f"{name}.example", annotations={ANNOTATION: '[{"status":200}]'})
        for name in ("one", "other")
    )
    owned = [Declared(other, ""), Declared(service("one", (80, 80)), "")]
    (kept,) = found.of_objects(expected_of(World([one, other])), owned)
    assert kept.owner.name == "other"


def test_a_host_is_asked_at_the_service_before_its_own_gateway(monkeypatch):
    edge = service("edge", (80, 8080), selector={"istio": "edge"})
    own = gateway("own", http("own.example"), selector={"istio": "edge"})
    vs = virtual_service("own", "own.example", gateways=("own",), annotations={ANNOTATION: '[{"status":200}]'})
    monkeypatch.setattr(found.address, "find", lambda namespace, name: f"{namespace}/{name}")
    address_of = found.addresses(world := World([edge, own, vs]), {})
    assert [address_of(one.owner) for one in expected_of(world)] == ["shop/edge"]
    (shop,), default = asked({"status": 200})[0], found.addresses(World(OBJECTS), {})
    assert default(shop.about.owner) == "istio-system/istio-ingressgateway"


def test_an_annotation_by_hand_that_is_none_is_left_out_and_a_kind_of_its_own():
    broken = manifest("VirtualService", "broken", spec={"hosts": ["a"]}, annotations={ANNOTATION: "{}"})
    assert expected_of(World([broken])) == []
