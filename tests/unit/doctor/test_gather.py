"""What the doctor asks for, and what it does not."""

import json

import pytest

from istio_ingress.doctor import checks, gather
from istio_ingress.doctor.gather import PODS, all_facts
from istio_ingress.live.cluster import asked_kinds
from istio_ingress.live.errors import LiveError
from istio_ingress.live.facts import GatewayName
from istio_ingress.live.gather import cluster_facts
from istio_ingress.live.scope import Scope
from istio_ingress.requests import sending
from istio_ingress.topology import Health
from tests.unit.doctor.patient import CREDENTIALS


@pytest.fixture
def gathered(fake_tools, tmp_path):
    def gather(**scope):
        return all_facts(Scope(**scope), tmp_path)

    return gather


def complaints(facts, check=None):
    lines = checks.run(facts)
    return [(line.check, line.seen) for line in lines if line.status.value != "ok" and check in (None, line.check)]


def test_a_healthy_ingress_is_found_healthy(gathered):
    assert complaints(gathered()) == []


def test_every_kind_is_asked_for_once(gathered, fake_tools):
    gathered()
    for resource in asked_kinds().values():
        assert len(fake_tools.asked(f"kubectl get {resource} ")) == 1


def test_only_the_secrets_that_gateways_name_are_read(gathered, fake_tools):
    gathered()
    (command,) = fake_tools.asked("kubectl get secrets")
    names = command.partition(" --namespace istio-system")[0].split()[3:]
    assert set(names) == {*CREDENTIALS, "mutual-credential-cacert"}


def test_names_that_are_no_bare_names_of_secrets_are_not_asked_for(gathered, fake_tools, patient):
    servers = patient.find("Gateway", "web-tls")["spec"]["servers"]
    servers[0]["tls"]["credentialName"] = "default/httpbin-credential"
    servers[1]["tls"]["credentialName"] = "configmap://default/helloworld"
    gathered()
    (command,) = [one for one in fake_tools.asked("kubectl get secrets") if "--ignore-not-found" in one]
    assert "/" not in command


def test_pods_with_the_same_labels_elsewhere_do_not_make_credentials_missing(gathered, patient):
    pod = patient.find("Pod", "istio-ingressgateway")
    patient.add({**pod, "metadata": {**pod["metadata"], "name": "twin", "namespace": "istio-twin"}})
    facts = gathered()
    assert complaints(facts) == []
    assert facts.topology.count(Health.OK) == 4


def test_a_listener_between_clusters_is_not_asked_for_a_certificate(gathered, patient):
    gateway = patient.find("Gateway", "nginx-passthrough")
    spec = json.loads(json.dumps(gateway["spec"]))
    spec["servers"][0] |= {"hosts": ["*.local"], "port": {"number": 15443, "name": "tls", "protocol": "TLS"}}
    spec["servers"][0]["tls"]["mode"] = "AUTO_PASSTHROUGH"
    patient.add({**gateway, "metadata": {"name": "east-west", "namespace": "istio-system"}, "spec": spec})
    facts = gathered()
    assert ("*.local", 15443) not in facts.shown
    assert complaints(facts, "delivery") == complaints(facts, "routes") == []


def test_the_clients_key_is_asked_for_to_send_requests_with_it(gathered, fake_tools):
    gathered()
    (command,) = fake_tools.asked("pulumi stack output")
    assert "--show-secrets" in command


def test_a_missing_secret_is_looked_for_elsewhere_by_name_only(gathered, fake_tools, patient):
    patient.remove("Secret", "httpbin-credential")
    patient.secret("httpbin-credential", {"tls.crt": "x"}, namespace="default")
    facts = gathered()
    assert facts.stray_secrets == {"httpbin-credential": ["default"]}
    (_, listed) = fake_tools.asked("kubectl get secrets")
    assert "--output" not in listed
    assert ("credentials", True) in [(check, "there is one in default" in seen) for check, seen in complaints(facts)]


def test_with_namespaces_nothing_is_asked_of_the_whole_cluster(gathered, fake_tools):
    facts = gathered(namespaces=("default",))
    listed = [command for command in fake_tools.asked("kubectl get") if "--all-namespaces" in command]
    assert [command.split()[2] for command in listed] == ["ingressclasses.networking.k8s.io"]
    assert [check for check, _ in complaints(facts)] == []
    assert not facts.settings.complete


def test_where_the_namespaces_do_not_hold_istiod_that_is_no_alarm(gathered, patient):
    for kind in ("Pod", "Deployment"):
        patient.find(kind, "istiod")["metadata"]["namespace"] = "istio-elsewhere"
    facts = gathered(namespaces=("default",))
    assert complaints(facts) == [("istio", "it is in none of the namespaces that were named")]


