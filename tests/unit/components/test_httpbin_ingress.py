"""HttpbinIngress: what it declares for what it is told."""

import pulumi
import pytest

from istio_ingress import Entry, HttpbinIngress

STATUS_AND_DELAY = [{"uri": {"prefix": "/status"}}, {"uri": {"prefix": "/delay"}}]


def to(service, port):
    return [{"destination": {"host": service, "port": {"number": port}}}]


def ingress(name="httpbin", **args):
    return lambda: {"service": HttpbinIngress(name, args).service}


def test_with_nothing_said_it_is_the_walk_throughs_first_section(declare):
    declared = declare(ingress())

    assert declared.manifest("Gateway") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "httpbin-http", "namespace": "default"},
        "spec": {
            "selector": {"istio": "ingressgateway"},
            "servers": [
                {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["httpbin.example.com"]},
            ],
        },
    }
    assert declared.manifest("VirtualService") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "httpbin-http", "namespace": "default"},
        "spec": {
            "hosts": ["httpbin.example.com"],
            "gateways": ["httpbin-http"],
            "http": [{"match": STATUS_AND_DELAY, "route": to("httpbin", 8000)}],
        },
    }
    assert declared.manifest("Service") == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "httpbin", "namespace": "default", "labels": {"app": "httpbin"}},
        "spec": {"selector": {"app": "httpbin"}, "ports": [{"name": "http", "port": 8000, "targetPort": 8080}]},
    }
    assert declared.outputs == {"service": "httpbin"}
    assert sorted(resource.kind for resource in declared.resources) == [
        "Deployment",
        "Gateway",
        "HttpbinIngress",
        "Service",
        "VirtualService",
    ]


def test_children_belong_to_the_component(declare):
    declared = declare(ingress())
    assert {resource.parent for resource in declared.resources[1:]} == {"httpbin"}


def test_neighbouring_routes_to_one_service_share_a_rule_and_order_is_kept(declare):
    routes = [
        {"exact": "/v1", "service": "api", "port": 80},
        {"prefix": "/v1/", "service": "api", "port": 80},
        {"prefix": "/pages", "service": "pages.web.svc.cluster.local", "port": 8080},
        {"service": "api", "port": 80},
    ]
    spec = declare(ingress(routes=routes)).manifest("VirtualService")["spec"]
    assert spec["http"] == [
        {"match": [{"uri": {"exact": "/v1"}}, {"uri": {"prefix": "/v1/"}}], "route": to("api", 80)},
        {"match": [{"uri": {"prefix": "/pages"}}], "route": to("pages.web.svc.cluster.local", 8080)},
        {"match": [{"uri": {"prefix": "/"}}], "route": to("api", 80)},
    ]


@pytest.mark.parametrize(
    "args",
    [{"backend": {"service": "cart", "port": 8080}}, {"routes": [{"service": "cart", "port": 8080}]}],
    ids=["backend", "routes"],
)
def test_an_existing_service_is_used_instead_of_a_workload(declare, args):
    declared = declare(ingress(**args))
    assert not declared.of("Deployment")
    assert not declared.of("Service")
    (rule,) = declared.manifest("VirtualService")["spec"]["http"]
    assert rule["route"] == to("cart", 8080)
    assert rule["match"] == [{"uri": {"prefix": "/"}}]


@pytest.mark.parametrize(
    ("kind", "paths"),
    [("httpbin", [{"prefix": "/status"}, {"prefix": "/delay"}]), ("helloworld", [{"exact": "/hello"}])],
)
def test_a_demos_paths_go_with_its_workload(declare, kind, paths):
    (rule,) = declare(ingress(workload={"kind": kind})).manifest("VirtualService")["spec"]["http"]
    assert rule["match"] == [{"uri": path} for path in paths]


def test_a_backend_without_routes_gets_every_path_of_an_ingress_too(declare):
    backend = {"service": "cart", "port": 8080}
    spec = declare(ingress(entry=Entry.INGRESS_CLASS, backend=backend)).manifest("Ingress")["spec"]
    (path,) = spec["rules"][0]["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/", "Prefix")


def test_a_backend_may_be_an_output_of_something_else(declare):
    def program():
        made = HttpbinIngress("httpbin", {})
        HttpbinIngress("web", {"backend": {"service": made.service, "port": made.service_port}, "hosts": ["web.test"]})

    declared = declare(program)
    (rule,) = declared.manifest("VirtualService", "web-routes")["spec"]["http"]
    assert rule["route"] == to("httpbin", 8000)


