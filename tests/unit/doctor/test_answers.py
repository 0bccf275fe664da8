"""What the doctor says of the answers to its harmless requests; each answer is worded as the real Envoy words it."""

import re

import pytest

from istio_ingress.doctor.asking import Asker
from istio_ingress.doctor.expected import Expectations
from istio_ingress.doctor.gather import all_facts
from istio_ingress.doctor.probes import Probes
from istio_ingress.live.client import Answer
from istio_ingress.live.scope import Scope
from tests.unit.doctor.answered import (
    HOST,
    STATUS,
    istio,
    of_backend,
    of_gateway,
    on_trial,
    policy,
    route,
    said,
    virtual_service,
)


def sent(patient):
    """Every request that is sent, as method, URL and the headers that a match asks for."""
    return [
        (one.request.method, str(one.request).partition(" ")[2], one.request) for one in Probes(patient.facts()).all()
    ]


class TestWhatIsSent:
    def test_one_request_for_each_host_and_route(self, patient):
        assert [(method, url) for method, url, _ in sent(patient)] == [
            ("GET", "https://helloworld.example.com/hello"),
            ("GET", "http://httpbin.example.com/status"),
            ("GET", "https://httpbin.example.com/status"),
            ("GET", "https://mutual.example.com/status"),
        ]

    @pytest.mark.parametrize(
        ("match", "method", "path"),
        [
            ({"uri": {"regex": "/v[0-9]+/items"}}, None, None),
            ({"uri": {"regex": "/items/.*"}}, "GET", "/items/"),
            ({"uri": {"regex": "/(cart|items)"}}, "GET", "/cart"),
            ({"method": {"exact": "HEAD"}}, "HEAD", "/"),
            ({"method": {"regex": "GET|POST"}}, "GET", "/"),
            ({"method": {"exact": "POST"}}, None, None),
            ({"headers": {"@request.auth.claims.sub": {"exact": "me"}}}, None, None),
            ({"queryParams": {"q": {"exact": "a b"}}}, "GET", "/?q=a%20b"),
            ({"uri": {"prefix": "/a b"}}, "GET", "/a%20b"),
            ({"scheme": {"exact": "https"}}, None, None),
        ],
    )
    def test_a_request_that_the_match_takes_or_none_where_none_is_harmless(self, plain, match, method, path):
        virtual_service(plain, "a.shop.example", route(match=[match]))
        found = [(one, url) for one, url, _ in sent(plain) if "shop.example" in url]
        assert found == ([(method, f"http://a.shop.example{path}")] if method else [])

    def test_the_headers_of_a_match_are_sent(self, plain):
        match = {"headers": {"X-Tier": {"exact": "gold"}, "x-any": {}, "x-from": {"prefix": "a"}}}
        virtual_service(plain, "a.shop.example", route(match=[match]))
        (request,) = [request for _, url, request in sent(plain) if "shop.example" in url]
        assert {"x-tier": "gold", "x-any": "doctor", "x-from": "a"}.items() <= dict(request.headers).items()

    def test_of_two_matches_the_harmless_one_is_taken(self, plain):
        matches = [{"method": {"exact": "PUT"}}, {"uri": {"exact": "/read"}}]
        virtual_service(plain, "a.shop.example", route(match=matches))
        assert ("GET", "http://a.shop.example/read") in [(method, url) for method, url, _ in sent(plain)]

    def test_a_gateway_that_calls_its_port_by_that_of_the_pods_is_asked_as_clients_ask_it(self, plain):
        plain.find("Gateway", "plain")["spec"]["servers"][0]["port"]["number"] = 8080
        virtual_service(plain, "a.shop.example", route())
        assert "http://a.shop.example/" in [url for _, url, _ in sent(plain)]

    def test_only_so_many_are_sent(self, patient, fake_tools, tmp_path):
        answers = all_facts(Scope(), tmp_path, most=3).answers
        assert (len(answers.asked), answers.left_out) == (3, 1)

    def test_without_the_clients_certificate_hosts_that_want_one_are_not_asked(self, patient, monkeypatch):
        outputs = {key: value for key, value in patient.outputs().items() if key != "client_key"}
        monkeypatch.setattr(patient, "outputs", lambda: outputs)
        assert not [line for line in patient.said("answers") if "mutual" in line.subject]


