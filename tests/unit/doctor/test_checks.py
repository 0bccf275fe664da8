"""The checks over a recorded cluster that is broken in one place each."""

import pytest

from istio_ingress.doctor import checks
from istio_ingress.doctor.report import exit_code
from istio_ingress.live.cluster import Cluster
from istio_ingress.live.envoy import Envoy
from istio_ingress.live.errors import LiveError, NotAskedError
from istio_ingress.live.facts import GatewayName

FORBIDDEN = LiveError('`kubectl get …` failed: pods is forbidden: User "somebody" cannot list resource "pods"')


def test_a_healthy_ingress_is_ok_in_every_check(patient):
    lines = checks.run(patient.facts())
    assert [f"{line.check} {line.subject}: {line.seen}" for line in lines if line.status.value != "ok"] == []
    assert [*dict.fromkeys(line.check for line in lines)] == list(checks.CHECKS)
    assert exit_code(lines) == 0


class TestCluster:
    def test_one_that_does_not_answer_leaves_every_check_with_a_line(self, patient):
        unasked = NotAskedError("the cluster does not answer")
        cluster = Cluster(LiveError("connection refused"), dict.fromkeys([*patient.objects], unasked))
        facts = patient.facts(may_read_secrets=unasked, envoys={}, shown=unasked, results=unasked, answers=unasked)
        facts.cluster = cluster
        lines = checks.run(facts)
        assert {line.check for line in lines} == set(checks.CHECKS)
        assert {line.status.value for line in lines if line.check != "stack"} == {"unknown"}
        assert exit_code(lines) == 2

    def test_one_without_istio(self, patient):
        reason = LiveError('error: the server doesn\'t have a resource type "gateways"')
        ((status, _, seen),) = patient.complaints("istio", denied={"Gateway": reason})
        assert (status, seen) == ("failed", "the cluster has no Gateways of networking.istio.io")

    def test_istiod_without_a_pod(self, patient):
        patient.remove("Pod", "istiod")
        patient.find("Deployment", "istiod")["spec"]["replicas"] = 0
        (line,) = patient.said("istio")
        assert line.status.value == "failed"
        assert "Deployment istio-system/istiod has no pod (0 wanted); gateways keep what they have" in line.seen
        assert line.next_step == "kubectl scale deployment -n istio-system istiod --replicas=1"

    def test_istiod_that_does_not_start(self, patient):
        status = patient.find("Pod", "istiod")["status"]
        status["conditions"] = [{"type": "Ready", "status": "False"}]
        status["containerStatuses"][0]["state"] = {"waiting": {"reason": "CrashLoopBackOff"}}
        ((status, _, seen),) = patient.complaints("istio")
        assert status == "failed"
        assert "istiod-789cbbf464-9j52z: CrashLoopBackOff" in seen

    def test_no_istiod_at_all_is_a_warning_because_it_can_run_elsewhere(self, patient):
        patient.remove("Pod", "istiod")
        patient.remove("Deployment", "istiod")
        ((status, _, seen),) = patient.complaints("istio")
        assert status == "warning"
        assert "another cluster" in seen

    def test_kinds_that_are_denied_leave_the_others(self, patient):
        lines = checks.run(patient.facts(denied={"Pod": FORBIDDEN}))
        unknown = {line.check for line in lines if line.status.value == "unknown"}
        assert {"istio", "address", "gateway", "delivery", "rules"} <= unknown
        assert {line.check for line in lines if line.status.value == "ok"} >= {"cluster", "stack", "served", "requests"}
        assert {line.status.value for line in lines} == {"ok", "unknown"}
        assert exit_code(lines) == 2