def test_the_rules_hold_inside_the_mesh_for_the_internal_names(declare):
    spec = declare(ingress(mesh_hosts=["httpbin.default.svc.cluster.local"])).manifest("VirtualService")["spec"]
    assert spec["hosts"] == ["httpbin.example.com", "httpbin.default.svc.cluster.local"]
    assert spec["gateways"] == ["httpbin-http", "mesh"]


def test_any_host_with_headers_for_a_browser(declare):
    declared = declare(ingress(hosts=["*"], routes=[{"prefix": "/headers"}]))
    assert declared.manifest("Gateway")["spec"]["servers"][0]["hosts"] == ["*"]
    assert declared.manifest("VirtualService")["spec"]["hosts"] == ["*"]


def test_a_gateway_installed_elsewhere_is_selected(declare):
    gateway = {"namespace": "istio-ingress", "selector": {"istio": "ingress"}, "http_port": 8080}
    spec = declare(ingress(gateway=gateway)).manifest("Gateway")["spec"]
    assert spec["selector"] == {"istio": "ingress"}
    assert spec["servers"][0]["port"]["number"] == 8080


def test_names_namespace_image_and_replicas_are_inputs(declare):
    declared = declare(
        ingress(
            namespace="shop",
            gateway_name="front",
            workload={"name": "my-httpbin", "image": "example.com/httpbin:1", "replicas": 3},
        )
    )
    names = {
        (r.kind, r.manifest["metadata"]["namespace"], r.manifest["metadata"]["name"]) for r in declared.resources[1:]
    }
    assert names == {
        ("Deployment", "shop", "my-httpbin"),
        ("Service", "shop", "my-httpbin"),
        ("Gateway", "shop", "front"),
        ("VirtualService", "shop", "front"),
    }
    spec = declared.manifest("Deployment")["spec"]
    assert spec["replicas"] == 3
    assert spec["template"]["spec"]["containers"][0]["image"] == "example.com/httpbin:1"


def test_two_instances_share_no_name(declare):
    def program():
        HttpbinIngress("one", {"hosts": ["one.test"]})
        HttpbinIngress("two", {"hosts": ["two.test"]})

    declared = declare(program)
    named = [(r.kind, r.manifest["metadata"]["name"]) for r in declared.resources if "metadata" in r.inputs]
    assert len(named) == len(set(named)) == 8


def test_a_kubernetes_ingress_with_a_class_of_its_own(declare):
    routes = [{"exact": "/status/200"}, {"prefix": "/delay"}, {"path": "/anything/*"}]
    declared = declare(ingress(entry=Entry.INGRESS_CLASS, hosts=["a.test", "*"], routes=routes, tls_secret="a-cert"))
    service = {"service": {"name": "httpbin", "port": {"number": 8000}}}
    paths = [
        {"path": "/status/200", "pathType": "Exact", "backend": service},
        {"path": "/delay", "pathType": "Prefix", "backend": service},
        {"path": "/anything/*", "pathType": "ImplementationSpecific", "backend": service},
    ]
    assert declared.manifest("IngressClass")["spec"] == {"controller": "istio.io/ingress-controller"}
    assert "name" not in declared.one("IngressClass").inputs["metadata"]
    assert declared.manifest("Ingress") == {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "httpbin-http", "namespace": "default"},
        "spec": {
            "ingressClassName": "httpbin-class-1a2b3c",
            "rules": [{"host": "a.test", "http": {"paths": paths}}, {"http": {"paths": paths}}],
            "tls": [{"hosts": ["a.test"], "secretName": "a-cert"}],
        },
    }
    assert not declared.of("Gateway")


def test_a_kubernetes_ingress_of_an_existing_class(declare):
    declared = declare(ingress(entry=Entry.INGRESS_CLASS, ingress_class="istio"))
    assert declared.manifest("Ingress")["spec"]["ingressClassName"] == "istio"
    assert not declared.of("IngressClass")


def test_a_kubernetes_ingress_with_the_annotation(declare):
    declared = declare(ingress(entry=Entry.INGRESS_ANNOTATION, routes=[{}]))
    manifest = declared.manifest("Ingress")
    assert manifest["metadata"]["annotations"] == {"kubernetes.io/ingress.class": "istio"}
    assert "ingressClassName" not in manifest["spec"]
    assert manifest["spec"]["rules"][0]["http"]["paths"][0]["path"] == "/"
    assert not declared.of("IngressClass")


def test_nothing_waits_for_what_never_comes(declare):
    declared = declare(ingress(entry=Entry.INGRESS_CLASS))
    skipped = {r.kind for r in declared.resources if "pulumi.com/skipAwait" in annotations(r)}
    assert skipped == {"Service", "Ingress"}


