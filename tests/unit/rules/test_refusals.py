"""What Istio's webhook refuses, beside what the CRDs say; held against a real one by tests/e2e/test_refusals.py."""

import pytest

from istio_ingress.rules import UNKNOWN
from istio_ingress.rules.schema import common, regexes
from istio_ingress.rules.schema.durations import nanoseconds
from tests.unit.rules.build import check, gateway, http, manifest, route, virtual_service

TWO = [{"destination": {"host": "cart"}}, {"destination": {"host": "site"}}]


def broken(*manifests):
    return [(finding.rule, finding.path) for finding in check(*manifests)]


def patched(**patch):
    made = manifest("EnvoyFilter", "shop", {"configPatches": [patch]})
    return {**made, "apiVersion": "networking.istio.io/v1alpha3"}


def rules_broken(*manifests):
    return [rule for rule, _ in broken(*manifests)]


def with_route(**fields):
    return virtual_service("shop", "shop.example", http=[{**route("cart"), **fields}])


@pytest.mark.parametrize(
    ("fields", "rule", "place"),
    [
        ({"route": []}, "route-action", ""),
        ({"redirect": {"authority": "x.example"}}, "route-action", "redirect"),
        ({"directResponse": {"status": 200}}, "route-action", "directResponse"),
        ({"delegate": {"name": "team"}}, "route-action", "route"),
        (
            {"route": [], "redirect": {"authority": "a.b"}, "fault": {"delay": {"fixedDelay": "1s"}}},
            "route-action",
            "fault",
        ),
        ({"route": TWO}, "weights-invalid", "route"),
        ({"match": [{"uri": {"regex": "/(?!a)"}}]}, "regex-invalid", "match[0].uri.regex"),
        ({"match": [{"method": {"prefix": ""}}]}, "match-invalid", "match[0].method.prefix"),
        ({"match": [{"headers": {"x y": {"exact": "a"}}}]}, "match-invalid", "match[0].headers.x y"),
        ({"match": [{"port": 70000}]}, "match-invalid", "match[0].port"),
        ({"headers": {"request": {"set": {":path": "/"}}}}, "header-invalid", "headers.request.set.:path"),
        ({"headers": {"response": {"add": {"x": "5%"}}}}, "header-invalid", "headers.response.add.x"),
        ({"retries": {"attempts": 0, "perTryTimeout": "1s"}}, "retries-invalid", "retries.attempts"),
        ({"retries": {"attempts": 1, "retryOn": "5xx, reset"}}, "retries-invalid", "retries.retryOn"),
        ({"corsPolicy": {"allowMethods": ["get"]}}, "cors-invalid", "corsPolicy.allowMethods[0]"),
        ({"corsPolicy": {"allowOrigins": [{"exact": ""}]}}, "cors-invalid", "corsPolicy.allowOrigins[0]"),
        ({"rewrite": {"uriRegexRewrite": {"match": "a"}}}, "rewrite-invalid", "rewrite.uriRegexRewrite.rewrite"),
        ({"fault": {}}, "fault-invalid", "fault"),
        ({"fault": {"abort": {"grpcStatus": "NONE"}}}, "fault-invalid", "fault.abort.grpcStatus"),
        (
            {"mirrors": [{"destination": {"host": "a"}, "percentage": {"value": 101}}]},
            "mirror-invalid",
            "mirrors[0].percentage.value",
        ),
        ({"mirror": {"host": "*"}}, "destination-invalid", "mirror.host"),
    ],
)
def test_http_routes(fields, rule, place):
    assert broken(with_route(**fields)) == [(rule, f"spec.http[0].{place}".rstrip("."))]


@pytest.mark.parametrize(
    "fields",
    [
        {"route": [{**TWO[0], "weight": 0}, {**TWO[1], "weight": 1}]},
        {"route": [{**TWO[0], "weight": UNKNOWN}, {**TWO[1], "weight": 0}]},
        {"route": UNKNOWN},
        {"retries": {"attempts": 0}},
        {"retries": {"attempts": UNKNOWN, "perTryTimeout": "1s"}},
        {"retries": {"attempts": 1, "retryOn": "5xx,503,unavailable"}},
        {"match": [{"uri": {"prefix": ""}}]},
        {"match": [{"withoutHeaders": {"x": {"regex": "*"}}}]},
        {"match": [{"headers": {"@request.auth.claims.group": {"exact": "a"}, ":path": {"exact": "/"}}}]},
        {"headers": {"request": {"set": {"Host": "a.b", "x": "%REQ(x-id)% 100%%"}, "remove": ["x"]}}},
        {"mirror": {"host": "a"}, "mirrorPercentage": {"value": 0.5}},
    ],
)
def test_http_routes_that_istio_takes(fields):
    assert {rule for rule in rules_broken(with_route(**fields)) if not rule.startswith("jwt")} == set()


