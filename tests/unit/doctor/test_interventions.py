"""What the doctor says where something other than a route answers: a policy, a fault, a filter."""

import re

import pytest

from istio_ingress.live.client import Answer
from tests.unit.doctor.answered import HOST, STATUS, istio, of_gateway, on_trial, policy, route, said, virtual_service


class TestPolicies:
    def test_a_policy_that_denies_the_request(self, plain):
        plain.add(policy({"action": "DENY", "rules": [{"to": [{"operation": {"hosts": [HOST]}}]}]}))
        plain.answers[STATUS] = of_gateway(403, "RBAC: access denied")
        line = said(plain, f"{STATUS},")
        assert line.status.value == "failed"
        assert (
            line.seen == "403 by the gateway: RBAC: access denied: refused by AuthorizationPolicy istio-system/denied"
        )
        assert line.next_step.startswith("kubectl get authorizationpolicy -n istio-system denied -o yaml")

    @pytest.mark.parametrize(
        "rule",
        [
            {"from": [{"source": {"requestPrincipals": ["*"]}}]},
            {"from": [{"source": {"remoteIpBlocks": ["192.0.2.0/24"]}}]},
            {"when": [{"key": "request.auth.claims[iss]", "values": ["me"]}]},
        ],
    )
    def test_a_policy_that_goes_by_who_asks_is_no_fault(self, plain, rule):
        plain.add(policy({"action": "ALLOW", "rules": [rule]}, "known"))
        plain.answers[STATUS] = of_gateway(403, "RBAC: access denied")
        line = said(plain, f"{STATUS},")
        assert line.status.value == "unknown"
        assert "AuthorizationPolicy istio-system/known, which lets in whom it knows" in line.seen

    @pytest.mark.parametrize(
        ("rule", "asks_for_token"),
        [
            ({"from": [{"source": {"requestPrincipals": ["*"]}}]}, True),
            ({"when": [{"key": "request.auth.claims[iss]", "values": ["me"]}]}, True),
            ({"from": [{"source": {"remoteIpBlocks": ["192.0.2.0/24"]}}]}, False),
        ],
    )
    def test_a_token_is_spoken_of_only_where_a_policy_goes_by_one(self, plain, rule, asks_for_token):
        plain.add(policy({"action": "ALLOW", "rules": [rule]}, "known"))
        plain.answers[STATUS] = of_gateway(403, "RBAC: access denied")
        assert ("authorization: Bearer" in said(plain, f"{STATUS},").next_step) == asks_for_token

    @pytest.mark.parametrize("others", [{"hosts": ["other.example"]}, {"notHosts": [HOST]}, {"methods": ["POST"]}])
    def test_only_a_policy_that_can_be_the_reason_is_named(self, plain, others):
        by_address = {"from": [{"source": {"remoteIpBlocks": ["192.0.2.0/24"]}}]}
        plain.add(policy({"action": "DENY", "rules": [by_address]}, "guilty"))
        plain.add(policy({"action": "DENY", "rules": [{**by_address, "to": [{"operation": others}]}]}, "elsewhere"))
        plain.add(policy({"action": "AUDIT", "rules": [{}]}, "audit"))
        plain.add(on_trial(policy({"action": "DENY", "rules": [by_address]}, "trial")))
        plain.add(policy({"action": "ALLOW", "rules": [{}]}, "open"))
        plain.answers[STATUS] = of_gateway(403, "RBAC: access denied")
        line = said(plain, f"{STATUS},")
        assert "refused by AuthorizationPolicy istio-system/guilty, which" in line.seen
        assert not {"audit", "trial"} & set(re.findall(r"\w+", line.seen))

    @pytest.mark.parametrize(
        ("status", "body", "verdict"), [(403, "RBAC: access denied", "failed"), (401, "", "unknown")]
    )
    def test_where_no_policy_can_be_the_reason_the_next_step_names_what_else_can_be(self, plain, status, body, verdict):
        plain.add(policy({"action": "AUDIT", "rules": [{}]}))
        plain.answers[STATUS] = of_gateway(status, body)
        line = said(plain, f"{STATUS},")
        assert line.status.value == verdict
        assert line.seen == f"{status} by the gateway: refused by something that is no AuthorizationPolicy"
        assert line.next_step == "kubectl get envoyfilters,wasmplugins -n istio-system -o yaml"

    def test_a_token_that_is_refused_names_who_asks_for_it(self, plain):
        plain.add(istio("RequestAuthentication", "jwt", {"jwtRules": []}, "istio-system", "security"))
        plain.answers[STATUS] = of_gateway(401, "Jwt is missing")
        line = said(plain, f"{STATUS},")
        assert line.status.value == "unknown"
        assert "RequestAuthentication istio-system/jwt" in line.seen


