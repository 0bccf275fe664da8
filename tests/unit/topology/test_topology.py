"""Hosts, listeners, routes and Services of manifests that are written here."""

from datetime import UTC, datetime

import pytest

from istio_ingress import rules
from istio_ingress.rules.index import Index
from istio_ingress.topology import Health, Sources, build
from istio_ingress.topology.backends import PlannedPods, RunningPods

NOW = datetime.now(UTC)


def gateway(*servers, name="web", namespace="shop"):
    spec = {"selector": {"istio": "ingressgateway"}, "servers": list(servers)}
    return _istio("Gateway", name, spec, namespace)


def server(*hosts, number=80, protocol="HTTP", **tls):
    port = {"number": number, "name": f"p{number}-{len(hosts)}", "protocol": protocol}
    return {"port": port, "hosts": list(hosts), **({"tls": tls} if tls else {})}


def virtual_service(*hosts, name="web", gateways=("web",), namespace="shop", **routes):
    return _istio("VirtualService", name, {"hosts": list(hosts), "gateways": list(gateways), **routes}, namespace)


def to(host, number=8000, **match):
    route = {"route": [{"destination": {"host": host, "port": {"number": number}}}]}
    return {"match": [match], **route} if match else route


def service(name, namespace="shop"):
    spec = {"selector": {"app": name}, "ports": [{"name": "http", "port": 8000}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def _istio(kind, name, spec, namespace):
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def topology(*manifests, pods=None):
    findings = rules.check(manifests, now=NOW)
    return build(Sources(Index(manifests, NOW, rules.Settings()), findings, pods or PlannedPods([])))


def ways(found):
    return {
        entry.host: [(route.matches, [backend.name for backend in route.backends]) for route in entry.routes]
        for entry in found.entries
    }


def test_a_virtual_service_on_a_wildcard_is_known_by_its_own_host():
    found = topology(
        gateway(server("*.shop.example")), virtual_service("cart.shop.example", http=[to("cart")]), service("cart")
    )
    assert found.hosts == ["cart.shop.example"]


def test_a_wildcard_of_a_virtual_service_is_narrowed_to_the_gateways_host():
    found = topology(gateway(server("cart.shop.example")), virtual_service("*", http=[to("cart")]), service("cart"))
    assert found.hosts == ["cart.shop.example"]


def test_routes_keep_their_order_and_say_what_they_take():
    routes = [to("a", uri={"prefix": "/a"}), to("b", uri={"exact": "/b"}, method={"exact": "GET"}), to("c")]
    found = topology(gateway(server("shop.example")), virtual_service("shop.example", http=routes))
    assert ways(found) == {
        "shop.example": [
            (("/a*",), ["Service shop/a"]),
            (("/b GET",), ["Service shop/b"]),
            ((), ["Service shop/c"]),
        ]
    }


@pytest.mark.parametrize(
    ("match", "words"),
    [
        ({"uri": {"regex": "/v[12]"}}, "~ /v[12]"),
        ({"headers": {"x-beta": {}}, "port": 80}, "header x-beta port 80"),
        ({"withoutHeaders": {"x-old": {}}, "queryParams": {"q": {}}}, "no header x-old query q"),
        ({"authority": {"prefix": "api"}}, "host api*"),
        ({"uri": rules.UNKNOWN}, "(not known yet)"),
    ],
)
def test_every_kind_of_match_has_words(match, words):
    found = topology(gateway(server("shop.example")), virtual_service("shop.example", http=[to("a", **match)]))
    assert found.entries[0].routes[0].matches == (words,)


def test_a_route_that_takes_everything_in_one_of_its_matches_takes_everything():
    route = {"match": [{"uri": {"prefix": "/a"}}, {}], "route": [{"destination": {"host": "a"}}]}
    found = topology(gateway(server("shop.example")), virtual_service("shop.example", http=[route]))
    assert found.entries[0].routes[0].matches == ()


def test_an_endpoint_that_is_no_pod_is_known_by_its_address():
    metadata = {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}}
    outside = {"metadata": metadata, "ports": [{"name": "http"}], "endpoints": [{"addresses": ["192.0.2.7"]}]}
    found = topology(
        gateway(server("shop.example")),
        virtual_service("shop.example", http=[to("web")]),
        service("web"),
        pods=RunningPods([outside], [], []),
    )
    (backend,) = found.entries[0].routes[0].backends
    assert ([pod.name for pod in backend.pods], backend.ready) == (["192.0.2.7"], 1)


def test_a_service_without_a_selector_is_promised_nobodys_pods():
    labels = {"metadata": {"labels": {"app": "web"}}}
    deployment = {"kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": labels}}
    manifests = [gateway(server("shop.example")), virtual_service("shop.example", http=[to("web")])]
    promised = topology(*manifests, service("web"), pods=PlannedPods([deployment]))
    assert promised.entries[0].routes[0].backends[0].promise == "1 of Deployment web"
    bare = service("web")
    bare["spec"]["selector"] = {}
    assert topology(*manifests, bare, pods=PlannedPods([deployment])).entries[0].routes[0].backends[0].promise == ""


