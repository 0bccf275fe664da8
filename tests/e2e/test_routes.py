"""Routes: for each field the request that a user would send, and the one for which it must not hold."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from tests.e2e.asking import Edge, echo_over_websocket
from tests.e2e.conftest import eventually, kubectl

PROGRAM = """
import pulumi
from istio_ingress import DelegateRoutes, HostRoutes, HttpbinIngress, HttpGateway

ns = pulumi.Config().require("namespace")


def host(name):
    return f"{name}.{ns}.example.com"


def says(text, **match):
    return {**match, "direct_response": {"status": 200, "body": text}}


def web(name, *routes, **more):
    return {"host": host(name), "routes": list(routes), **more}


workload = {"namespace": ns, "routes": [{"prefix": "/"}], "workload": {"image": "lab.local/go-httpbin:1"}}
httpbin = HttpbinIngress("httpbin", {**workload, "hosts": [host("bin")]})
other = HttpbinIngress("other", {**workload, "hosts": [host("other")]})
bin = {"service": httpbin.service, "port": httpbin.service_port}
log = {"service": other.service, "port": other.service_port}
delegated = DelegateRoutes("delegated", {"namespace": ns, "routes": [says("a", prefix="/team/a")]})
HttpGateway("web", {"namespace": ns, "hosts": [
    web(
        "match",
        says("exact", exact="/exact"),
        says("regex", regex="/r/[0-9]+"),
        says("below", path_prefix="/below"),
        says("any case", prefix="/Case", ignore_case=True),
        says("method", exact="/method", methods=["PUT", "DELETE"]),
        says("header exact", exact="/header", headers={"X-Tier": {"exact": "gold"}}),
        says("header prefix", exact="/header", headers={"x-tier": {"prefix": "sil"}}),
        says("header regex", exact="/header", headers={"x-id": {"regex": "[0-9]+"}}),
        says("header present", exact="/header", headers={"x-any": {"present": True}}),
        says("header absent", exact="/header-absent", headers={"x-tier": {"absent": True}}),
        says("header other", exact="/header-other", without_headers={"x-tier": {"exact": "gold"}}),
        says("query exact", exact="/query", query={"v": {"exact": "2"}}),
        says("query regex", exact="/query", query={"v": {"regex": "3[0-9]"}}),
        says("query present", exact="/query", query={"debug": {"present": True}}),
        says("query absent", exact="/query-absent", query={"debug": {"absent": True}, "trace": {"absent": True}}),
        says("authority", exact="/authority", authority={"exact": host("alias")}),
        says("port", exact="/port", server_port=80),
        says("scheme", exact="/scheme", scheme={"exact": "http"}),
        says("not https", exact="/https", scheme={"exact": "https"}),
        says("else"),
        further_hosts=[host("alias")],
    ),
    web(
        "end",
        {"exact": "/old", "redirect": {"path": "/new"}},
        {"exact": "/moved", "redirect": {
            "hostname": host("bin"), "scheme": "https", "port": 8443, "path": "/get", "status": 308,
        }},
        {"exact": "/secure", "redirect": {"scheme": "https", "derive_port": "FROM_PROTOCOL_DEFAULT"}},
        {"exact": "/closed", "direct_response": {"status": 503, "body": "closed\\n"}},
        {"prefix": "/team/", "delegate": delegated.delegate},
        {"prefix": "/api/", "rewrite": {"prefix": "/anything/v1/"}},
        {"path_prefix": "/v2", "rewrite": {"prefix": "/anything/v2"}},
        {"path_prefix": "/v3", "rewrite": {"prefix": "/anything/"}},
        {"path_prefix": "/v4", "rewrite": {"path": "/anything/v4"}},
        {"regex": "/item/[0-9]+", "rewrite": {"regex": "/item/([0-9]+)", "substitution": "/anything/number-\\\\1"}},
        {"prefix": "/whole", "rewrite": {"path": "/anything/whole"}},
        {"exact": "/one", "rewrite": {"path": "/anything/one"}},
        {"exact": "/headers", "rewrite": {"hostname": "inside.example"}},
        {"prefix": "/"},
        backend=bin,
    ),
    web(
        "way",
        {"prefix": "/delay", "headers": {"x-try": {"present": True}}, "retries": {
            "attempts": 2, "per_try_timeout": "200ms", "retry_on": ["gateway-error"], "backoff": "1ms",
        }},
        {"prefix": "/delay", "timeout": "500ms"},
        {"exact": "/unstable", "headers": {"x-try": {"present": True}}, "retries": {
            "attempts": 10, "retry_on": ["5xx"], "backoff": "1ms",
        }},
        {"exact": "/unstable", "retries": {"attempts": 0}},
        {"exact": "/headers", "request_headers": {
            "set": {"x-set": "new"}, "add": {"x-added": "more"}, "remove": ["x-removed"],
        }},
        {"exact": "/response-headers", "response_headers": {"set": {"x-set": "new"}, "remove": ["x-removed"]}},
        {"exact": "/get", "cors": {
            "allow_origins": [{"exact": "https://good.example"}], "allow_methods": ["PUT"], "max_age": "10m",
            "unmatched_preflights": "IGNORE",
        }},
        {"exact": "/uuid", "headers": {"x-slow": {"exact": "1"}}, "fault": {"delay": {"fixed_delay": "1s"}}},
        {"exact": "/uuid", "headers": {"x-broken": {"exact": "1"}}, "fault": {"abort": {"http_status": 418}}},
        {"exact": "/uuid", "fault": {"abort": {"http_status": 418, "percent": 0}}},
        {"prefix": "/anything/copied", "mirrors": [log]},
        {"prefix": "/anything/kept", "mirrors": [{**log, "percent": 0}]},
        {"prefix": "/"},
        backend=bin,
    ),
    web("split", {"backends": [
        {**bin, "weight": 90, "response_headers": {"set": {"x-from": "most"}}},
        {**log, "weight": 10, "response_headers": {"set": {"x-from": "few"}}},
    ]}),
    {"host": host("grpc"), "backend": {"service": "istiod.istio-system.svc.cluster.local", "port": 15010}},
    {"host": f"*.team.{ns}.example.com", "routes": [says("the platform")]},
    {"host": "./" + host("kept"), "routes": [says("kept")]},
]})
HostRoutes("team", {
    "namespace": ns,
    "gateways": [f"{ns}/web-http"],
    "hosts": [{"host": f"cart.team.{ns}.example.com", "routes": [says("the team")]}],
})
"""


@pytest.fixture(scope="module")
def edge(ingress):
    return Edge(ingress.host, ingress.ports["http"])


@pytest.fixture(scope="module")
def ask(new_stack, namespace, edge):
    """Sends a request to one of the hosts."""
    new_stack(PROGRAM).up(namespace=namespace)

    def ask(host, path, *args, **options):
        return edge.ask(f"{host}.{namespace}.example.com", path, *args, **options)

    for host in ("match", "end", "way", "split"):
        eventually(lambda: ask(host, "/get"), lambda answer: answer.status_code == 200)  # noqa: B023
    return ask


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        ("/exact", {}, "exact"),
        ("/exact/", {}, "else"),
        ("/r/12", {}, "regex"),
        ("/r/12?a=b", {}, "regex"),
        ("/r/1a", {}, "else"),
        ("/below", {}, "below"),
        ("/below?a=b", {}, "below"),
        ("/below/", {}, "below"),
        ("/below/x", {}, "below"),
        ("/belows", {}, "else"),
        ("/cASE/x", {}, "any case"),
        ("/CAS", {}, "else"),
        ("/EXACT", {}, "else"),
        ("/header", {"x-tier": "gold"}, "header exact"),
        ("/header", {"x-tier": "golden"}, "else"),
        ("/header", {"x-tier": "silver"}, "header prefix"),
        ("/header", {"x-id": "12"}, "header regex"),
        ("/header", {"x-id": "12a"}, "else"),
        ("/header", {"x-any": "whatever"}, "header present"),
        ("/header", {}, "else"),
        ("/header-absent", {}, "header absent"),
        ("/header-absent", {"x-tier": "any"}, "else"),
        ("/header-other", {"x-tier": "silver"}, "header other"),
        ("/header-other", {"x-tier": "gold"}, "else"),
        ("/query?v=2", {}, "query exact"),
        ("/query?v=22", {}, "else"),
        ("/query?v=31", {}, "query regex"),
        ("/query?debug", {}, "query present"),
        ("/query?debug=1", {}, "query present"),
        ("/query", {}, "else"),
        ("/query-absent", {}, "query absent"),
        ("/query-absent?a=1&debugger=2", {}, "query absent"),
        ("/query-absent?a=debug&b=trace", {}, "query absent"),
        ("/query-absent?debug", {}, "else"),
        ("/query-absent?a=1&trace=0&b", {}, "else"),
        ("/authority", {}, "else"),
        ("/port", {}, "port"),
        ("/scheme", {}, "scheme"),
        ("/https", {}, "else"),
    ],
)
def test_a_match_takes_its_requests_and_no_others(ask, path, headers, body):
    assert ask("match", path, headers=headers).text == body


@pytest.mark.parametrize(
    ("method", "body"), [("PUT", "method"), ("DELETE", "method"), ("GET", "else"), ("POST", "else")]
)
def test_methods_are_told_apart(ask, method, body):
    assert ask("match", "/method", method).text == body


def test_names_of_one_host_are_told_apart(ask):
    assert ask("alias", "/authority").text == "authority"
    assert ask("alias", "/exact").text == "exact"


def test_a_redirect_sends_the_client_elsewhere(ask, edge, namespace):
    moved = ask("end", "/old?a=b")
    assert (moved.status_code, moved.headers["location"]) == (301, f"http://end.{namespace}.example.com/new?a=b")
    moved = ask("end", "/moved")
    assert (moved.status_code, moved.headers["location"]) == (308, f"https://bin.{namespace}.example.com:8443/get")
    assert ask("end", "/secure").headers["location"] == f"https://end.{namespace}.example.com/secure"
    assert ask("end", "/older").status_code == 404


def test_the_gateway_answers_itself(ask):
    closed = ask("end", "/closed")
    assert (closed.status_code, closed.text) == (503, "closed\n")


def test_another_virtual_service_answers_for_its_part(ask):
    assert ask("end", "/team/a").text == "a"
    assert ask("end", "/team/b").status_code == 404


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/api/cart?a=b", "/anything/v1/cart?a=b"),
        ("/v2", "/anything/v2"),
        ("/v2/x/v2?a=b", "/anything/v2/x/v2?a=b"),
        ("/v3", "/anything/"),
        ("/v3/x", "/anything/x"),
        ("/v4/x?a=b", "/anything/v4?a=b"),
        ("/item/12", "/anything/number-12"),
        ("/whole/of/it?a=b", "/anything/whole?a=b"),
        ("/one", "/anything/one"),
        ("/anything/api/x", "/anything/api/x"),
    ],
)
def test_the_backend_sees_another_path(ask, namespace, path, seen):
    assert ask("end", path).json()["url"] == f"http://end.{namespace}.example.com{seen}"


def test_a_path_that_only_begins_like_a_path_prefix_keeps_its_own(ask):
    assert ask("end", "/v2x").status_code == 404


def test_the_backend_sees_another_host(ask, namespace):
    assert ask("end", "/headers").json()["headers"]["Host"] == ["inside.example"]
    assert ask("end", "/anything").json()["headers"]["Host"] == [f"end.{namespace}.example.com"]


def test_an_answer_that_takes_too_long_is_given_up(ask):
    started = time.monotonic()
    assert ask("way", "/delay/3").status_code == 504
    assert 0.4 < time.monotonic() - started < 2
    assert ask("way", "/delay/0.1").status_code == 200
    assert ask("end", "/delay/1").status_code == 200


def test_what_failed_is_sent_again_where_that_is_wanted(ask):
    def statuses(headers):
        asked = range(40)
        with ThreadPoolExecutor(8) as pool:
            answers = pool.map(lambda _: ask("way", "/unstable?failure_rate=0.3", headers=headers), asked)
            return Counter(answer.status_code for answer in answers)

    assert statuses({"x-try": "1"}) == {200: 40}
    assert statuses({})[500] > 0


def test_each_try_has_its_own_time(ask):
    started = time.monotonic()
    assert ask("way", "/delay/3", headers={"x-try": "1"}).status_code == 504
    assert 0.6 < time.monotonic() - started < 2, "three times 200 ms"
    assert ask("way", "/delay/0", headers={"x-try": "1"}).status_code == 200


def test_headers_are_set_added_and_removed(ask):
    sent = {"x-set": "old", "x-added": "one", "x-removed": "1"}
    seen = ask("way", "/headers", headers=sent).json()["headers"]
    assert (seen["X-Set"], seen["X-Added"], "X-Removed" in seen) == (["new"], ["one", "more"], False)
    seen = ask("end", "/anything", headers=sent).json()["headers"]
    assert (seen["X-Set"], seen["X-Added"], seen["X-Removed"]) == (["old"], ["one"], ["1"])
    path = "/response-headers?x-set=old&x-removed=1"
    assert {name: ask("way", path).headers.get(name) for name in ("x-set", "x-removed")} == {
        "x-set": "new",
        "x-removed": None,
    }
    assert ask("end", path).headers["x-removed"] == "1"


def test_pages_of_named_origins_may_use_the_answers(ask):
    def preflight(origin):
        return ask("way", "/get", "OPTIONS", {"origin": origin, "access-control-request-method": "PUT"}).headers

    allowed = preflight("https://good.example")
    assert allowed["access-control-allow-origin"] == "https://good.example"
    assert allowed["access-control-allow-methods"] == "PUT"
    assert allowed["access-control-max-age"] == "600"
    assert "access-control-allow-origin" not in preflight("https://bad.example")


def test_faults_are_made_where_they_are_asked_for(ask):
    started = time.monotonic()
    assert ask("way", "/uuid", headers={"x-slow": "1"}).status_code == 200
    assert time.monotonic() - started > 0.9
    assert ask("way", "/uuid", headers={"x-broken": "1"}).status_code == 418
    assert ask("way", "/uuid").status_code == 200


def test_a_copy_goes_to_the_mirror(ask, namespace):
    def log():
        return kubectl("logs", "--namespace", namespace, "deployment/other", "--tail=-1")

    assert ask("way", f"/anything/kept/{namespace}").status_code == 200
    assert ask("way", f"/anything/copied/{namespace}").status_code == 200
    assert f"/anything/kept/{namespace}" not in eventually(log, lambda text: f"/anything/copied/{namespace}" in text)


def test_weights_share_the_requests(ask):
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: ask("split", "/uuid").headers["x-from"], range(400))
        few = Counter(answers)["few"]
    assert 12 <= few <= 76, "of 400 some 40, six standard deviations apart"


def test_a_websocket_goes_through(edge, ask, namespace):
    host = f"end.{namespace}.example.com"
    assert echo_over_websocket(edge, host, "/websocket/echo", "teapot") == "teapot"
    assert echo_over_websocket(edge, host, "/get", "teapot") == "HTTP/1.1 200 OK"


def test_grpc_goes_through(edge, ask, namespace):
    def services(host):
        """What a server says that it serves: the reflection service, which Istio's control plane has."""
        options = [("grpc.default_authority", f"{host}.{namespace}.example.com")]
        with grpc.insecure_channel(f"{edge.host}:{edge.port}", options) as channel:
            call = channel.stream_stream(
                "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                request_serializer=bytes,
                response_deserializer=bytes,
            )
            return next(call(iter([b"\x3a\x01*"]), timeout=10))

    assert b"envoy.service.discovery.v3.AggregatedDiscoveryService" in services("grpc")
    with pytest.raises(grpc.RpcError) as refused:
        services("end")
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_host_that_is_kept_for_one_namespace_is_answered_there_and_nowhere_else(ask, namespace):
    intruder = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": f"intruder-{namespace}", "namespace": "default"},
        "spec": {
            "hosts": [f"kept.{namespace}.example.com", f"open.team.{namespace}.example.com"],
            "gateways": [f"{namespace}/web-http"],
            "http": [
                {
                    "match": [{"uri": {"prefix": "/intruder"}}],
                    "directResponse": {"status": 200, "body": {"string": "intruder"}},
                }
            ],
        },
    }
    kubectl("apply", "--filename=-", stdin=json.dumps(intruder))
    try:
        eventually(lambda: ask("open.team", "/intruder").text, lambda text: text == "intruder")
        assert ask("kept", "/intruder").text == "kept"
    finally:
        kubectl("delete", "--filename=-", stdin=json.dumps(intruder))


def test_a_team_answers_for_its_host_on_the_gateway_of_the_platform(ask):
    assert ask("cart.team", "/").text == "the team"
    assert ask("site.team", "/").text == "the platform"