def annotations(resource):
    return resource.inputs.get("metadata", {}).get("annotations", {})


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (
            {"entry": Entry.INGRESS_CLASS, "mesh_hosts": ["httpbin"]},
            "mesh_hosts is ['httpbin'], but must be left out: an Ingress says nothing about requests inside the mesh.",
        ),
        (
            {"entry": Entry.INGRESS_ANNOTATION, "ingress_class": "istio"},
            "ingress_class is 'istio', but must be left out unless the entry is 'ingress-class'.",
        ),
        ({"tls_secret": "a"}, "tls_secret is 'a', but must be left out: TLS through a Gateway is TlsGateway's."),
        (
            {"hosts": ["*"], "mesh_hosts": ["httpbin"]},
            "hosts is '*', but must be a name where mesh_hosts are given, because Istio refuses '*' inside the mesh.",
        ),
        (
            {"routes": [{"path": "/a/*"}]},
            "routes[0].path is '/a/*', but must be exact or path_prefix or prefix instead.",
        ),
        (
            {"entry": Entry.INGRESS_CLASS, "backend": {"service": "a.b.svc.cluster.local", "port": 80}},
            "backend.service is 'a.b.svc.cluster.local', but must be a Service's bare name: "
            "an Ingress reaches only its own namespace.",
        ),
        (
            {"routes": [{"exact": "/a", "prefix": "/b"}]},
            "routes[0].prefix is '/b', but must be left out where exact is given.",
        ),
        (
            {"routes": [{"service": "a"}]},
            "routes[0].port is missing, but must be given, because service and port need each other.",
        ),
        (
            {"backend": {"service": "a", "port": 1}, "workload": {"replicas": 2}},
            "workload is {'replicas': 2}, but must be left out where a backend is given.",
        ),
        (
            {"workload": {"replicas": 2}, "routes": [{"service": "a", "port": 1}]},
            "workload is {'replicas': 2}, but must be left out, because every route names its own service.",
        ),
    ],
)
def test_what_cannot_stand_together_is_refused_before_anything_is_declared(declare, args, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            HttpbinIngress("httpbin", args)
        assert str(refused.value) == f'HttpbinIngress "httpbin": {sentence}'

    assert declare(program).resources == []


def test_each_host_of_an_ingress_may_have_its_own_secret(declare):
    args = {"entry": "ingress-class", "ingress_class": "istio", "hosts": ["a.test", "b.test", "c.test"]}
    declared = declare(lambda: HttpbinIngress("door", {**args, "tls_secrets": {"a.test": "a", "b.test": "b"}}) and None)
    assert declared.manifest("Ingress")["spec"]["tls"] == [
        {"hosts": ["a.test"], "secretName": "a"},
        {"hosts": ["b.test"], "secretName": "b"},
    ]


def test_a_load_balancer_that_ends_tls_may_have_plain_requests_sent_back_to_https(declare):
    plain = {
        "headers": {"x-forwarded-proto": {"exact": "http"}},
        "redirect": {"scheme": "https", "derive_port": "FROM_PROTOCOL_DEFAULT"},
    }
    routes = [plain, {"prefix": "/", "service": "app", "port": 80}]
    declared = declare(lambda: HttpbinIngress("web", {"hosts": ["a.test"], "routes": routes}) and None)
    first, second = declared.manifest("VirtualService")["spec"]["http"]
    assert first == {
        "match": [{"uri": {"prefix": "/"}, "headers": {"x-forwarded-proto": {"exact": "http"}}}],
        "redirect": {"redirectCode": 301, "scheme": "https", "derivePort": "FROM_PROTOCOL_DEFAULT"},
    }
    assert second["route"] == [{"destination": {"host": "app", "port": {"number": 80}}}]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"tls_secrets": {"b.test": "b"}}, "tls_secrets is 'b.test', but must be a mapping by hosts: a.test."),
        ({"tls_secrets": {"a.test": "b"}, "tls_secret": "c"}, "tls_secrets is 'given', but must be left out where"),
        (
            {"tls_secret": {"a.test": "b"}},
            "tls_secret is {'a.test': 'b'}, but must be a Secret's bare name; tls_secrets has",
        ),
        (
            {"hosts": ["./a.test"]},
            "hosts[0] is './a.test', but must be a name without a namespace: an Ingress knows none.",
        ),
        ({"bind": "10.0.0.1"}, "bind is '10.0.0.1', but must be left out: an Ingress says nothing about addresses."),
    ],
)
def test_what_an_ingress_cannot_say_is_one_sentence(declare, args, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            HttpbinIngress("door", {"entry": "ingress-class", "hosts": ["a.test"], **args})
        assert str(refused.value).startswith(f'HttpbinIngress "door": {sentence}')

    assert declare(program).resources == []