class TestBackend:
    @pytest.mark.parametrize("status", [200, 204, 304, 400, 401, 403, 404, 405, 418])
    def test_whatever_it_answers_is_well(self, patient, status):
        patient.answers[STATUS] = of_backend(status, "its own words")
        line = said(patient, f"{HOST} (80")
        assert line.status.value == "ok"
        assert f"GET /status {status} by Service default/httpbin port 8000" in line.seen

    @pytest.mark.parametrize("status", [500, 502, 503])
    def test_but_not_that_it_fails(self, patient, status):
        patient.answers[STATUS] = of_backend(status, "oops")
        line = said(patient, f"{STATUS},")
        assert (line.status.value, line.seen) == ("warning", f"{status} by Service default/httpbin port 8000")
        assert line.next_step.startswith("kubectl logs -n default httpbin-")

    @pytest.mark.parametrize(
        "body",
        [
            "<center>The plain HTTP request was sent to HTTPS port</center>",
            "Client sent an HTTP request to an HTTPS server.\n",
            "You're speaking plain HTTP to an SSL-enabled server port.",
            "Bad Request\nThis combination of host and port requires TLS.\n",
        ],
    )
    def test_one_that_wants_tls(self, patient, body):
        patient.answers[STATUS] = of_backend(400, body)
        line = said(patient, f"{STATUS},")
        assert line.status.value == "failed"
        assert "for VirtualService default/httpbin-http spec.http[0]" in line.subject
        assert line.seen.endswith("the backend wants TLS, and the gateway speaks plain HTTP to it")
        assert "DestinationRule" in line.next_step

    @pytest.mark.parametrize(("status", "verdict"), [(400, "warning"), (404, "ok")])
    def test_one_to_which_the_gateway_speaks_the_proxy_protocol(self, plain, status, verdict):
        spec = {"host": "httpbin", "trafficPolicy": {"proxyProtocol": {}}}
        plain.add(istio("DestinationRule", "httpbin", spec))
        plain.answers[STATUS] = of_backend(status, "Bad Request")
        line = said(plain, STATUS if verdict == "warning" else f"{HOST} (80")
        assert line.status.value == verdict
        says = "DestinationRule default/httpbin has the gateway speak the PROXY protocol"
        assert (says in line.seen) == (verdict == "warning")

    def test_its_proxy_that_refuses_names_the_policy_of_its_pods(self, plain):
        plain.add(policy({"selector": {"matchLabels": {"app": "httpbin"}}, "rules": [{}]}, "shut", "default"))
        plain.add(policy({"selector": {"matchLabels": {"app": "other"}}}, "theirs", "default"))
        plain.add(policy({"action": "AUDIT", "rules": [{}]}, "written", "default"))
        plain.add(on_trial(policy({"action": "DENY", "rules": [{}]}, "trial", "default")))
        plain.answers[STATUS] = of_backend(403, "RBAC: access denied")
        line = said(plain, f"{STATUS},")
        assert line.status.value == "failed"
        assert "refused by AuthorizationPolicy default/shut" in line.seen
        assert not {"theirs", "written", "trial"} & set(re.findall(r"\w+", line.seen))


