"""What a host or a route must answer is walked before anything is registered, and travels with its object."""

import json
import logging
from pathlib import Path

import pulumi
import pytest

from istio_ingress import (
    DelegateRoutes,
    HostRoutes,
    HttpbinIngress,
    HttpGateway,
    MutualTlsGateway,
    PassthroughNginx,
    TcpGateway,
    TlsGateway,
    TlsPassthrough,
)
from istio_ingress.expected import ANNOTATION
from istio_ingress.preview import review
from tests.unit.components import engine

ROOT = Path(__file__).parents[3]
ROUTES = [
    {
        "prefix": "/api/",
        "headers": {"x-tier": {"exact": "gold"}},
        "backends": [
            {"service": "cart", "port": 8080, "weight": 90},
            {"service": "cart-next", "port": 8080, "weight": 10, "subset": "v2"},
        ],
        "rewrite": {"prefix": "/"},
        "request_headers": {"set": {"x-shop": "cart"}},
        "response_headers": {"set": {"x-served-by": "edge"}},
    },
    {"exact": "/old", "redirect": {"path": "/new"}},
    {"prefix": "/", "service": "site", "port": 80},
]
FRESH = engine.Declared
GOLD = {"request": "GET /api/items?page=2", "headers": {"x-tier": "gold"}}
RIGHT = [
    {**GOLD, "service": "cart", "port": 8080, "path": "/items?page=2"},
    {**GOLD, "service": "cart-next.default.svc.cluster.local", "subset": "v2"},
    {**GOLD, "request_headers": {"X-Shop": "cart"}, "response_headers": {"x-served-by": "edge"}},
    {**GOLD, "status": 200, "protocol": "HTTP/2", "body": "items"},
    {"request": "/api/items", "query": {"a": "b c"}, "service": "site", "path": "/api/items?a=b%20c"},
    {"request": "POST /old", "status": 301, "location": "https://cart.example/new"},
    {"request": "GET https://blog.example/", "refused": "handshake"},
    {"trusts_server": False, "refused": "handshake"},
]
# A wrong expectation of each kind, and the sentence in which the preview ends.
TAKEN = "VirtualService default/shop-tls-cart-example spec.http"
GET = "GET https://cart.example"
WRONG = [
    (
        {"service": "cart"},
        f"{GET}/ must reach the Service default/cart, but default/site port 80 answers; it sees cart.example/. "
        f"{TAKEN}[2].match[0] (shop-cart-example-routes): takes it: path prefix /; "
        "site.default.svc.cluster.local is not declared here: taken for there.",
    ),
    ({**GOLD, "port": 80}, "/api/items?page=2 must reach port 80, but default/cart port 8080 answers; it sees "),
    ({**GOLD, "subset": "v1"}, "must reach the subset v1, but default/cart port 8080 answers; it sees cart.example/"),
    ({**GOLD, "path": "/api/items"}, "must reach it as /api/items, but default/cart port 8080 answers; it sees "),
    ({**GOLD, "request_headers": {"x-shop": "site"}}, "must reach it with x-shop: site, but default/cart port 8080 "),
    ({**GOLD, "response_headers": {"x-age": "1"}}, "must be answered with x-age: 1, but default/cart port 8080 "),
    ({"status": 404}, f"{GET}/ must get 404 from the gateway itself, but default/site port 80 answers; it sees "),
    ({"request": "/old", "status": 302}, "/old must get 302 from the gateway itself, but the gateway answers 301, "),
    ({"request": "/old", "status": 301, "location": "https://cart.example/x"}, "must be redirected to https://cart."),
    ({"refused": "handshake"}, f"{GET}/ must be refused at the handshake, but default/site port 80 answers; it sees"),
    ({"request": "https://blog.example/", "service": "site"}, "but refused: the handshake. no server on port 443 is"),
    ({"request": "https://blog.example/", "body": "x"}, "must be answered, but refused: the handshake."),
]


def shop(*expect, **host):
    given = {"host": "cart.example", "existing_credential": "cart", "routes": ROUTES, **host}
    return TlsGateway("shop", {"hosts": [{**given, **({"expect": list(expect)} if expect else {})}]})


@pytest.fixture
def preview(declare, monkeypatch, caplog):
    """Runs a program; what was declared, the sentence that ended it, and what was said besides."""
    caplog.set_level(logging.INFO)

    def run(program):
        caplog.clear()
        declared = FRESH()
        monkeypatch.setattr(engine, "Declared", lambda: declared)
        refused = ""
        try:
            declare(lambda: review.watch() or (program() and None))
        except pulumi.RunError as error:
            refused = str(error)
        return (
            declared,
            refused,
            [message for message in caplog.messages if " expectations are not known yet" in message],
        )

    return run


def test_what_comes_as_expected_is_registered_without_a_word(preview):
    declared, refused, said = preview(lambda: shop(*RIGHT))
    assert (refused, said) == ("", [])
    assert {one.kind for one in declared.resources} >= {"Gateway", "VirtualService"}