class TestGateway:
    def test_a_service_that_does_not_exist(self, patient):
        ((status, subject, seen),) = patient.complaints(
            "address", gateway=GatewayName("istio-ingress", "istio-ingress")
        )
        assert (status, subject) == ("failed", "Service istio-ingress/istio-ingress")
        assert "no way in" in seen

    def test_without_a_pod_it_has_no_address_and_the_deployment_says_why(self, patient):
        patient.remove("Pod", "istio-ingressgateway")
        patient.find("Deployment", "istio-ingressgateway")["spec"]["replicas"] = 0
        ((_, _, seen),) = patient.complaints("address")
        assert "no gateway pod is scheduled on a node" in seen
        (line,) = patient.said("gateway")
        assert (line.status.value, line.seen) == (
            "failed",
            "there is none: Deployment istio-ingressgateway is scaled to 0",
        )
        assert line.next_step.endswith("istio-ingressgateway --replicas=1")

    def test_labels_that_no_pod_has(self, patient):
        patient.find("Service", "istio-ingressgateway")["spec"]["selector"] = {"istio": "ingress"}
        ((status, _, seen),) = patient.complaints("gateway")
        assert (status, seen) == ("failed", "there is none with the labels istio=ingress")

    def test_a_service_without_a_selector_has_no_deployment_of_its_own(self, patient):
        del patient.find("Service", "istio-ingressgateway")["spec"]["selector"]
        facts = patient.facts()
        assert (facts.deployment, facts.pods) == (None, [])

    def test_one_pod_of_two_that_is_not_ready(self, patient):
        pod = patient.find("Pod", "istio-ingressgateway")
        waiting = {
            **pod,
            "metadata": {**pod["metadata"], "name": "waiting"},
            "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False"}]},
        }
        patient.add(waiting)
        ((status, _, seen),) = patient.complaints("gateway")
        assert (status, seen) == ("warning", "1 of 2 ready (waiting: not scheduled)")

    def test_an_account_that_may_not_list_secrets(self, patient):
        ((status, subject, seen),) = patient.complaints("rights", may_read_secrets=False)
        assert (status, subject) == ("failed", "service account istio-system/istio-ingressgateway-service-account")
        assert seen.startswith("may not list the Secrets of istio-system: istiod serves no credential")

    def test_a_question_that_is_denied_says_what_to_ask_for(self, patient):
        (line,) = patient.said("rights", may_read_secrets=FORBIDDEN)
        assert (line.status.value, "forbidden" in line.seen) == ("unknown", True)
        assert "kubectl auth can-i --list" in line.next_step


def gateway(name, host, *, created="2030-01-01T00:00:00Z", selector=None, mode="SIMPLE"):
    server = {
        "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
        "hosts": [host],
        "tls": {"mode": mode, "credentialName": "httpbin-credential"},
    }
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": "shop", "creationTimestamp": created},
        "spec": {"selector": selector or {"istio": "ingressgateway"}, "servers": [server]},
    }


def ingress(host, **spec):
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "httpbin", "port": {"number": 8000}}}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web", "namespace": "default", "annotations": {"kubernetes.io/ingress.class": "istio"}},
        "spec": {"rules": [{"host": host, "http": {"paths": [path]}}], **spec},
    }