def test_a_passthrough_server_takes_only_tls_routes_for_its_host():
    tls = [
        {"match": [{"sniHosts": ["a.example"]}], "route": [{"destination": {"host": "a"}}]},
        {"match": [{"sniHosts": ["b.example"]}], "route": [{"destination": {"host": "b"}}]},
    ]
    found = topology(
        gateway(server("a.example", "b.example", number=443, protocol="TLS", mode="PASSTHROUGH")),
        virtual_service("a.example", "b.example", tls=tls, http=[to("web")]),
    )
    assert ways(found) == {
        "a.example": [(("SNI a.example",), ["Service shop/a"])],
        "b.example": [(("SNI b.example",), ["Service shop/b"])],
    }


def test_a_redirect_needs_no_route_and_any_other_host_does():
    found = topology(
        gateway(server("shop.example", httpsRedirect=True), server("blog.example")), virtual_service("x.example")
    )
    health = {entry.host: entry.health for entry in found.entries}
    assert (health["shop.example"], health["blog.example"]) == (Health.OK, Health.BROKEN)


def test_a_listener_between_clusters_needs_no_route_and_shows_no_certificate():
    found = topology(gateway(server("*.local", number=15443, protocol="TLS", mode="AUTO_PASSTHROUGH")))
    (entry,) = found.entries
    assert (entry.health, entry.listener.shows_certificate) == (Health.OK, False)


def test_what_the_gateway_answers_itself():
    answers = [
        {"redirect": {"authority": "new.example", "uri": "/v2"}},
        {"redirect": {"scheme": "https", "redirectCode": 308}},
        {"directResponse": {"status": 503}},
    ]
    found = topology(gateway(server("shop.example")), virtual_service("shop.example", http=answers))
    assert [route.answer for route in found.entries[0].routes] == [
        "301 to new.example/v2",
        "308 to https",
        "503 by the gateway",
    ]


def test_a_delegate_is_followed_once():
    found = topology(
        gateway(server("shop.example")),
        virtual_service("shop.example", http=[{"delegate": {"name": "inner", "namespace": "team"}}]),
        _istio("VirtualService", "inner", {"http": [to("cart"), {"delegate": {"name": "inner"}}]}, "team"),
    )
    assert ways(found) == {"shop.example": [((), ["Service team/cart"])]}


def test_a_host_that_is_no_service_is_left_as_it_is():
    found = topology(
        gateway(server("shop.example")), virtual_service("shop.example", http=[to("api.example.com", 443)])
    )
    (backend,) = found.entries[0].routes[0].backends
    assert (backend.name, backend.port, backend.health) == ("api.example.com", "443", Health.UNKNOWN)


def test_routes_of_one_service_share_it():
    found = topology(
        gateway(server("a.example", "b.example")),
        virtual_service("a.example", name="a", http=[to("web")]),
        virtual_service("b.example", name="b", http=[to("web.shop.svc.cluster.local")]),
        service("web"),
    )
    first, second = (entry.routes[0].backends[0] for entry in found.entries)
    assert first is second


def test_mesh_routes_are_no_part_of_it():
    inside = virtual_service("web", name="inside", gateways=["mesh"], http=[to("web")])
    found = topology(gateway(server("shop.example")), inside)
    assert [(entry.host, entry.routes) for entry in found.entries] == [("shop.example", [])]


def test_a_host_for_a_gateway_that_does_not_exist_has_no_listener():
    found = topology(
        gateway(server("shop.example")), virtual_service("shop.example", gateways=["wed"], http=[to("web")])
    )
    lost = next(entry for entry in found.entries if entry.listener is None)
    assert lost.host == "shop.example"
    assert "There is no Gateway 'wed'" in lost.troubles[0].text


def test_one_missing_gateway_of_two_is_trouble_of_the_routes():
    service = virtual_service("shop.example", gateways=["web", "wed"], http=[to("web")])
    (entry,) = topology(gateway(server("shop.example")), service).entries
    assert [trouble.text for trouble in entry.routes[0].troubles] == [
        "There is no Gateway 'wed' here, and there is 'web'."
    ]


def test_hosts_stand_together_by_domain():
    found = topology(gateway(server("b.two.example", "a.one.example", "a.two.example")))
    assert found.hosts == ["a.one.example", "a.two.example", "b.two.example"]


def test_what_is_not_known_yet_is_no_trouble_and_no_traceback():
    found = topology(
        gateway(server("shop.example", number=443, protocol="HTTPS", mode="SIMPLE", credentialName=rules.UNKNOWN)),
        virtual_service("shop.example", http=[to(rules.UNKNOWN, uri={"exact": "/"}), to("web", rules.UNKNOWN)]),
        virtual_service(rules.UNKNOWN, name="other", http=rules.UNKNOWN),
    )
    (entry,) = found.entries
    assert [backend.name for route in entry.routes for backend in route.backends] == [
        "(not known yet)",
        "Service shop/web",
    ]
    assert entry.health is Health.UNKNOWN


def test_a_service_elsewhere_that_has_no_pods_of_its_own_is_not_broken():
    external = {**service("web"), "spec": {"type": "ExternalName", "externalName": "x", "ports": [{"port": 8000}]}}
    found = topology(
        gateway(server("shop.example")),
        virtual_service("shop.example", http=[to("web")]),
        external,
        pods=RunningPods([], [], []),
    )
    assert found.entries[0].health is Health.OK