@pytest.mark.parametrize(("expected", "sentence"), WRONG, ids=[str(list(one)[-1]) for one, _ in WRONG])
def test_what_would_come_otherwise_ends_the_preview_with_what_and_why(preview, expected, sentence):
    declared, refused, _ = preview(lambda: shop(RIGHT[0], expected))
    assert refused.startswith("1 mistake in the ingress. What they are in has not been registered.\n  expectation: ")
    assert (
        'VirtualService default/shop-tls-cart-example (declared as "shop-cart-example-routes") expect[1]: ' in refused
    )
    assert sentence in refused
    assert refused.endswith("\ndocs/expectations.md says how expectations are proven: change them, or the routes.")
    assert declared.resources == []


def test_it_stands_among_the_other_mistakes_which_alone_can_be_waived(preview):
    routes = [{"prefix": "/", "service": "site", "port": 80}, {"prefix": "/v1", "service": "api", "port": 80}]
    _, refused, _ = preview(lambda: shop({"request": "/v1/x", "service": "api"}, routes=routes))
    assert refused.startswith("2 mistakes")
    assert "GET https://cart.example/v1/x must reach the Service default/api" in refused
    assert 'waivers["route-unreachable"]' in refused


def test_a_route_says_which_requests_it_must_take(preview):
    early, late = ({"prefix": "/", "service": "site", "port": 80, "methods": ["GET", "PUT"]}, dict(ROUTES[2]))
    right = [{**early, "expect": [{"request": "PUT /x"}]}, {**late, "expect": [{"request": "POST /x"}]}]
    assert preview(lambda: shop(routes=right))[1] == ""
    wrong = [early, {**late, "expect": [{"request": "POST /x"}, {"request": "GET /x", "service": "site"}]}]
    _, refused, _ = preview(lambda: shop(routes=wrong))
    assert 'routes") routes[1].expect[1]: GET https://cart.example/x must be taken by spec.http[0].match[2]' in refused
    assert "spec.http[0].match[0] (shop-cart-example-routes): takes it" in refused


def test_a_value_that_is_known_in_time_is_walked(preview):
    def program(service):
        shop({"service": pulumi.Output.from_input(service), "port": pulumi.Output.from_input(80)})

    assert preview(lambda: program("site"))[1] == ""
    assert "must reach the Service default/cart" in preview(lambda: program("cart"))[1]


def test_what_is_not_known_yet_is_counted_and_said_once(preview):
    def program():
        shop(*RIGHT)
        HostRoutes("team", {"gateways": ["edge/shared"], "hosts": [{**HOST, "expect": [{"service": "site"}] * 2}]})

    _, refused, said = preview(program)
    assert refused == ""
    assert said == [
        "2 of 10 expectations are not known yet, and are proven by asking:\n"
        "  VirtualService default/team-team-example expect[0]: the Gateway edge/shared is not declared here\n"
        "  VirtualService default/team-team-example expect[1]: the Gateway edge/shared is not declared here"
    ]