def test_a_cluster_that_does_not_answer_is_asked_once(gathered, fake_tools):
    fake_tools.broken["kubectl get --raw"] = "connection refused"
    facts = gathered()
    assert len(fake_tools.asked("kubectl")) == 1
    assert complaints(facts, "cluster") == [("cluster", "connection refused")]
    assert complaints(facts, "stack") == []


def test_inside_a_pod_there_is_no_configuration_and_none_is_needed(gathered, fake_tools):
    fake_tools.broken["kubectl config"] = "no configuration has been provided"
    facts = gathered()
    assert facts.cluster.server == "Kubernetes v1.36.3 at the default address"


def test_without_a_stack_the_default_gateway_is_looked_at(gathered, fake_tools):
    fake_tools.broken["pulumi"] = "no stack selected"
    facts = gathered()
    assert facts.gateway == GatewayName()
    assert {check for check, _ in complaints(facts)} == {"stack", "requests"}


def test_with_a_gateway_named_no_stack_is_asked(gathered, fake_tools):
    facts = gathered(gateway=GatewayName("istio-system", "istio-ingressgateway"))
    assert fake_tools.asked("pulumi") == []
    assert complaints(facts) == []
    assert not any(line.check == "stack" for line in checks.run(facts))
    assert [line.check for line in checks.run(facts)].count("requests") == 10 - 1  # of a client nobody has a key


@pytest.mark.parametrize("hosts", [["httpbin.example.com"], "httpbin.example.com", None, {"http": None}])
def test_a_stack_with_other_outputs_under_these_names(gathered, patient, monkeypatch, hosts):
    monkeypatch.setattr(patient, "outputs", lambda: {"hosts": hosts, "gateway": "somewhere"})
    facts = gathered()
    assert complaints(facts, "stack") == []
    assert any("the stack exports no `hosts`" in line.seen for line in checks.run(facts))


def test_of_many_pods_some_are_asked(gathered, fake_tools, patient):
    pod = patient.find("Pod", "istio-ingressgateway")
    for number in range(20):
        patient.add({**pod, "metadata": {**pod["metadata"], "name": f"istio-ingressgateway-{number}"}})
    gathered()
    assert len(fake_tools.asked("kubectl exec")) == PODS


def test_a_gateway_without_a_pod_is_not_waited_for(gathered, fake_tools, patient):
    patient.remove("Pod", "istio-ingressgateway")
    facts = gathered()
    assert fake_tools.asked("kubectl exec") == []
    assert complaints(facts, "requests") == [("requests", "no gateway pod is ready.")]


def test_nothing_is_sent_where_no_request_is_wanted(fake_tools, tmp_path, monkeypatch):
    for module in (gather, sending):
        monkeypatch.setattr(module, "send", lambda *_, **__: pytest.fail("a request was sent"))
    facts = all_facts(Scope(), tmp_path, most=0)
    assert complaints(facts) == [
        ("answers", "--max-requests 0 sends no request."),
        ("requests", "--max-requests 0 sends no request."),
    ]


def test_a_port_that_the_service_has_not_is_not_tried(gathered, patient):
    patient.find("Service", "istio-ingressgateway")["spec"]["ports"] = [
        port for port in patient.find("Service", "istio-ingressgateway")["spec"]["ports"] if port["port"] != 443
    ]
    facts = gathered()
    assert ("served", "Service istio-system/istio-ingressgateway has no port 443, so nobody outside reaches it.") in (
        complaints(facts, "served")
    )
    assert "the gateway's Service has no port 443, so it is not asked." in complaints(facts, "requests")[0][1]


def test_waivers_and_the_due_date_come_from_the_stack_and_above_it_from_the_person(fake_tools):
    fake_tools.config = {
        "istio-ingress:waivers": {"host-shared": "old", "host-overlap": "theirs"},
        "istio-ingress:certificate_due_days": "7",
    }
    assert cluster_facts(Scope()).settings.expiry_days == 7
    settings = cluster_facts(Scope(expiry_days=3, waivers={"host-shared": "new"})).settings
    assert (settings.expiry_days, settings.waivers) == (3, {"host-shared": "new", "host-overlap": "theirs"})


def test_a_stacks_setting_that_makes_no_sense_is_a_sentence(fake_tools):
    fake_tools.config = {"istio-ingress:production": "maybe"}
    with pytest.raises(LiveError, match="istio-ingress:production is 'maybe'; it must be true or false"):
        cluster_facts(Scope())


@pytest.mark.parametrize(
    ("waivers", "reason"),
    [({"host-shard": "why"}, "there is no rule 'host-shard'"), ({"host-shared": ""}, "no reason")],
)
def test_a_waiver_of_nothing_or_for_nothing_is_a_sentence(fake_tools, waivers, reason):
    with pytest.raises(LiveError, match=reason):
        cluster_facts(Scope(waivers=waivers))