class TestPorts:
    def test_every_port_names_those_that_share_it(self, patient):
        seen = {line.subject: line.seen for line in patient.said("ports")}
        assert seen["port 80"] == "Gateway default/httpbin-http"
        assert seen["port 443"].startswith("shared by 3: Gateway default/mutual-mtls, ")

    def test_a_second_gateway_for_a_host_is_a_conflict_that_names_both(self, patient):
        patient.add(gateway("rival", "httpbin.example.com"))
        ((status, subject, seen),) = patient.complaints("ports")
        assert (status, subject) == ("failed", "Gateway shop/rival")
        assert "Gateway default/web-tls" in seen
        assert seen.endswith("[host-conflict]")

    def test_the_gateway_of_other_pods_is_nobodys_rival(self, patient):
        patient.add(gateway("elsewhere", "httpbin.example.com", selector={"istio": "other"}))
        pod = patient.find("Pod", "istio-ingressgateway")
        patient.add({**pod, "metadata": {"name": "other", "namespace": "shop", "labels": {"istio": "other"}}})
        assert patient.complaints("ports") == []
        assert patient.complaints("rules") == []

    def test_routes_on_other_gateways_only_are_not_judged_but_those_on_both_are(self, patient):
        patient.add(gateway("elsewhere", "shop.example.com", selector={"istio": "other"}))
        pod = patient.find("Pod", "istio-ingressgateway")
        patient.add({**pod, "metadata": {"name": "other", "namespace": "shop", "labels": {"istio": "other"}}})
        service = patient.find("VirtualService", "web-tls-httpbin")
        lost = {"route": [{"destination": {"host": "lost", "port": {"number": 8000}}}]}
        spec = {"hosts": ["shop.example.com"], "gateways": ["shop/elsewhere"], "http": [lost]}
        patient.add({**service, "metadata": {"name": "theirs", "namespace": "default"}, "spec": spec})
        assert patient.complaints("routes") == []
        spec["gateways"].append("default/web-tls")
        assert "route-service-missing" in " ".join(seen for _, _, seen in patient.complaints("routes"))

    def test_a_gateway_that_selects_no_pod_at_all_is_named(self, patient):
        patient.add(gateway("lost", "lost.example.com", selector={"istio": "ingress-gateway"}))
        ((status, subject, seen),) = patient.complaints("ports")
        assert (status, subject) == ("warning", "Gateway shop/lost")
        assert seen.endswith("[gateway-selector-unmatched]")

    def test_an_ingress_and_a_gateway_with_one_host(self, patient):
        patient.add(ingress("httpbin.example.com"))
        ((status, subject, seen),) = patient.complaints("ports")
        assert (status, subject) == ("warning", "host httpbin.example.com")
        assert seen.startswith("Gateway default/httpbin-http and Ingress default/web both have it on port 80")

    def test_an_ingress_of_another_controller_at_the_same_address(self, patient):
        other = ingress("other.example.com")
        other["metadata"]["annotations"] = {}
        other["status"] = {"loadBalancer": {"ingress": [{"ip": "10.77.0.2"}]}}
        patient.add(other)
        ((status, subject, seen),) = patient.complaints("ports")
        assert (status, subject) == ("warning", "Ingress default/web")
        assert "10.77.0.2" in seen

    def test_a_waived_finding_is_ok_and_says_why(self, patient):
        facts = patient.facts()
        patient.add(gateway("rival", "httpbin.example.com"))
        waived = type(facts.settings)(complete=True, waivers={"host-conflict": "moving house"})
        lines = patient.said("ports", settings=waived)
        assert {line.status.value for line in lines} == {"ok"}
        assert any(line.seen.endswith("Waived: moving house") for line in lines)

    @pytest.mark.parametrize("told", ["settings", "annotation"])
    def test_one_finding_is_waived_by_object(self, patient, told):
        facts = patient.facts()
        rival = gateway("rival", "httpbin.example.com")
        key = f"host-conflict Gateway {rival['metadata']['namespace']}/rival"
        if told == "annotation":
            rival["metadata"]["annotations"] = {"istio-ingress/waive": "host-conflict: moving house"}
        patient.add(rival)
        waivers = {key: "moving house"} if told == "settings" else {}
        lines = patient.said("ports", settings=type(facts.settings)(complete=True, waivers=waivers))
        assert any(line.seen.endswith("Waived: moving house") for line in lines)

    def test_what_the_stack_waives_for_its_preview_is_not_called_unused_here(self, patient):
        facts = patient.facts()
        waived = type(facts.settings)(complete=True, waivers={"gateway-name": "the preview needs it"})
        assert not [line for line in patient.said("rules", settings=waived) if "waiver-unused" in line.seen]


