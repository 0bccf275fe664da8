from istio_ingress.topology import Health, ingresses

CLASSES = [
    {"metadata": {"name": "istio"}, "spec": {"controller": "istio.io/ingress-controller"}},
    {"metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"}},
]


def ingress(*paths, name="web", annotations=None, host="ingress.example.com", **spec):
    rule = {"host": host, "http": {"paths": [_path(*path) for path in paths]}} if host else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": "default", "annotations": annotations or {}},
        "spec": {"rules": [rule] if host else [], **spec},
    }


def _path(path, kind, port):
    return {"path": path, "pathType": kind, "backend": {"service": {"name": "httpbin", "port": port}}}


def matches(*paths):
    (_, service) = ingresses.as_istio([ingress(*paths)], [])
    return [[match["uri"] for match in route["match"]] for route in service["spec"]["http"]]


def test_those_of_istio_are_told_by_class_or_annotation():
    ours = [
        ingress(name="class", ingressClassName="istio"),
        ingress(name="annotation", annotations={"kubernetes.io/ingress.class": "istio"}),
    ]
    others = [ingress(name="none"), ingress(name="nginx", ingressClassName="nginx")]
    assert ingresses.of_istio([*ours, *others], CLASSES) == ours


def test_paths_are_matched_as_istio_matches_them():
    number = {"number": 8000}
    assert matches(("/a", "Exact", number)) == [[{"exact": "/a"}]]
    assert matches(("/a/", "Prefix", number)) == [[{"exact": "/a"}, {"prefix": "/a/"}]]
    assert matches(("/", "Prefix", number)) == [[{"prefix": "/"}]]
    assert matches(("/a/*", "ImplementationSpecific", number)) == [[{"prefix": "/a/"}]]
    assert matches(("/a.*", "ImplementationSpecific", number)) == [[{"prefix": "/a"}]]
    assert matches(("/a", "ImplementationSpecific", number)) == [[{"exact": "/a"}]]


def test_a_named_port_is_looked_up_in_the_service():
    service = {
        "metadata": {"name": "httpbin", "namespace": "default"},
        "spec": {"ports": [{"name": "web", "port": 8000}]},
    }
    (_, routes) = ingresses.as_istio([ingress(("/", "Prefix", {"name": "web"}))], [service])
    assert routes["spec"]["http"][0]["route"][0]["destination"]["port"] == {"number": 8000}


def test_a_default_backend_alone_serves_every_host():
    backend = {"service": {"name": "httpbin", "port": {"number": 8000}}}
    (gateway, routes) = ingresses.as_istio([ingress(host="", defaultBackend=backend)], [])
    assert gateway["spec"]["servers"][0]["hosts"] == routes["spec"]["hosts"] == ["*"]
    assert routes["spec"]["http"][0]["match"] == []


def test_one_with_tls_is_looked_at_like_a_gateway(patient):
    tls = [{"hosts": ["ingress.example.com"], "secretName": "ingress-credential"}]
    patient.add(
        ingress(("/", "Prefix", {"number": 8000}), annotations={"kubernetes.io/ingress.class": "istio"}, tls=tls)
    )
    entries = [entry for entry in patient.facts().topology.entries if entry.host == "ingress.example.com"]
    assert [entry.listener.title for entry in entries] == ["80 HTTP", "443 HTTPS SIMPLE"]
    assert {entry.listener.resource for entry in entries} == {"Ingress default/web"}
    assert entries[0].health is Health.OK
    ((status, subject, seen),) = patient.complaints("credentials")
    assert (status, subject) == ("failed", "Secret istio-system/ingress-credential")
    assert seen == "it does not exist, and Ingress default/web needs it for ingress.example.com"


def test_rules_about_fields_that_only_istio_sets_are_not_held_against_it(patient):
    dotted = ingress(
        ("/", "Prefix", {"number": 8000}), name="web.v1", annotations={"kubernetes.io/ingress.class": "istio"}
    )
    patient.add(dotted)
    assert patient.complaints("rules") == []


def test_a_service_that_it_names_in_vain_is_said_of_the_ingress(patient):
    path = ("/", "Prefix", {"number": 8001})
    patient.add(ingress(path, annotations={"kubernetes.io/ingress.class": "istio"}))
    ((status, subject, seen),) = patient.complaints("routes")
    assert (status, subject) == ("failed", "Ingress default/web (ingress.example.com)")
    assert seen.endswith("[route-port-missing]")
