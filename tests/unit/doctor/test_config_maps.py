"""What the doctor says of a ConfigMap that a server names for the CA of its clients."""

import json

import pytest

from istio_ingress.doctor import config_maps
from istio_ingress.live import tools
from istio_ingress.live.errors import LiveError

CLIENTS = ("shop", "clients")


@pytest.fixture
def mutual(patient):
    """The patient, whose Gateway for client certificates names a ConfigMap."""
    server = patient.find("Gateway", "mutual")["spec"]["servers"][0]
    server["tls"]["caCertCredentialName"] = "configmap://shop/clients"
    return patient


def config_map(**data):
    return {"kind": "ConfigMap", "metadata": {"namespace": "shop", "name": "clients"}, "data": data}


def said(patient, found):
    """The only line about the ConfigMap: its status and what was seen."""
    lines = patient.said("credentials", config_maps={CLIENTS: found})
    (line,) = [line for line in lines if "shop/clients" in line.subject]
    return line.status.value, line.seen


def test_one_with_the_ca_of_the_clients_is_well(mutual):
    assert said(mutual, config_map(**{"ca.crt": mutual.authority.certificate}))[0] == "ok"


def test_one_that_is_not_there(mutual):
    status, seen = said(mutual, None)
    assert status == "failed"
    assert seen.startswith("it does not exist, and Gateway default/mutual")


@pytest.mark.parametrize(("data", "why"), [({}, "it holds no CA certificates"), ({"ca.crt": "none"}, "'ca.crt' is ")])
def test_one_without_a_certificate(mutual, data, why):
    status, seen = said(mutual, config_map(**data))
    assert (status, seen.startswith(f"Envoy refuses it: {why}")) == ("failed", True)


def test_one_that_may_not_be_read(mutual):
    assert said(mutual, LiveError("configmaps is forbidden"))[0] == "unknown"


@pytest.mark.parametrize(("answer", "found"), [(json.dumps(config_map()), config_map()), ("", None)])
def test_it_is_asked_for_by_its_name(mutual, monkeypatch, answer, found):
    asked = []

    def ask(*command, **_):
        asked.append(" ".join(command))
        return answer

    monkeypatch.setattr(tools, "ask", ask)
    assert config_maps.ask(mutual.facts()) == {CLIENTS: found}
    assert asked[0].startswith("kubectl get configmaps clients --namespace shop")