class TestFaults:
    @pytest.mark.parametrize(("abort", "status"), [({"httpStatus": 503}, 503), ({"grpcStatus": "UNAVAILABLE"}, 200)])
    def test_a_fault_that_was_left_in(self, plain, abort, status):
        fault = {"abort": {**abort, "percentage": {"value": 100}}}
        virtual_service(plain, "a.shop.example", route(fault=fault))
        plain.answers["http://a.shop.example/"] = of_gateway(status, "fault filter abort")
        line = said(plain, "a.shop.example")
        assert (line.status.value, line.seen) == ("warning", f"{status} by the gateway: a fault is injected")
        assert "VirtualService default/shop spec.http[0]" in line.next_step

    @pytest.mark.parametrize("refused", ["timed out", "ReadTimeout"])
    def test_a_delay_that_was_left_in(self, plain, refused):
        fault = {"delay": {"fixedDelay": "9s", "percentage": {"value": 100}}}
        virtual_service(plain, "a.shop.example", route(fault=fault))
        plain.answers["http://a.shop.example/"] = Answer(refused=refused)
        line = said(plain, "a.shop.example")
        assert (line.status.value, line.seen) == (
            "warning",
            f"no answer: {refused}: a delay is injected, "
            "VirtualService default/shop spec.http[0].fault.delay: delays it by 9s",
        )
        assert line.next_step.startswith("Take the fault out of VirtualService default/shop")

    def test_a_delay_is_not_blamed_where_it_is_never_injected(self, plain):
        virtual_service(plain, "a.shop.example", route(fault={"delay": {"fixedDelay": "9s"}}))
        plain.answers["http://a.shop.example/"] = Answer(refused="timed out")
        assert said(plain, "a.shop.example").status.value == "failed"


class TestFilters:
    def test_an_answer_of_its_own_is_well_too_where_not_all_is_known(self, plain):
        plain.objects["EnvoyFilter"] = [istio("EnvoyFilter", "any", {"configPatches": []}, "istio-system")]
        virtual_service(plain, "a.shop.example", {"directResponse": {"status": 503, "body": {"string": "away"}}})
        plain.answers["http://a.shop.example/"] = of_gateway(503, "away")
        line = said(plain, "a.shop.example")
        assert line.status.value == "ok"
        assert line.seen.endswith("503 by the gateway")

    @pytest.mark.parametrize(
        ("status", "headers", "seen"),
        [
            (418, {}, "418 by the gateway itself, probably by EnvoyFilter istio-system/tea"),
            (200, {}, "200 by the gateway itself, probably by EnvoyFilter istio-system/tea"),
            (418, {"x-envoy-upstream-service-time": "3"}, "418 by Service default/httpbin port 8000"),
        ],
    )
    def test_an_answer_that_a_filter_can_have_given(self, plain, status, headers, seen):
        value = {"direct_response": {"status": status, "body": {"inline_string": "tea"}}}
        patches = [{"applyTo": "HTTP_ROUTE", "patch": {"operation": "MERGE", "value": value}}]
        plain.objects["EnvoyFilter"] = [istio("EnvoyFilter", "tea", {"configPatches": patches}, "istio-system")]
        virtual_service(plain, "a.shop.example", route())
        plain.answers["http://a.shop.example/"] = of_gateway(status, "tea", **headers)
        line = said(plain, "a.shop.example")
        assert line.seen.endswith(seen)
        assert line.status.value == ("warning" if status == 418 and not headers else "ok")