@pytest.mark.parametrize(
    ("spec", "rule", "path"),
    [
        ({"hosts": ["a.b"]}, "virtualservice-without-routes", "spec"),
        ({"hosts": ["a.b", "a.b"], "http": [route("cart")]}, "virtualservice-hosts-overlap", "spec.hosts[1]"),
        ({"hosts": ["a.b", "*.b"], "http": [route("cart")]}, "virtualservice-hosts-overlap", "spec.hosts[1]"),
        ({"hosts": ["*"], "http": [route("cart")]}, "mesh-host-any", "spec.hosts[0]"),
        ({"tcp": [{"route": [TWO[0]]}]}, "delegate-invalid", "spec.tcp"),
        (
            {"http": [{"delegate": {"name": "other"}, "redirect": {"uri": "/"}}]},
            "delegate-invalid",
            "spec.http[0].delegate",
        ),
        ({"hosts": ["a.b"], "tcp": [{"route": []}]}, "route-action", "spec.tcp[0].route"),
        (
            {"hosts": ["a.b"], "http": [route("cart")], "exportTo": [".", "shop"]},
            "export-to-invalid",
            "spec.exportTo[1]",
        ),
        (
            {"hosts": ["a.b"], "http": [route("cart")], "gateways": ["Shop/Web_1"]},
            "gateway-reference-invalid",
            "spec.gateways[0]",
        ),
    ],
)
def test_virtual_services(spec, rule, path):
    assert broken(manifest("VirtualService", "shop", spec)) == [(rule, path)]


