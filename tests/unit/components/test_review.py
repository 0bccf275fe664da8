"""What a program declares is held against the rules before any of it is registered."""

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from istio_ingress import (
    CertificateAuthority,
    HttpbinIngress,
    MutualTlsGateway,
    TlsGateway,
    restricted_namespace,
    rules,
)
from tests.unit.components.reviewing import raw_gateway, raw_service, web


def test_a_mistake_within_one_component_is_found_before_anything_is_registered(refused):
    routes = [{"prefix": "/", "service": "cart", "port": 80}, {"prefix": "/v1", "service": "api", "port": 80}]
    message, declared = refused(lambda: HttpbinIngress("shop", {"routes": routes}))
    assert "route-unreachable: VirtualService default/shop-http" in message
    assert declared.resources == []


def test_two_components_are_held_against_each_other(refused):
    message, declared = refused(lambda: [web("one"), web("two")])
    assert "host-conflict: Gateway default/two-tls" in message
    assert "also on Gateway default/one-tls" in message
    assert declared.resources == []


def test_components_at_peace_are_registered(watched):
    def program():
        web("one", "one.example")
        web("two", "two.example")

    assert {r.name for r in watched(program).of("Gateway")} == {"one-gateway", "two-gateway"}


@pytest.mark.parametrize("order", [1, -1], ids=["raw first", "component first"])
def test_a_component_and_a_raw_gateway_are_held_against_each_other(refused, order):
    makers = [lambda: raw_gateway("shop.example"), web][::order]
    message, declared = refused(lambda: [make() for make in makers])
    assert "host-conflict" in message
    assert "Gateway istio-system/raw" in message
    assert "Gateway default/web-tls" in message
    assert declared.resources == []


def test_a_raw_service_written_with_args_classes_is_understood(refused):
    message, _ = refused(lambda: [raw_service("cart", 8080), web()])
    assert "route-port-missing" in message
    assert "The port is 80, and 'cart' has 8080" in message


def test_a_service_that_is_only_read_exists(watched):
    def program():
        raw_service("other", 80)
        kubernetes.core.v1.Service.get("cart", "default/cart")
        web()

    assert watched(program).of("Gateway")


def test_all_mistakes_are_named_at_once_with_what_would_be_right(refused):
    def program():
        web("one")
        web("two", gateway_name="one-tls")
        raw_gateway("raw.example", credential="raw-cacert")
        raw_gateway("raw.example", name="rough")
        raw_service("card", 80)

    message, declared = refused(program)
    assert message.startswith("6 mistakes")
    for rule in ("host-conflict", "resource-repeated", "credential-name-cacert", "route-service-missing"):
        assert f"\n  {rule}: " in message
    assert "Call it 'raw'" in message
    assert '(declared as "two-gateway")' in message
    assert declared.resources == []


def test_two_clusters_are_not_held_against_each_other(watched):
    def program():
        web()
        raw_gateway("shop.example", provider=kubernetes.Provider("other", kubeconfig="{}"))

    assert {r.name for r in watched(program).of("Gateway")} == {"raw", "web-gateway"}


def test_a_namespace_of_the_program_is_known_by_the_name_it_will_have(refused):
    def program():
        namespace = restricted_namespace("shop")
        raw_service("card", 80)
        web(namespace=namespace)
        web("other", "other.example", namespace=namespace, gateway_name="web-tls")

    message, _ = refused(program)
    assert "resource-repeated: Gateway shop/web-tls" in message


def deploying(name, **args):
    return TlsGateway(name, {"hosts": [{"host": f"{name}.example", "workload": {"name": "bin"}}], **args})


def test_two_components_that_own_one_workload_are_refused_though_it_is_the_same(refused):
    message, declared = refused(lambda: deploying("one") and deploying("two"))
    assert declared.of("Deployment") == declared.of("Service") == []
    for kind in ("Deployment", "Service"):
        assert f'resource-repeated: {kind} default/bin (declared as "two-two-example") metadata.name' in message
    assert 'It is declared twice, by "one-one-example" and by "two-two-example"' in message


def test_two_workloads_of_one_name_in_two_namespaces_are_two(watched):
    declared = watched(lambda: deploying("one") and deploying("two", namespace="shop"))
    assert len(declared.of("Deployment")) == 2


