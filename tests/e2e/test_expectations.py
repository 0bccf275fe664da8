"""What a program expects is proven by the preview, and by requests to the gateway."""

import json
import textwrap

import pytest

from tests.e2e.conftest import example, kubectl
from tests.e2e.stacks import Stack

PROGRAM = """
import pulumi
from istio_ingress import HttpbinIngress, MutualTlsGateway, TlsPassthrough, TcpGateway

site = HttpbinIngress("site", {{
    "namespace": "{namespace}", "hosts": ["site.{namespace}.example", "*.site.{namespace}.example"],
    "workload": {{"image": "lab.local/go-httpbin:1"}}, "routes": [{{"prefix": "/"}}],
}})
backend = {{"service": site.service, "port": site.service_port}}
shop = MutualTlsGateway("shop", {{
    "namespace": "{namespace}",
    "clients": [{{"name": "phone"}}, {{"name": "lost"}}],
    "revoked": {{"clients": ["lost"]}},
    "https_redirect": True,
    "hosts": [{{
        "host": "shop.{namespace}.example",
        "routes": [
            {{"prefix": "/api/", "methods": ["GET", "PUT"], "rewrite": {{"prefix": "/anything/"}},
              "request_headers": {{"set": {{"x-shop": "cart"}}}},
              "response_headers": {{"set": {{"x-served-by": "edge"}}}},
              **backend, "expect": [{{"request": "PUT /api/x", "client_certificate": "phone"}}]}},
            {{"exact": "/old", "redirect": {{"path": "/new"}}}},
            {{"exact": "/gone", "direct_response": {{"status": 410}}}},
        ],
        "expect": {expect},
    }}],
}})
pulumi.export("ca_certificate", shop.ca_certificate)
pulumi.export("client_certificates", shop.client_certificates)
pulumi.export("client_keys", shop.client_keys)
"""
PHONE = {"client_certificate": "phone"}
API = {"request": "GET /api/items?page=2", **PHONE}


def right(namespace):
    """What the program does."""
    host = f"shop.{namespace}.example"
    return [
        {**API, "service": "site", "status": 200, "path": "/anything/items?page=2", "protocol": "HTTP/2"},
        {**API, "request_headers": {"x-shop": "cart"}, "body": "X-Shop"},
        {**API, "response_headers": {"x-served-by": "edge"}},
        {"request": "GET /old?x=1", **PHONE, "status": 301, "location": f"https://{host}/new?x=1"},
        {"request": "/gone", **PHONE, "status": 410},
        {"request": "POST /api/items", **PHONE, "status": 404},
        {"request": f"GET http://{host}/", "status": 301, "location": f"https://{host}/"},
        {"request": "/gone", "refused": "handshake"},
        {"request": "/gone", "client_certificate": "lost", "refused": "handshake"},
        {"request": "/gone", **PHONE, "trusts_server": False, "refused": "handshake"},
    ]


#: A wrong expectation of each kind, and what of it the preview says.
WRONG = [
    ({**API, "status": 404}, "must get 404 from the gateway itself, but "),
    ({"request": "/gone", **PHONE, "status": 200}, "must get 200, but the gateway answers 410"),
    ({**API, "service": "cart"}, "must reach the Service {namespace}/cart, but {namespace}/site port 8000 answers; "),
    ({**API, "port": 80}, "must reach port 80, but {namespace}/site port 8000 answers; it sees "),
    ({**API, "subset": "v2"}, "must reach the subset v2, but "),
    ({**API, "path": "/api/items"}, "it sees shop.{namespace}.example/anything/items?page=2"),
    ({**API, "request_headers": {"x-shop": "site"}}, "must reach it with x-shop: site, but "),
    ({**API, "response_headers": {"x-age": "1"}}, "must be answered with x-age: 1, but "),
    ({"request": "/old", **PHONE, "location": "https://a.example/"}, "must be redirected to https://a.example/, but "),
    ({**API, "refused": "handshake"}, "must be refused at the handshake, but "),
    ({"request": "/gone", "status": 410}, "must get 410, but refused: the handshake."),
    ({"request": "/gone", "client_certificate": "lost", "status": 410}, "must get 410, but refused: the handshake."),
]