class TestRoutes:
    def test_a_service_without_a_pod(self, patient):
        patient.find("EndpointSlice", "httpbin")["endpoints"] = []
        patient.remove("Pod", "httpbin")
        patient.find("Deployment", "httpbin")["spec"]["replicas"] = 0
        ((status, subject, seen),) = patient.complaints("routes")
        assert (status, subject) == ("failed", "host httpbin.example.com")
        assert seen == "Service default/httpbin has no endpoint: Deployment httpbin is scaled to 0."

    def test_a_deployment_of_others_that_is_scaled_to_0_is_no_reason(self, patient):
        patient.find("EndpointSlice", "httpbin")["endpoints"] = []
        patient.find("Deployment", "helloworld")["spec"]["replicas"] = 0
        ((_, _, seen),) = patient.complaints("routes")
        assert seen == "Service default/httpbin has no endpoint: no pod of default has its labels app=httpbin."

    def test_a_host_with_one_broken_route_of_two_is_not_called_well(self, patient):
        http = patient.find("VirtualService", "web-tls-helloworld")["spec"]["http"]
        http.append({"match": [{"uri": {"exact": "/bye"}}], "route": [{"destination": {"host": "goodbye"}}]})
        lines = [line for line in patient.said("routes") if "helloworld.example.com" in line.subject]
        assert [line.status.value for line in lines] == ["failed"]

    def test_a_selector_that_no_pod_has(self, patient):
        patient.find("EndpointSlice", "helloworld")["endpoints"] = []
        patient.find("Service", "helloworld")["spec"]["selector"] = {"app": "hello"}
        ((_, _, seen),) = patient.complaints("routes")
        assert seen == "Service default/helloworld has no endpoint: no pod of default has its labels app=hello."

    def test_pods_that_are_not_ready(self, patient):
        patient.find("EndpointSlice", "helloworld")["endpoints"][0]["conditions"]["ready"] = False
        state = {"waiting": {"reason": "ImagePullBackOff"}}
        patient.find("Pod", "helloworld")["status"]["containerStatuses"][0]["state"] = state
        ((_, _, seen),) = patient.complaints("routes")
        assert seen.startswith("None of the 1 pods behind Service default/helloworld is ready (helloworld-")
        assert "ImagePullBackOff" in seen

    def test_a_pod_that_runs_and_is_not_ready(self, patient):
        patient.find("EndpointSlice", "helloworld")["endpoints"][0]["conditions"]["ready"] = False
        ((_, _, seen),) = patient.complaints("routes")
        assert seen.endswith(": not ready).")

    def test_a_pod_that_is_going(self, patient):
        patient.find("EndpointSlice", "helloworld")["endpoints"][0]["conditions"]["ready"] = False
        patient.find("Pod", "helloworld")["metadata"]["deletionTimestamp"] = "2026-11-23T02:00:00Z"
        ((_, _, seen),) = patient.complaints("routes")
        assert seen.endswith(": Terminating).")

    def test_a_service_without_selector_and_endpoints(self, patient):
        patient.find("EndpointSlice", "helloworld")["endpoints"] = []
        del patient.find("Service", "helloworld")["spec"]["selector"]
        ((_, _, seen),) = patient.complaints("routes")
        assert seen == "Service default/helloworld has no selector and no endpoints."

    def test_a_target_port_that_no_pod_has(self, patient):
        patient.find("Service", "helloworld")["spec"]["ports"][0]["targetPort"] = "web"
        patient.find("EndpointSlice", "helloworld")["ports"] = []
        ((_, _, seen),) = patient.complaints("routes")
        assert seen == "No pod behind Service default/helloworld has the target port 'web' of port 5000."

    def test_a_target_port_that_no_pod_declares_is_a_warning(self, patient):
        patient.find("Service", "helloworld")["spec"]["ports"][0]["targetPort"] = 5001
        ((status, _, seen),) = patient.complaints("routes")
        assert (status, seen) == ("warning", "The target port 5001 is none that the pods declare (5000).")

    def test_a_route_to_a_port_that_the_service_has_not(self, patient):
        service = patient.find("VirtualService", "web-tls-httpbin")
        service["spec"]["http"][0]["route"][0]["destination"]["port"]["number"] = 8080
        ((status, subject, seen),) = patient.complaints("routes")
        assert status == "failed"
        assert subject == "VirtualService default/web-tls-httpbin-example-com (httpbin.example.com)"
        assert seen.endswith("[route-port-missing]")

    def test_a_host_for_which_there_is_no_route(self, patient):
        patient.remove("VirtualService", "web-tls-helloworld")
        complaint = patient.complaints("routes")
        assert [(status, subject) for status, subject, _ in complaint] == [("failed", "host helloworld.example.com")]
        assert "every request answers 404" in complaint[0][2]

    def test_a_host_that_is_on_no_gateway_is_said_once(self, patient):
        patient.find("VirtualService", "web-tls-helloworld")["spec"]["hosts"] = ["hello.example.com"]
        words = [seen for _, subject, seen in patient.complaints("routes") if "hello.example.com" in subject + seen]
        assert len(words) == 1
        assert "[virtualservice-host-unbound]" in words[0]

    def test_a_way_that_ends_nowhere_is_a_warning(self, patient):
        spec = patient.find("VirtualService", "web-tls-helloworld")["spec"]
        spec["tcp"] = [{"route": spec.pop("http")[0]["route"]}]
        (line,) = [one for one in patient.said("routes") if one.subject == "host helloworld.example.com"]
        assert (line.status.value, "nothing behind: no route leads anywhere" in line.seen) == ("warning", True)
        assert not line.seen.rstrip().endswith("→")

    def test_a_listener_between_clusters_says_where_its_connections_go(self, patient):
        server = patient.find("Gateway", "nginx-passthrough")["spec"]["servers"][0]
        server |= {"hosts": ["*.local"], "tls": {"mode": "AUTO_PASSTHROUGH"}}
        (line,) = [one for one in patient.said("routes") if one.subject == "host *.local"]
        assert line.seen.endswith("handed on to the Service that the client's SNI names")

    def test_where_endpoints_are_denied_the_way_is_shown_as_far_as_it_is_seen(self, patient):
        lines = patient.said("routes", denied={"EndpointSlice": FORBIDDEN})
        assert {line.status.value for line in lines} == {"unknown"}
        assert any("what is behind Service default/httpbin cannot be seen" in line.seen for line in lines)