HOST = {"host": "team.example", "backend": {"service": "site", "port": 80}}
PLAIN = {"service": "site", "port": 80}
EVERY = {
    "HttpGateway": lambda expect: HttpGateway("any", {"hosts": [{**HOST, "expect": expect}]}),
    "HttpbinIngress": lambda expect: HttpbinIngress(
        "any", {"backend": PLAIN, "hosts": ["*.a.example"], "expect": expect}
    ),
    "TlsPassthrough": lambda expect: TlsPassthrough("any", {"hosts": [{**HOST, "expect": expect}]}),
    "TcpGateway": lambda expect: TcpGateway("any", {"ports": [{"port": 5432, "backend": PLAIN, "expect": expect}]}),
    "MutualTlsGateway": lambda expect: MutualTlsGateway(
        "any", {"hosts": [{**HOST, "expect": [{"client_certificate": "phone", **one} for one in expect]}],
                "clients": [{"name": "phone"}]}
    ),
    "HostRoutes": lambda expect: (
        TlsGateway("own", {"gateway_name": "own", "hosts": [{**HOST, "host": "*.team.example"}]}),
        HostRoutes("any", {"gateways": ["own"], "hosts": [{**HOST, "host": "a.team.example", "expect": expect}]}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("component", EVERY)
def test_every_component_with_hosts_is_walked(preview, component):
    assert preview(lambda: EVERY[component]([PLAIN]))[1:] == ("", [])
    assert "must reach the Service default/cart" in preview(lambda: EVERY[component]([{"service": "cart"}]))[1]
    assert "must be refused at the" in preview(lambda: EVERY[component]([{"refused": "connection"}]))[1]


def test_nginx_is_reached_by_its_name_alone(preview):
    def program(**expected):
        PassthroughNginx("site", {"expect": [expected]})

    assert preview(lambda: program(service="site", port=443, protocol="HTTP/1.1"))[1:] == ("", [])
    assert "must reach port 80" in preview(lambda: program(port=80))[1]


def test_a_client_is_let_in_by_name(preview):
    def program(*expect, **args):
        host = {**HOST, "expect": list(expect)}
        MutualTlsGateway("any", {"hosts": [host], "clients": [{"name": "phone"}, {"name": "old"}], **args})

    assert (
        preview(lambda: program({"client_certificate": "phone", "service": "site"}, {"refused": "handshake"}))[1] == ""
    )
    assert (
        "takes it: path prefix /"
        in preview(lambda: program({"client_certificate": "phone", "refused": "handshake"}))[1]
    )
    assert "the client shows no certificate" in preview(lambda: program({"service": "site"}))[1]


def test_a_client_of_whom_nothing_is_known_is_not_guessed_at(preview):
    stranger = {"client_certificate": "partner", "service": "site"}
    _, refused, said = preview(lambda: EVERY["MutualTlsGateway"]([stranger]))
    assert refused == ""
    assert said[0].endswith("whether the gateway takes the client's certificate 'partner'")
    assert preview(lambda: EVERY["HttpGateway"]([stranger]))[1:] == ("", [])


def test_an_ingress_carries_what_is_expected_and_is_not_walked(preview):
    declared, refused, said = preview(lambda: HttpbinIngress("any", {"entry": "ingress-class", "expect": [PLAIN]}))
    assert refused == ""
    assert "1 of 1 expectations are not known yet" in said[0]
    assert json.loads(declared.one("Ingress").inputs["metadata"]["annotations"][ANNOTATION]) == [PLAIN]


def test_it_travels_as_compact_json(preview):
    declared, _, _ = preview(lambda: shop({**GOLD, "status": pulumi.Output.from_input(200)}))
    annotations = declared.one("VirtualService").inputs["metadata"]["annotations"]
    assert annotations[ANNOTATION] == ('[{"request":"GET /api/items?page=2","headers":{"x-tier":"gold"},"status":200}]')


def test_objects_without_it_stay_as_they_are(preview):
    (with_it, *_), (without, *_) = preview(lambda: shop(*RIGHT)), preview(shop)
    annotations = [one.one("VirtualService").inputs["metadata"]["annotations"] for one in (with_it, without)]
    assert annotations[0].pop(ANNOTATION)
    assert annotations[0] == annotations[1]
    assert with_it.one("VirtualService").inputs["spec"] == without.one("VirtualService").inputs["spec"]


REFUSED = [
    ({}, "expect[0].status is missing, but must be given, or another of status, service, port, subset, path, location"),
    ({"refused": "handshake", "status": 404}, "expect[0].status is 404, but must be left out where refused is given"),
    ({"trusts_server": False, "status": 1}, "expect[0].status is 1, but must be a status from 100 to 599."),
    (
        {"trusts_server": False, "status": 200},
        "refused is missing, but must be 'handshake' where trusts_server is false",
    ),
    ({"request": "GET", "status": 200}, "expect[0].request is 'GET', but must be as in 'GET /cart?page=2'."),
    ({"headers": {"x tier": "a"}, "status": 200}, "expect[0].headers is 'x tier', but must be a mapping by names of"),
    ({"headers": {"Host": "a"}, "status": 200}, "headers is 'Host', but must be other headers than the host, which a"),
    ({"refused": "later"}, "expect[0].refused is 'later', but must be one of 'connection', 'handshake'."),
    ({"location": "/new"}, "expect[0].location is '/new', but must be a whole address, such as 'https://shop.example"),
    ({"answer": 1}, "expect[0].answer is 1, but must be left out: the fields are body, client_certificate, headers,"),
]


@pytest.mark.parametrize(("expected", "sentence"), REFUSED, ids=[str(one) for one, _ in REFUSED])
def test_a_wrong_expectation_is_one_sentence(preview, expected, sentence):
    _, refused, _ = preview(lambda: shop(expected))
    assert refused.startswith('TlsGateway "shop": hosts[0].expect[0].')
    assert sentence in refused


def test_routes_that_are_delegated_to_have_no_host_to_ask(preview):
    _, refused, _ = preview(lambda: DelegateRoutes("any", {"routes": [{**PLAIN, "expect": [{"status": 200}]}]}))
    assert "routes[0].expect is 'given', but must be left out: a request is for a host" in refused


def test_the_page_shows_what_a_preview_says(preview, monkeypatch):
    program = (ROOT / "examples" / "expectations" / "__main__.py").read_text()
    monkeypatch.setattr(pulumi, "export", lambda *_: None)
    assert preview(lambda: exec(program, {}))[1:] == ("", [])
    wide = program.replace('"prefix": "/status/"', '"prefix": "/"')
    _, refused, _ = preview(lambda: exec(wide, {}))
    shown = (ROOT / "docs" / "expectations.md").read_text()
    assert "must get 404 from the gateway itself" in refused
    assert f"```\n{refused}\n```" in shown


def test_routes_that_are_exported_to_the_gateways_namespace_alone_are_proven(preview):
    def program():
        hosts = [{"host": "cart.example", "existing_credential": "cart", "routes": ROUTES, "expect": [{"status": 404}]}]
        pods = {"namespace": "edge", "selector": {"istio": "edge"}}
        TlsGateway("shop", {"gateway": pods, "export_to": ["edge"], "hosts": hosts})

    _, refused, said = preview(program)
    assert "must get 404 from the gateway itself, but default/site port 80 answers" in refused
    assert said == []
