"""Kubernetes Ingresses that Istio serves."""

import pytest

from istio_ingress.rules import UNKNOWN
from tests.unit.rules.build import check, gateway, http, https, manifest, names, pods, secret, service

PODS = pods(istio="ingressgateway")


def ingress(name="shop", *paths, annotations=None, tls=(), class_name="istio", host="shop.example"):
    listed = paths or (path("/cart"),)
    spec = {"rules": [{"host": host, "http": {"paths": list(listed)}}], "tls": list(tls)}
    metadata = {"name": name, "namespace": "shop", "annotations": annotations or {}}
    chosen = {"ingressClassName": class_name} if class_name else {}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": {**chosen, **spec}}


def path(text, kind="Prefix", port=8000):
    return {"path": text, "pathType": kind, "backend": {"service": {"name": "cart", "port": {"number": port}}}}


def ingress_class(name, controller):
    found = manifest("IngressClass", name, {"controller": controller})
    return {**found, "apiVersion": "networking.k8s.io/v1", "metadata": {"name": name}}


@pytest.mark.parametrize(
    ("text", "kind", "is_told"),
    [
        ("/cart", "Prefix", False),
        ("/cart", "Exact", False),
        ("/cart", "ImplementationSpecific", True),
        ("/", "ImplementationSpecific", True),
        ("/cart/*", "ImplementationSpecific", False),
        ("/cart.*", "ImplementationSpecific", False),
        ("/cart(/|$)(.*)", "ImplementationSpecific", True),
        ("", "ImplementationSpecific", False),
        ("/cart/*", "Prefix", True),
        ("/cart*", "Exact", True),
        ("/cart(/|$)(.*)", "Prefix", True),
        ("/cart/[0-9]+", "Exact", True),
        ("/carts(1)", "Prefix", False),
    ],
)
def test_what_istio_makes_of_a_path(text, kind, is_told):
    assert names(ingress("shop", path(text, kind))) == (["ingress-path-exact: shop/shop"] if is_told else [])


@pytest.mark.parametrize(
    ("class_name", "classes", "is_istios"),
    [
        ("istio", [], True),
        ("nginx", [], False),
        ("", [], False),
        ("edge", [("edge", "istio.io/ingress-controller")], True),
        ("istio", [("istio", "k8s.io/ingress-nginx")], False),
    ],
)
def test_only_ingresses_that_istio_serves_are_judged(class_name, classes, is_istios):
    wrong = ingress("shop", path("/cart/*"), class_name=class_name)

    assert bool(names(wrong, *(ingress_class(*one) for one in classes))) == is_istios


def test_the_old_annotation_chooses_istio_too():
    annotations = {"kubernetes.io/ingress.class": "istio", "nginx.ingress.kubernetes.io/rewrite-target": "/"}

    assert names(ingress(annotations=annotations, class_name="")) == ["ingress-annotation-unused: shop/shop"]
    assert names(ingress(annotations={"kubernetes.io/ingress.class": "istio"})) == ["ingress-class-repeated: shop/shop"]


@pytest.mark.parametrize("setting", ["ingress.kubernetes.io/rewrite-target", "alb.ingress.kubernetes.io/scheme"])
def test_settings_of_any_other_controller_do_nothing(setting):
    assert names(ingress(annotations={setting: "/"})) == ["ingress-annotation-unused: shop/shop"]


OTHERS = {"kubernetes.io/ingress.class": "nginx"}
SETTINGS = {"nginx.ingress.kubernetes.io/rewrite-target": "/"}


@pytest.mark.parametrize(
    ("class_name", "annotations", "is_judged"),
    [
        ("istio", {}, True),
        ("istio-internal", {}, True),
        ("", {}, True),
        ("", {"kubernetes.io/ingress.class": "istio"}, True),
        ("nginx", {}, False),
        ("public", {}, False),
        ("", OTHERS, False),
        ("", SETTINGS, False),
    ],
)
def test_what_kubernetes_refuses_of_another_controllers_ingress_is_not_our_business(class_name, annotations, is_judged):
    refused = ingress("shop", path("/", "prefix"), class_name=class_name, annotations=annotations)
    old = {**refused, "apiVersion": "networking.k8s.io/v1beta1"}

    assert [bool(check(refused)), bool(check(old))] == [is_judged, is_judged]


def test_an_ingress_class_says_whose_an_ingress_is():
    refused = ingress("shop", path("/", "prefix"), class_name="edge")
    old = {**ingress_class("edge", "k8s.io/ingress-nginx"), "apiVersion": "networking.k8s.io/v1beta1"}

    assert names(refused, ingress_class("edge", "k8s.io/ingress-nginx")) == []
    assert names(refused, ingress_class("edge", "istio.io/ingress-controller")) == ["ingress-invalid: shop/shop"]
    assert names(old) == []