@pytest.mark.parametrize(
    ("server", "rule"),
    [
        ({"bind": "localhost"}, "bind-invalid"),
        ({"bind": "unix:///tmp/a"}, "bind-invalid"),
        ({"bind": "10.0.0.1"}, None),
        ({"port": {"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 8080}}, "target-port-refused"),
        ({"hosts": ["shop"]}, "gateway-host-incomplete"),
        ({"hosts": ["::1"]}, "gateway-host-incomplete"),
        ({"hosts": ["a.b/shop.example"]}, "gateway-host-incomplete"),
    ],
)
def test_gateways(server, rule):
    assert rules_broken(gateway("shop", {**http("shop.example"), **server})) == ([rule] if rule else [])


def policy(**fields):
    return manifest("DestinationRule", "cart", {"host": "cart.shop.svc.cluster.local", "trafficPolicy": fields})


@pytest.mark.parametrize(
    ("found", "rule"),
    [
        (policy(), "traffic-policy-invalid"),
        (policy(connectionPool={}), "traffic-policy-invalid"),
        (policy(loadBalancer={"consistentHash": {"maglev": {"tableSize": 4}}}), "traffic-policy-invalid"),
        (
            policy(loadBalancer={"localityLbSetting": {"distribute": [{"from": "eu", "to": {"us": 99}}]}}),
            "traffic-policy-invalid",
        ),
        (
            policy(
                loadBalancer={"localityLbSetting": {"distribute": [{"from": "eu/*", "to": {"eu/*": 50, "eu/a": 50}}]}}
            ),
            "traffic-policy-invalid",
        ),
        (policy(tls={"mode": "MUTUAL"}), "client-tls-invalid"),
        (policy(tls={"mode": "SIMPLE", "credentialName": "a", "caCertificates": "/ca"}), "client-tls-invalid"),
        (policy(tls={"mode": "SIMPLE", "insecureSkipVerify": True, "caCertificates": "/ca"}), "client-tls-invalid"),
        (policy(outlierDetection={"maxEjectionPercent": 101}), "traffic-policy-invalid"),
        (
            manifest("DestinationRule", "cart", {"host": "cart", "subsets": [{"name": "v1"}, {"name": "v1"}]}),
            "subset-invalid",
        ),
        (manifest("DestinationRule", "cart", {"host": "a_b"}), "destination-rule-host-invalid"),
        (manifest("ServiceEntry", "bank", {"hosts": ["*.bank.example"], "resolution": "DNS"}), "service-entry-invalid"),
        (manifest("ServiceEntry", "bank", {"hosts": ["a.b"], "addresses": ["10.0.0.0/33"]}), "service-entry-invalid"),
        (
            manifest(
                "ServiceEntry", "bank", {"hosts": ["a.b"], "resolution": "STATIC", "endpoints": [{"address": "c.d"}]}
            ),
            "service-entry-invalid",
        ),
        (
            manifest(
                "ServiceEntry",
                "bank",
                {
                    "hosts": ["a.b", "c.d"],
                    "resolution": "DNS",
                    "ports": [{"number": 1, "name": "a", "protocol": "TCP"}],
                },
            ),
            "service-entry-invalid",
        ),
        (manifest("Sidecar", "shop", {}), "sidecar-invalid"),
        (patched(applyTo="HTTP_FILTER"), "envoy-filter-invalid"),
        (patched(patch={"operation": "REMOVE"}), "envoy-filter-invalid"),
        (patched(applyTo="CLUSTER", patch={"operation": "MERGE"}), "envoy-filter-invalid"),
        (patched(applyTo="CLUSTER", patch={"value": {}}), "envoy-filter-invalid"),
        (
            patched(applyTo="CLUSTER", match={"listener": {}}, patch={"operation": "REMOVE"}),
            "envoy-filter-invalid",
        ),
        (
            manifest("Sidecar", "shop", {"inboundConnectionPool": {}, "egress": [{"hosts": ["./*"]}]}),
            "traffic-policy-invalid",
        ),
    ],
)
def test_other_kinds(found, rule):
    assert rules_broken(found) == [rule]


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("VirtualService", ["virtualservice-without-routes"]),
        ("DestinationRule", ["field-missing"]),
        ("ServiceEntry", ["field-missing"]),
        ("Sidecar", ["sidecar-invalid"]),
        ("Gateway", ["gateway-server-incomplete"]),
        ("ProxyConfig", []),
    ],
)
def test_a_spec_that_is_not_there_is_empty_to_the_webhook(kind, wanted):
    whole = manifest(kind, "shop", {})
    if kind == "ProxyConfig":
        whole["apiVersion"] = "networking.istio.io/v1beta1"
    bare = {key: value for key, value in whole.items() if key != "spec"}

    assert rules_broken(bare) == wanted
    assert rules_broken({**bare, "spec": None}) == wanted
    assert rules_broken({**bare, "spec": UNKNOWN}) == []


def test_a_manifest_without_a_spec_may_be_a_patch_of_another():
    patch = {key: value for key, value in virtual_service("shop", "shop.example").items() if key != "spec"}

    assert rules_broken(virtual_service("shop", "shop.example"), patch) == ["resource-repeated"]


@pytest.mark.parametrize(
    "text",
    [
        "a(b",
        "a)b",
        "(?!a)",
        "(?<=a)b",
        "(?>a)",
        "a**",
        "a{2}{3}",
        "*a",
        "|*",
        "[a-",
        "[z-a]",
        "[[:word]]x[",
        r"\1",
        r"\y",
        r"\Z",
        "a\\",
        "a{1001}",
        "a{3,2}",
        "(a{500}){3}",
        "(?P<n>a)(?P<n>b)",
        "(?P<a-b>c)",
        "(?z)",
        "a" * 1025,
    ],
)
def test_expressions_that_re2_refuses(text):
    assert regexes.fault(text) != ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/api/.*",
        "a|b|",
        "()",
        "(?i)a(?-i:b)",
        "(?P<n>a)(?<m>b)",
        "a{,3}",
        "a{",
        "a{2,}?",
        "x*?",
        "[]a]",
        "[^]a]",
        "[a-]",
        r"[\d-z]",
        r"\pL\p{Greek}",
        "[[:alpha:]_]",
        r"\Q(*\E",
        r"\x41\x{1F600}\07",
        r"\.\-\/",
        "^*",
        "a" * 1024,
    ],
)
def test_expressions_that_re2_takes(text):
    assert regexes.fault(text) == ""


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("1s", 10**9),
        ("1m30s", 90 * 10**9),
        (".5ms", 500_000),
        ("0", 0),
        ("-1s", -(10**9)),
        ("1.s", 10**9),
        ("1µs", 1000),
    ],
)
def test_durations(text, length):
    assert nanoseconds(text) == length


@pytest.mark.parametrize("text", ["", "5", "1d", "s", "1 s", "1S", ".s", "9999999h", "٣s"])
def test_texts_that_are_no_durations(text):
    assert nanoseconds(text) is None


@pytest.mark.parametrize(
    "value", ["", "a", "100%%", "%REQ(x-id)%", '%REQ(["a", "b"])%', "%START_TIME(%s \\) x)%", "a\tb"]
)
def test_values_of_headers(value):
    assert common.header_value_fault(value) == ""


@pytest.mark.parametrize("value", ["%", "100%", "%REQ(", "%REQ(a)", '%REQ(["a" "b"])%', "a\nb", "%%%"])
def test_values_that_no_header_has(value):
    assert common.header_value_fault(value) != ""