def test_a_workload_that_is_deployed_once_is_named_as_a_backend_elsewhere(watched):
    def program():
        deploying("one")
        hosts = [{"host": "two.example", "backend": {"service": "bin", "port": 8000}}]
        TlsGateway("two", {"hosts": hosts})

    assert len(watched(program).of("Deployment")) == 1


def test_a_service_that_is_only_read_is_nobodys(watched):
    def program():
        kubernetes.core.v1.Service.get("one", "default/cart")
        kubernetes.core.v1.Service.get("two", "default/cart")

    watched(program)


def test_equal_names_of_two_components_do_not_mix_up_their_credentials(watched):
    def program():
        authority = CertificateAuthority("ca", {}).issuer
        hosts = [{"host": "shop.example", "backend": {"service": "cart", "port": 80}}]
        TlsGateway("web", {"hosts": hosts, "authority": authority})
        MutualTlsGateway("web", {"hosts": hosts, "authority": authority, "gateway": {"https_port": 8443}})

    assert len(watched(program).of("Gateway")) == 2


def test_a_credential_is_looked_for_where_the_pods_of_a_gateway_run(refused):
    def program():
        kubernetes.core.v1.Secret("theirs", metadata={"namespace": "default", "name": "theirs"})
        TlsGateway(
            "web",
            {
                "gateway": {"namespace": "edge", "selector": {"istio": "edge"}},
                "hosts": [{"host": "shop.example", "existing_credential": "theirs"}],
            },
        )

    message, declared = refused(program)
    assert "credential-namespace: Gateway default/web-tls" in message
    assert "the gateway's pods run in 'edge'" in message
    assert declared.resources == []


def test_labels_are_read_as_people_wrote_them(refused):
    labels = {"my_gateway": "edge"}

    def program():
        kubernetes.apps.v1.Deployment(
            "edge",
            metadata={"namespace": "edge", "name": "edge"},
            spec=kubernetes.apps.v1.DeploymentSpecArgs(
                selector={"match_labels": labels},
                template=kubernetes.core.v1.PodTemplateSpecArgs(
                    metadata=kubernetes.meta.v1.ObjectMetaArgs(labels=labels), spec={"containers": []}
                ),
            ),
        )
        kubernetes.core.v1.Secret("raw", metadata={"namespace": "default", "name": "raw"})
        raw_gateway("shop.example", selector=labels)

    message, _ = refused(program)
    assert "the gateway's pods run in 'edge'" in message


@pytest.mark.parametrize(
    ("form", "needed"),
    [
        ("resource", {"cart"}),
        ("list", {"cart"}),
        ("output", {"cart", "other"}),
        ("output of one", {"cart", "other"}),
    ],
)
@pytest.mark.parametrize("kind", ["Gateway", "Shop"])  # a provider's class has made a list of it; a component's has not
def test_what_a_resource_depends_on_stays(watched, form, needed, kind):
    def program():
        cart, other = raw_service("cart", 80), raw_service("other", 80)
        forms = {
            "resource": cart,
            "list": [cart],
            "output": other.id.apply(lambda _: [cart]),
            "output of one": other.id.apply(lambda _: cart),
        }
        raw_gateway("shop.example", depends_on=forms[form])
        pulumi.ComponentResource("any:index:Shop", "shop", {}, pulumi.ResourceOptions(depends_on=forms[form]))

    assert watched(program).one(kind).depends_on == needed


def test_what_depends_on_an_output_waits_for_the_verdict_too(refused):
    def program():
        nothing_yet = pulumi.Output.from_input("any").apply(lambda _: [])
        web()
        raw_gateway("shop.example", depends_on=nothing_yet)
        pulumi.ComponentResource("any:index:Shop", "shop", {}, pulumi.ResourceOptions(depends_on=nothing_yet))

    message, declared = refused(program)
    assert "host-conflict" in message
    assert declared.resources == []


def test_many_components_are_judged_once(watched, monkeypatch):
    judged = []
    check = rules.check
    monkeypatch.setattr(rules, "check", lambda *args, **named: judged.append(args) or check(*args, **named))
    watched(lambda: [web(f"web{n}", f"shop{n}.example") for n in range(20)])
    assert len(judged) == 1
