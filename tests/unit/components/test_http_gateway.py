"""HttpGateway: plain HTTP hosts on one Gateway, a VirtualService for each."""

import pulumi
import pytest

from istio_ingress import HttpGateway

CART = {"service": "cart", "port": 80}
TO_CART = [{"destination": {"host": "cart", "port": {"number": 80}}}]


def shop(declare, *hosts, **args):
    return declare(lambda: {"hosts": HttpGateway("shop", {"hosts": list(hosts), **args}).hosts})


def test_a_host_with_a_backend_leads_there_whole(declare):
    declared = shop(declare, {"host": "shop.example", "backend": CART})
    assert declared.manifest("Gateway") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "shop-http", "namespace": "default"},
        "spec": {
            "selector": {"istio": "ingressgateway"},
            "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["shop.example"]}],
        },
    }
    assert declared.manifest("VirtualService") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "shop-http-shop-example", "namespace": "default"},
        "spec": {
            "hosts": ["shop.example"],
            "gateways": ["shop-http"],
            "http": [{"match": [{"uri": {"prefix": "/"}}], "route": TO_CART}],
        },
    }
    assert declared.outputs == {"hosts": ["shop.example"]}
    assert not declared.of("Deployment")


def test_each_host_has_its_own_routes_names_and_mesh_names(declare):
    declared = shop(
        declare,
        {"host": "shop.example", "further_hosts": ["www.shop.example"], "backend": CART},
        {"host": "*.shop.example", "backend": CART, "mesh_hosts": ["cart.default.svc.cluster.local"]},
        namespace="shop",
        gateway={"selector": {"istio": "edge"}, "http_port": 8080},
        gateway_name="front",
    )
    spec = declared.manifest("Gateway")["spec"]
    assert spec["selector"] == {"istio": "edge"}
    assert spec["servers"][0]["port"]["number"] == 8080
    assert spec["servers"][0]["hosts"] == ["shop.example", "www.shop.example", "*.shop.example"]
    made = {r.manifest["metadata"]["name"]: r.manifest["spec"] for r in declared.of("VirtualService")}
    assert {name: (spec["hosts"], spec["gateways"]) for name, spec in made.items()} == {
        "front-shop-example": (["shop.example", "www.shop.example"], ["front"]),
        "front-any-shop-example": (["*.shop.example", "cart.default.svc.cluster.local"], ["front", "mesh"]),
    }


def test_a_host_may_be_kept_for_one_namespace(declare):
    later = pulumi.Output.from_input("platform/c.test")
    declared = shop(
        declare,
        {"host": "./a.test", "further_hosts": ["./b.test"], "backend": CART},
        {"host": later, "name": "c", "routes": [{"direct_response": {"status": 204}}]},
        namespace="platform",
    )
    assert declared.manifest("Gateway")["spec"]["servers"][0]["hosts"] == ["./a.test", "./b.test", "platform/c.test"]
    assert [r.manifest["spec"]["hosts"] for r in declared.of("VirtualService")] == [["a.test", "b.test"], ["c.test"]]
    assert declared.outputs == {"hosts": ["a.test", "b.test", "c.test"]}


@pytest.mark.parametrize(
    ("hosts", "sentence"),
    [
        ([], "hosts is [], but must be left out, or a list with something in it."),
        ([{"host": "a.test"}], "hosts[0].backend is missing, but must be given where a route says nothing of who"),
        ([{"host": "a.test", "routes": [{"prefix": "/a"}]}], "hosts[0].backend is missing, but must be given where"),
        (
            [{"host": "a.test", "routes": [{"direct_response": {"status": 204}}], "backend": CART}],
            "hosts[0].backend is {'service': 'cart', 'port': 80}, but must be left out, because every route names its",
        ),
        (
            [{"host": "a.test", "backend": CART}, {"host": "b.test", "further_hosts": ["a.test"], "backend": CART}],
            "hosts[1] is 'a.test', but must be a host of its own: hosts[0] has it too.",
        ),
        (
            [{"host": "a.test", "name": "a", "backend": CART}, {"host": "b.test", "name": "a", "backend": CART}],
            "hosts[1].name is 'a', but must be another name than that of hosts[0].",
        ),
        (
            [{"host": "*", "backend": CART, "mesh_hosts": ["cart"]}],
            "hosts[0].host is '*', but must be a name where mesh_hosts are given, because Istio refuses '*' inside",
        ),
        (
            [{"host": "A/a.test", "backend": CART}],
            "hosts[0].host is 'A/a.test', but must be a DNS name, '*.' and a DNS name, or '*', in lower case, alone or",
        ),
        ([{"host": "a.test", "backend": CART, "routes": [{"timeout": "1"}]}], "hosts[0].routes[0].timeout is '1', but"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_declared(declare, hosts, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            HttpGateway("shop", {"hosts": hosts})
        assert str(refused.value).startswith(f'HttpGateway "shop": {sentence}')

    assert declare(program).resources == []


def test_hosts_must_be_given(declare):
    with pytest.raises(pulumi.RunError, match='HttpGateway "shop": hosts is missing'):
        declare(lambda: HttpGateway("shop", {}) and None)


def test_a_host_that_becomes_known_during_the_update_has_a_name(declare):
    later = pulumi.Output.from_input("a.test")
    with pytest.raises(pulumi.RunError, match=r"hosts\[0\].name is missing, but must be given where the host"):
        shop(declare, {"host": later, "backend": CART})
    declared = shop(declare, {"host": later, "name": "a", "backend": CART})
    assert declared.manifest("VirtualService")["spec"]["hosts"] == ["a.test"]
