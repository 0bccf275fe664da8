"""Whose objects are whose: the field manager, in every object that any component declares."""

import pytest

from istio_ingress import Entry, HttpbinIngress, MutualTlsGateway, PassthroughNginx, SecretFormat
from istio_ingress.field_managers import field_manager, is_ours
from istio_ingress.manifests.namespaces import restricted_namespace

LONG = "p" * 100


def everything():
    restricted_namespace("shop")
    HttpbinIngress("door", {"entry": Entry.INGRESS_CLASS})
    MutualTlsGateway("web", {"secret_format": SecretFormat.SEPARATE_CA})
    PassthroughNginx("nginx", {})


def test_every_object_has_the_field_manager_of_its_stack_and_keeps_the_one_that_it_was_created_with(declare):
    objects = [one for one in declare(everything).resources if one.type.startswith("kubernetes:")]
    assert {one.kind for one in objects} == {
        "ConfigMap",
        "Deployment",
        "Gateway",
        "Ingress",
        "IngressClass",
        "Namespace",
        "Secret",
        "Service",
        "VirtualService",
    }
    for one in objects:
        annotations = one.inputs["metadata"]["annotations"]
        assert annotations["pulumi.com/patchFieldManager"] == field_manager("istio-ingress", "test")
        assert one.ignored_changes == ['metadata.annotations["pulumi.com/patchFieldManager"]']


def test_it_can_be_read_and_is_the_same_in_every_update():
    assert field_manager("shop", "prod") == "pulumi-kubernetes-shop-prod-8594e645e3"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("shop", "dev"), ("shop", "prod")),
        (("shop", "dev"), ("cart", "dev")),
        (("a-b", "c"), ("a", "b-c")),
        ((LONG, "dev"), (LONG, "prod")),
        ((LONG + "a", "dev"), (LONG + "b", "dev")),
        (("shop", "a b"), ("shop", "a-b")),
    ],
)
def test_no_two_stacks_share_one(one, other):
    assert field_manager(*one) != field_manager(*other)


@pytest.mark.parametrize("stack", ["dev", LONG, "käse", "a b\n"])
def test_the_api_server_takes_it_whatever_the_stack_is_called(stack):
    manager = field_manager(LONG, stack)
    assert len(manager.encode()) <= 128
    assert manager.isprintable()
    assert is_ours(manager)


@pytest.mark.parametrize("manager", ["", "kubectl", "pulumi-kubernetes", "pulumi-kubernetes-0fedcba9", "somebody"])
def test_what_others_write_with_is_not_ours(manager):
    assert not is_ours(manager)