def test_a_class_that_does_not_exist_is_told_of_everything_only():
    ours, whole = ingress_class("istio", "istio.io/ingress-controller"), [service("cart", (8000, 8080)), PODS]

    assert names(ingress(class_name="isto"), ours) == []
    assert names(ingress(class_name="isto"), ours, *whole, complete=True) == ["ingress-class-missing: shop/shop"]
    assert names(ingress(class_name="traefik"), *whole, complete=True) == []


def test_a_secret_lies_beside_the_gateways_pods():
    tls = [{"hosts": ["shop.example"], "secretName": "shop"}]
    maker = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {"secretName": "shop", "dnsNames": ["shop.example"]},
    }

    assert names(ingress(tls=tls), PODS, secret("shop")) == []
    assert names(ingress(tls=tls), secret("shop", "shop")) == []
    assert names(ingress(tls=tls), PODS, secret("shop", "shop")) == ["ingress-credential-namespace: shop/shop"]
    assert names(ingress(tls=tls), PODS, maker) == ["ingress-credential-namespace: shop/shop"]


def test_a_tls_host_is_on_one_gateway_or_ingress():
    tls = [{"hosts": ["shop.example"], "secretName": "shop"}]
    first, second = ingress("one", tls=tls), ingress("two", tls=tls, host="blog.example")

    (finding,) = check(first, second)
    assert finding.message.startswith("The TLS host 'shop.example' is on Ingress shop/one too, for the same pods")
    assert names(first, gateway("web", https("shop.example"))) == ["ingress-host-conflict: shop/one"]
    assert names(first, gateway("web", http("shop.example"))) == []
    assert names(first, gateway("web", https("shop.example"), selector={"istio": "other"})) == []


def test_a_backend_is_a_port_of_a_service_beside_the_ingress():
    cart = service("cart", (8000, 8080))

    assert names(ingress("shop", path("/cart", port=8080)), cart) == ["ingress-port-missing: shop/shop"]
    assert names(ingress(), service("site", (80, 80))) == []
    assert names(ingress(), service("site", (80, 80)), PODS, complete=True) == [
        "ingress-class-missing: shop/shop",
        "ingress-service-missing: shop/shop",
    ]


def with_backend(backend, **fields):
    return ingress("shop", {"path": "/", "pathType": "Prefix", "backend": backend, **fields})


@pytest.mark.parametrize(
    ("found", "place"),
    [
        (with_backend({"serviceName": "cart", "servicePort": 80}), "backend.serviceName"),
        (with_backend({}), "backend"),
        (with_backend(None), "backend"),
        (with_backend({"service": {"port": {"number": 80}}}), "backend.service.name"),
        (with_backend({"service": {"name": "cart"}}), "backend.service.port"),
        (ingress("shop", path("/", None)), "pathType"),
        (ingress("shop", path("/", "prefix")), "pathType"),
        (ingress("shop", path("cart", "Exact")), "path"),
        (ingress("shop", path(None)), "path"),
    ],
)
def test_what_kubernetes_refuses_of_a_path(found, place):
    (finding,) = check(found)

    assert (finding.rule, finding.path) == ("ingress-invalid", f"spec.rules[0].http.paths[0].{place}")


@pytest.mark.parametrize(
    "found",
    [
        with_backend({"resource": {"apiGroup": "storage.example", "kind": "Bucket", "name": "site"}}),
        with_backend({"service": {"name": "cart", "port": {"name": "http"}}}),
        with_backend(UNKNOWN),
        ingress("shop", path("/", UNKNOWN)),
        ingress("shop", path(None, "ImplementationSpecific")),
    ],
)
def test_what_kubernetes_takes_of_a_path(found):
    assert check(found) == []


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({}, ["spec.rules"]),
        ({"rules": UNKNOWN}, []),
        ({"rules": [{"host": "shop.example"}]}, []),
        ({"rules": [{"host": "10.0.0.1"}]}, ["spec.rules[0].host"]),
        ({"defaultBackend": {"service": {"name": "cart", "port": {"number": 80}}}}, []),
        ({"defaultBackend": {"service": {"name": "cart"}}}, ["spec.defaultBackend.service.port"]),
        ({"backend": {"serviceName": "cart", "servicePort": 80}}, ["spec.backend"]),
    ],
)
def test_what_kubernetes_refuses_of_an_ingress(spec, wanted):
    assert [finding.path for finding in check({**ingress(), "spec": spec})] == wanted


@pytest.mark.parametrize("version", ["extensions/v1beta1", "networking.k8s.io/v1beta1"])
def test_the_beta_versions_are_gone(version):
    old = {**with_backend({"serviceName": "cart", "servicePort": 80}), "apiVersion": version}

    assert [finding.rule for finding in check(old)] == ["version-removed"]