def program(namespace, expect):
    return PROGRAM.format(namespace=namespace, expect=textwrap.indent(repr(expect), "")).replace("'", '"')


@pytest.fixture(scope="module")
def stack(tmp_path_factory, namespace):
    """A stranger's stack, in a namespace of its own, up."""
    made = Stack.create(tmp_path_factory.mktemp("stack"), program(namespace, right(namespace)))
    made.up()
    yield made
    made.destroy()


def test_a_wrong_expectation_of_each_kind_is_refused_with_what_would_come(tmp_path, namespace):
    stack = Stack.create(tmp_path / "wrong", program(namespace, [one for one, _ in WRONG]))
    sentence = stack.refused()
    assert sentence.startswith(f"{len(WRONG)} mistakes in the ingress. What they are in has not been registered.\n")
    lines = [line for line in sentence.splitlines() if line.startswith("  expectation: ")]
    for index, ((_, says), line) in enumerate(zip(WRONG, lines, strict=True)):
        assert f"VirtualService {namespace}/shop-mtls-shop-{namespace}-example" in line
        assert f" expect[{index}]: GET https://shop.{namespace}.example/" in line
        assert says.replace("{namespace}", namespace) in line


def test_a_strangers_stack_is_proven_by_requests(stack):
    asked = stack.requests()
    assert [one for one in asked if not one["right"]] == []
    assert len(asked) == len(right("any")) + 1


def test_what_a_service_answers_only_shows_when_it_is_asked(stack, namespace, tmp_path):
    wrong = [{**API, "service": "site", "status": 418}, {**API, "body": "no such words"}]
    stack.rewrite(program(namespace, [*right(namespace), *wrong]))
    assert stack.planned() == {"update": [f"shop-shop-{namespace}-example-routes"]}
    stack.up()
    said = stack.command("requests")
    assert said.returncode == 1
    assert said.stdout.count("WRONG") == 2
    assert "the body has no 'no such words': " in said.stdout
    assert f"2 of {len(right('any')) + 3} answers are wrong" in said.stderr


def test_whoever_has_no_key_is_not_asked_and_nobody_needs_the_stack(stack, namespace, tmp_path):
    (tmp_path / "ca.crt").write_text(stack.outputs()["ca_certificate"])
    bare = Stack(tmp_path, "none", {**stack.environment, "PULUMI_BACKEND_URL": f"file://{tmp_path}"})
    assert bare.command("requests").returncode == 2
    said = bare.command("requests", "--all", "--json", "--cacert", str(tmp_path / "ca.crt"))
    own = [one for one in json.loads(said.stdout)["requests"] if f"/shop-mtls-shop-{namespace}" in one["object"]]
    assert {one["expected"] for one in own} == {"301", "refused"}
    assert "'phone' has no certificate and key here, so it is not asked." in said.stderr


def test_the_annotation_of_somebody_who_writes_yaml_is_asked_too(stack, namespace):
    annotation = json.dumps([{"request": "/status/204", "status": 204}, {"request": "/status/204", "status": 200}])
    name = "virtualservice/site-http"
    kubectl("annotate", "--namespace", namespace, name, f"istio-ingress/expect={annotation}")
    asked = [one for one in stack.requests() if one["object"].endswith("/site-http")]
    assert [(one["expected"], one["seen"], one["right"]) for one in asked] == [
        ("204", "204 HTTP/1.1", True),
        ("200", "204 HTTP/1.1", False),
    ]


def test_the_example_of_the_docs_is_previewed(tmp_path):
    assert "mistake" not in Stack.create(tmp_path / "example", example("expectations")).preview()