def test_no_next_step_is_only_another_check(patient):
    """Every check fails in turn; a step that names checks alone would lead in a circle."""
    for name in ("httpbin-credential", "mutual-credential"):
        patient.remove("Secret", name)
    patient.given.clear()
    patient.find("Gateway", "web-tls")["spec"]["servers"][0]["hosts"].append("new.example.com")
    patient.add(gateway("rival", "httpbin.example.com"))
    patient.find("EndpointSlice", "httpbin")["endpoints"] = []
    shown = {(host, 443): LiveError("reset") for host, _ in patient.shown}
    lines = checks.run(patient.facts(shown=shown, may_read_secrets=False))
    steps = [line.next_step for line in lines if line.status.value in ("failed", "warning")]
    assert len(steps) > 10
    assert [step for step in steps if not step or "see `" in step.lower()] == []


def test_a_rule_that_no_other_check_shows_is_shown_with_the_rest(patient):
    patient.find("Gateway", "web-tls")["spec"]["servers"][0]["tls"]["minProtocolVersion"] = "TLSV1_0"
    ((status, subject, seen),) = patient.complaints("rules")
    assert (status, subject) == ("warning", "Gateway default/web-tls")
    assert seen.endswith("[tls-version-low]")


def test_a_listener_that_envoy_refused(patient):
    refused = {"pod": Envoy(refused=("0.0.0.0_8443: no such cipher",))}
    complaints = patient.complaints("delivery", envoys=refused)
    assert ("failed", "Envoy of pod", "it refused a listener: 0.0.0.0_8443: no such cipher") in complaints


def test_an_envoy_that_could_not_be_asked_is_said_beside_one_that_was(patient):
    envoys = {**patient.facts().envoys, "other": FORBIDDEN}
    ((status, subject, _),) = patient.complaints("delivery", envoys=envoys)
    assert (status, subject) == ("unknown", "Envoy of other")


def test_without_a_gateway_pod_envoy_is_not_asked(patient):
    patient.remove("Pod", "istio-ingressgateway")
    ((status, _, seen),) = patient.complaints("delivery", envoys={})
    assert (status, seen) == ("unknown", "no gateway pod is ready.")