class TestGateway:
    def test_a_route_that_is_not_there_is_explained_by_the_walk(self, plain):
        virtual_service(plain, "a.shop.example", route(match=[{"uri": {"prefix": "/"}}]), name="first")
        hidden = route(match=[{"uri": {"exact": "/late"}}])
        plain.find("VirtualService", "first")["spec"]["http"] = [
            {"match": [{"uri": {"prefix": "/team"}}], "delegate": {"name": "team", "namespace": "default"}}
        ]
        team = istio("VirtualService", "team", {"http": [{**hidden, "match": [{"uri": {"exact": "/other"}}]}]})
        plain.add(team)
        plain.answers["http://a.shop.example/team"] = of_gateway(404)
        line = said(plain, "a.shop.example/team")
        assert line.status.value == "failed"
        assert "404 by the gateway: no route of" in line.seen
        assert "VirtualService default/team: The match (uri exact /other) lies in none of" in line.seen

    def test_a_virtualservice_that_the_gateway_does_not_see(self, plain):
        virtual_service(plain, "a.shop.example", route(), exportTo=["."])
        plain.answers["http://a.shop.example/"] = of_gateway(404)
        line = said(plain, "http://a.shop.example/")
        assert "VirtualService default/shop: It is exported to ." in line.seen
        assert line.next_step == "Add 'istio-system' to exportTo, or take exportTo away."

    @pytest.mark.parametrize(
        ("match", "field"),
        [({"sourceLabels": {"app": "shop"}}, "sourceLabels"), ({"sourceNamespace": "shop"}, "sourceNamespace")],
    )
    def test_a_match_for_clients_within_the_mesh(self, plain, match, field):
        virtual_service(plain, "a.shop.example", route(match=[match]))
        plain.answers["http://a.shop.example/"] = of_gateway(404)
        line = said(plain, "http://a.shop.example/")
        where = f"VirtualService default/shop spec.http[0].match[0].{field}"
        assert f"{where}: counts for nothing: the gateway's pods are others" in line.seen
        assert line.next_step == "Bind it to mesh for senders inside, or match what the request carries."

    def test_the_routes_of_a_wildcard_that_do_not_hold_for_a_host_of_its_own(self, plain):
        virtual_service(plain, "*.shop.example", route(match=[{"uri": {"prefix": "/status"}}]), name="wide")
        virtual_service(plain, "a.shop.example", route(match=[{"uri": {"prefix": "/delay"}}]), name="narrow")
        plain.answers["http://a.shop.example/status"] = of_gateway(404)
        line = said(plain, "a.shop.example/status")
        assert line.status.value == "warning"
        assert "VirtualService default/narrow spec.http[0].match[0]: does not take it: the path is not" in line.seen
        assert (
            line.next_step == "Repeat the route in VirtualService default/narrow, if it should hold for this host too."
        )

    def test_a_service_without_a_pod(self, patient):
        patient.find("EndpointSlice", "httpbin")["endpoints"] = []
        patient.answers[STATUS] = of_gateway(503, "no healthy upstream")
        line = said(patient, f"{STATUS},")
        assert line.status.value == "failed"
        assert "there is no healthy endpoint; Service default/httpbin has no endpoint" in line.seen
        assert line.next_step.startswith("kubectl get pods -n default")

    @pytest.mark.parametrize(
        ("status", "reason", "cause"),
        [
            (503, "transport failure reason: delayed connect error: Connection refused", "nothing takes the gateway's"),
            (503, "transport failure reason: TLS_error:|268435703:SSL routines:WRONG_VERSION_NUMBER", "speaks plain"),
            (503, "reset reason: connection timeout", "address does not answer"),
            (503, "reset reason: connection termination", "closes the connection without an answer"),
            (502, "reset reason: protocol error", "does not speak the HTTP version"),
            (503, "reset reason: overflow", "a limit on connections"),
            (504, "upstream request timeout", "does not answer in time"),
        ],
    )
    def test_what_envoy_says_of_the_backend(self, plain, status, reason, cause):
        plain.add(
            istio("DestinationRule", "httpbin", {"host": "httpbin", "trafficPolicy": {"tls": {"mode": "SIMPLE"}}})
        )
        words = reason if status == 504 else f"upstream connect error or disconnect/reset before headers. {reason}"
        plain.answers[STATUS] = of_gateway(status, words)
        line = said(plain, f"{STATUS},")
        assert line.status.value == "failed"
        assert line.seen.startswith(
            f"{status} by the gateway, though Service default/httpbin port 8000 should answer: "
        )
        assert cause in line.seen
        assert ("DestinationRule default/httpbin has tls.mode SIMPLE" in line.seen) == (
            "overflow" not in reason and status != 504 and "timeout" not in reason and "refused" not in reason
        )
        assert line.next_step

    @pytest.mark.parametrize("mode", ["SIMPLE", "ISTIO_MUTUAL"])
    def test_a_backend_that_may_not_speak_the_tls_that_the_gateway_speaks(self, plain, mode):
        plain.add(istio("DestinationRule", "httpbin", {"host": "httpbin", "trafficPolicy": {"tls": {"mode": mode}}}))
        plain.answers[STATUS] = of_gateway(503, "upstream connect error. reset reason: remote connection failure")
        seen = said(plain, f"{STATUS},").seen
        assert "the connection to the backend's port fails" in seen
        rule = f"DestinationRule default/httpbin makes the gateway speak TLS (tls.mode {mode})"
        assert f"{rule}, which the backend may not" in seen

    def test_a_backend_outside_that_takes_no_connection(self, plain):
        ports = [{"number": 80, "name": "http", "protocol": "HTTP"}]
        spec = {"hosts": ["dead.example"], "ports": ports, "resolution": "DNS", "location": "MESH_EXTERNAL"}
        plain.objects.setdefault("ServiceEntry", []).append(istio("ServiceEntry", "dead", spec))
        virtual_service(plain, "a.shop.example", route("dead.example", 80))
        plain.answers["http://a.shop.example/"] = of_gateway(503, "delayed connect error: Connection refused")
        step = said(plain, "http://a.shop.example/").next_step
        assert step.startswith("See that the endpoints of the ServiceEntry for dead.example, or else its addresses, ")

    def test_an_answer_that_nothing_explains_is_said_without_a_reason(self, patient):
        patient.answers[STATUS] = of_gateway(404)
        line = said(patient, f"{STATUS},")
        assert (line.status.value, line.seen) == (
            "failed",
            "404 by the gateway, though Service default/httpbin port 8000 should answer",
        )
        assert "istioctl proxy-config routes -n istio-system" in line.next_step

    def test_an_answer_of_its_own_is_well_where_a_route_has_it(self, plain):
        virtual_service(plain, "a.shop.example", {"directResponse": {"status": 503, "body": {"string": "closed"}}})
        plain.answers["http://a.shop.example/"] = of_gateway(503, "closed")
        assert "503 by the gateway" in said(plain, "a.shop.example").seen
        assert said(plain, "a.shop.example").status.value == "ok"

    def test_no_answer_at_all(self, patient):
        patient.answers[STATUS] = Answer(refused="timed out")
        line = said(patient, f"{STATUS},")
        assert (line.status.value, line.seen.startswith("no answer: timed out")) == ("failed", True)
        assert "curl" in line.next_step

    def test_one_reason_for_many_requests_is_said_once(self, plain):
        plain.add(policy({}))
        plain.answers = dict.fromkeys(
            [STATUS, f"https://{HOST}/status", "https://mutual.example.com/status"],
            of_gateway(403, "RBAC: access denied"),
        )
        (line,) = [line for line in plain.said("answers") if line.status.value != "ok"]
        assert line.subject.endswith("and 1 more")


