"""HostRoutes: routes on a Gateway that somebody else keeps."""

import pulumi
import pytest

from istio_ingress import HostRoutes, HttpGateway, MutualTlsGateway, TlsGateway

CART = {"service": "cart", "port": 80}
HOST = {"host": "cart.shop.example", "backend": CART}


def test_a_team_adds_its_host_to_the_gateway_of_the_platform(declare):
    args = {"namespace": "shop", "gateways": ["platform/wildcard"], "hosts": [HOST]}
    declared = declare(lambda: HostRoutes("cart", args) and None)
    assert [resource.kind for resource in declared.resources] == ["HostRoutes", "VirtualService"]
    assert declared.manifest("VirtualService") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "cart-cart-shop-example", "namespace": "shop"},
        "spec": {
            "hosts": ["cart.shop.example"],
            "gateways": ["platform/wildcard"],
            "http": [
                {
                    "match": [{"uri": {"prefix": "/"}}],
                    "route": [{"destination": {"host": "cart", "port": {"number": 80}}}],
                }
            ],
        },
    }


def test_the_mesh_is_one_of_the_gateways_once(declare):
    host = HOST | {"mesh_hosts": ["cart.default.svc.cluster.local"]}
    for gateways in (["web"], ["web", "mesh"]):
        made = declare(lambda: HostRoutes("cart", {"gateways": gateways, "hosts": [host]}) and None)  # noqa: B023
        assert made.manifest("VirtualService")["spec"]["gateways"] == ["web", "mesh"]


def test_a_route_may_hold_for_some_of_the_gateways_and_all_of_them_for_some_namespaces(declare):
    routes = [{"gateways": ["platform/web"], "prefix": "/", "service": "cart", "port": 80}]
    args = {"gateways": ["platform/web", "mesh"], "export_to": ["."], "hosts": [{"host": "a.test", "routes": routes}]}
    spec = declare(lambda: HostRoutes("cart", args) and None).manifest("VirtualService")["spec"]
    assert spec["exportTo"] == ["."]
    assert spec["http"][0]["match"] == [{"uri": {"prefix": "/"}, "gateways": ["platform/web"]}]


def test_a_host_that_the_gateway_does_not_admit_is_refused_where_both_are_declared(declare):
    def program(host):
        HttpGateway("web", {"hosts": [{"host": "*.shop.example", "backend": CART}]})
        HostRoutes("cart", {"gateways": ["web-http"], "hosts": [HOST | {"host": host}]})

    with pytest.raises(pulumi.RunError, match="virtualservice-host-unbound"):
        declare(lambda: program("cart.blog.example"))
    assert len(declare(lambda: program("cart.shop.example")).of("VirtualService")) == 2


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"hosts": [HOST]}, "gateways is missing, but must be a list, or left out beside a shared_gateway"),
        ({"gateways": ["a/b/c"], "hosts": [HOST]}, "gateways[0] is 'a/b/c', but must be `namespace/name`, a name, or"),
        (
            {"gateways": ["mesh"], "hosts": [HOST | {"host": "*"}]},
            "hosts[0].host is '*', but must be a name where mesh",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_declared(declare, args, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            HostRoutes("cart", args)
        assert str(refused.value).startswith(f'HostRoutes "cart": {sentence}')

    assert declare(program).resources == []


FRONT = {"name": "edge/front", "hosts": ["*.shop.example", "team/only.example", "./own.example"], "https_port": 443}


def on(gateway, *hosts, **more):
    """Routes of the namespace `team` for these hosts."""
    args = {"namespace": "team", "shared_gateway": gateway, "hosts": [{"host": one, "backend": CART} for one in hosts]}
    HostRoutes("cart", args | more)


@pytest.mark.parametrize("gateway", [lambda: FRONT, lambda: pulumi.Output.from_input(FRONT | {"https_port": 443.0})])
def test_the_gateway_of_another_stack_is_taken_whole(declare, gateway):
    hosts = ("cart.shop.example", "*.eu.shop.example", "only.example")
    made = declare(lambda: on(gateway(), *hosts)).of("VirtualService")
    assert [one.inputs["spec"]["gateways"] for one in made] == [["edge/front"]] * 3
    both = declare(lambda: on(gateway(), "cart.shop.example", gateways=["mesh"])).one("VirtualService")
    assert both.inputs["spec"]["gateways"] == ["edge/front", "mesh"]


@pytest.mark.parametrize("host", ["cart.blog.example", "shop.example", "own.example", "*.example.com"])
@pytest.mark.parametrize("gateway", [lambda: FRONT, lambda: pulumi.Output.from_input(FRONT | {"https_port": 443.0})])
def test_a_host_that_the_gateway_of_another_stack_does_not_admit_is_refused(declare, host, gateway):
    with pytest.raises(pulumi.RunError) as refused:
        declare(lambda: on(gateway(), "cart.shop.example", host))
    assert str(refused.value) == (
        f"HostRoutes \"cart\": hosts[1].host is '{host}', but must be a name that the Gateway edge/front admits for "
        "routes in team: *.shop.example, only.example."
    )


def test_a_gateway_that_admits_nobody_here_says_so(declare):
    with pytest.raises(pulumi.RunError, match="admits for routes in team: there is none"):
        declare(lambda: on(FRONT | {"hosts": ["edge/*"]}, "cart.shop.example"))


def test_what_another_stack_exports_is_looked_at_when_it_is_known(declare):
    with pytest.raises(pulumi.RunError, match=r"shared_gateway.name is 'front', but must be `namespace/name`"):
        declare(lambda: on(pulumi.Output.from_input(FRONT | {"name": "front"}), "cart.shop.example"))


def test_each_gateway_is_handed_on_with_its_hosts_its_port_and_what_clients_must_trust(declare):
    def program():
        plain = {
            "hosts": [HOST | {"host": "edge/cart.shop.example"}],
            "namespace": "edge",
            "gateway": {"http_port": 81},
        }
        tls = {"hosts": [HOST | {"host": "*.tls.example"}], "gateway_name": "front"}
        both = {"hosts": [HOST | {"host": "mutual.example"}, HOST | {"host": "other.example"}]}
        made = [HttpGateway("web", plain), TlsGateway("tls", tls), MutualTlsGateway("mutual", both)]
        HostRoutes("cart", {"shared_gateway": made[1].shared, "hosts": [HOST | {"host": "cart.tls.example"}]})
        return {str(position): one.shared for position, one in enumerate(made)} | {"ca": made[1].ca_certificate}

    declared = declare(program)
    plain, tls, mutual = (declared.outputs[position] for position in "012")
    assert plain == {"name": "edge/web-http", "hosts": ["edge/cart.shop.example"], "http_port": 81}
    ca = declared.outputs["ca"]
    assert tls == {"name": "default/front", "hosts": ["*.tls.example"], "https_port": 443, "ca_certificate": ca}
    assert mutual["hosts"] == ["mutual.example", "other.example"]
    assert declared.secret_outputs == set()
    assert declared.of("VirtualService")[-1].inputs["spec"]["gateways"] == ["default/front"]
