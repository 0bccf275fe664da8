"""What a person adds to the objects of a component, and what they are called."""

import pulumi
import pytest

from istio_ingress import DelegateRoutes, HttpbinIngress, HttpGateway, TlsGateway
from istio_ingress.arguments.additions import merge
from istio_ingress.names import object_name

CART = {"service": "cart", "port": 80}
HOSTS = [{"host": "a.test", "backend": CART}, {"host": "b.test", "backend": CART}]


def gateway(**args):
    return lambda: HttpGateway("web", {"hosts": HOSTS, **args}) and None


def test_labels_and_annotations_are_on_every_object(declare):
    told = {"labels": {"team": pulumi.Output.from_input("shop")}, "annotations": {"example.com/owner": "us"}}
    declared = declare(lambda: TlsGateway("web", {"hosts": [{"host": "a.test"}], **told}) and None)
    kinds = {"Gateway", "VirtualService", "Secret", "Deployment", "Service"}
    objects = [one for one in declared.resources if one.kind in kinds]
    assert {one.kind for one in objects} == kinds
    for one in objects:
        assert one.manifest["metadata"]["labels"]["team"] == "shop"
        assert one.manifest["metadata"]["annotations"] == {"example.com/owner": "us"}
    (pods,) = [one.inputs["spec"]["template"]["metadata"]["labels"] for one in declared.of("Deployment")]
    assert "team" not in pods


def test_a_patch_is_merged_into_the_objects_of_its_kind_and_no_other(declare):
    annotations = {"external-dns.alpha.kubernetes.io/target": "edge.test"}
    declared = declare(
        gateway(
            patches={
                "Gateway": {"metadata": {"annotations": annotations}, "spec": {"servers": {"bind": "10.0.0.1"}}},
                "VirtualService": {"spec": {"exportTo": ["."], "http": {"timeout": pulumi.Output.from_input("5s")}}},
            }
        )
    )
    made = declared.manifest("Gateway")
    assert made["metadata"] == {"name": "web-http", "namespace": "default", "annotations": annotations}
    assert made["spec"]["servers"] == [
        {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["a.test", "b.test"], "bind": "10.0.0.1"}
    ]
    assert declared.manifest("VirtualService", "web-a-test-routes") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "web-http-a-test", "namespace": "default"},
        "spec": {
            "hosts": ["a.test"],
            "gateways": ["web-http"],
            "exportTo": ["."],
            "http": [
                {
                    "match": [{"uri": {"prefix": "/"}}],
                    "route": [{"destination": {"host": "cart", "port": {"number": 80}}}],
                    "timeout": "5s",
                }
            ],
        },
    }


def test_what_a_patch_breaks_is_refused_by_the_rules(declare):
    with pytest.raises(pulumi.RunError, match="timeout"):
        declare(gateway(patches={"VirtualService": {"spec": {"http": {"timeout": "soon"}}}}))


@pytest.mark.parametrize(
    ("value", "patch", "merged"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": [{"b": 1}, {}]}, {"a": {"c": 2}}, {"a": [{"b": 1, "c": 2}, {"c": 2}]}),
        ({}, {"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 1}}}),
        ({"a": "text"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_merging(value, patch, merged):
    assert merge(value, patch) == merged


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"labels": {"a b": "c"}}, "labels is 'a b', but must be a mapping by names, such as 'team' or"),
        ({"labels": {"team": "a b"}}, "labels.team is 'a b', but must be at most 63 letters, digits,"),
        ({"annotations": {"": "x"}}, "annotations is '', but must be a mapping by names,"),
        (
            {"patches": {"Secret": {"metadata": {}}}},
            "patches is 'Secret', but must be a mapping by kinds that",
        ),
        ({"patches": {"Gateway": {"kind": "X"}}}, "patches.Gateway.kind is 'X', but must be left out: a patch says"),
        ({"patches": {"Gateway": {"spec": []}}}, "patches.Gateway.spec is [], but must be a mapping."),
        (
            {"patches": {"Gateway": {"metadata": {"name": "x"}}}},
            "patches.Gateway.metadata.name is 'x', but must be left out: names and namespaces have",
        ),
        (
            {"patches": {"Gateway": {"metadata": {"labels": {"a": "b c"}}}}},
            "patches.Gateway.metadata.labels.a is 'b c', but must be at most 63",
        ),
        ({"api_version": "v2"}, "api_version is 'v2', but must be one of 'v1', 'v1beta1', 'v1alpha3'."),
    ],
)
def test_what_cannot_be_added_is_one_sentence(declare, args, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            gateway(**args)()
        assert str(refused.value).startswith(f'HttpGateway "web": {sentence}')

    assert declare(program).resources == []


def test_another_api_version_is_the_same_object_to_pulumi(declare):
    declared = declare(gateway(api_version="v1beta1"))
    made = declared.one("Gateway")
    assert made.inputs["apiVersion"] == "networking.istio.io/v1beta1"
    assert "kubernetes:networking.istio.io/v1:Gateway" in {alias.spec.type for alias in made.request.aliases}


def test_what_exists_can_be_called_as_it_is(declare):
    names = {"gateway_name": "front", "port_name": "web-80", "bind": "10.0.0.1", "export_to": ["."]}
    declared = declare(
        lambda: HttpGateway("web", {"hosts": [{**HOSTS[0], "virtual_service_name": "cart"}], **names}) and None
    )
    (server,) = declared.manifest("Gateway")["spec"]["servers"]
    assert declared.manifest("Gateway")["metadata"]["name"] == "front"
    assert (server["port"]["name"], server["bind"]) == ("web-80", "10.0.0.1")
    made = declared.manifest("VirtualService")
    assert (made["metadata"]["name"], made["spec"]["exportTo"]) == ("cart", ["."])


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("web", "web"),
        ("w" * 60, "w" * 60),
        ("webShop", "web-shop"),
        ("HTTPEdge", "http-edge"),
        ("shop.web:1", "shop-web-1"),
        ("1shop", "c-1shop"),
        ("-a-", "a"),
    ],
)
def test_a_components_name_becomes_the_beginning_of_kubernetes_names(name, begins):
    assert object_name(name) == begins


def test_a_name_without_a_latin_letter_is_told_from_others():
    one, other = object_name("店"), object_name("本")
    assert one != other
    assert object_name(one) == one


@pytest.mark.parametrize("name", ["webShop", "Shop.Web", "s" * 70, "1shop", "店"])
def test_a_component_may_be_called_as_pulumi_lets_it(declare, name):
    def program():
        TlsGateway(name, {"hosts": [{"host": "a.test"}]})
        HttpbinIngress(name, {"hosts": ["b.test"], "entry": "ingress-class"})
        DelegateRoutes(name, {"backend": {"service": "cart.shop.svc.cluster.local", "port": 80}})

    declared = declare(program)
    named = [one for one in declared.resources if "metadata" in one.inputs]
    for one in named:
        called = one.inputs["metadata"].get("name", one.name)
        assert len(called) <= 253
        assert called == called.lower()
        assert called.isascii()