class TestRedirects:
    def test_one_to_another_host_is_well(self, plain):
        virtual_service(plain, "a.shop.example", {"redirect": {"authority": "elsewhere.example"}})
        plain.answers["http://a.shop.example/"] = of_gateway(301, location="http://elsewhere.example/")
        line = said(plain, "a.shop.example")
        assert line.status.value == "ok"
        assert "301 → http://elsewhere.example/" in line.seen

    def test_one_to_itself_is_a_loop(self, plain):
        virtual_service(plain, "a.shop.example", {"redirect": {"uri": "/"}})
        plain.answers["http://a.shop.example/"] = of_gateway(301, location="http://A.shop.example:80/")
        line = said(plain, "a.shop.example")
        assert (line.status.value, "a loop, by VirtualService default/shop" in line.seen) == ("failed", True)
        assert line.next_step == "Correct the redirect: kubectl get virtualservice -n default shop -o yaml"

    def test_one_to_itself_with_a_cookie_is_none(self, patient):
        patient.answers[STATUS] = of_backend(302, **{"location": STATUS, "set-cookie": "seen=1"})
        assert f"GET /status 302 → {STATUS}" in said(patient, f"{HOST} (80").seen

    def test_two_that_lead_to_each_other_are_a_loop(self, patient):
        patient.answers[STATUS] = of_gateway(301, location=f"https://{HOST}/status")
        patient.answers[f"https://{HOST}/status"] = of_backend(302, location=STATUS)
        line = said(patient, f"GET {STATUS},")
        assert (line.status.value, "a loop" in line.seen) == ("failed", True)
        assert "x-forwarded-proto" in line.next_step

    def test_one_to_where_nobody_answers(self, patient):
        patient.answers[STATUS] = of_gateway(301, location=f"https://{HOST}/lost")
        patient.answers[f"https://{HOST}/lost"] = of_gateway(404)
        line = said(patient, f"GET {STATUS},")
        assert line.status.value == "failed"
        assert f"301 → https://{HOST}/lost, where the gateway answers 404" in line.seen


def test_what_should_answer_is_asked_in_one_place(patient):
    facts = patient.facts()
    expectations = Expectations(facts, [], complete=True)
    asker = Asker(facts, expectations, lambda *_, **__: of_backend(200))
    (first, *_) = asker.ask(Probes(facts).all())
    assert first.expected == expectations.of(first.probe.request)
    assert [answer.service for answer in first.expected.answers] == ["default/helloworld"]
