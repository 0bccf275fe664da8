"""How much of what others have written can be said: the objects of Istio's own samples and test data."""

import pulumi
import pytest
import yaml

from istio_ingress import HostRoutes, HttpGateway
from tests.unit.components.saying import UnsayableError, gateway_of, host_routes
from tests.unit.istio_module import istio_module

FOLDERS = ("samples", "tests", "pilot", "pkg")


def specs(kind):
    """Each different spec of this kind of Istio's, and a place where it stands."""
    found = {}
    for folder in FOLDERS:
        for file in sorted((istio_module() / folder).rglob("*.yaml")):
            text = file.read_text(errors="replace")
            for spec in specs_in(text, kind) if f"kind: {kind}" in text else ():
                found.setdefault(str(spec), (spec, str(file.relative_to(istio_module()))))
    return list(found.values())


def specs_in(text, kind):
    try:
        documents = list(yaml.load_all(text, yaml.CSafeLoader))
    except yaml.YAMLError:  # a template, or broken on purpose
        return
    for document in documents:
        said = document if isinstance(document, dict) and document.get("kind") == kind else {}
        if said.get("spec") and str(said.get("apiVersion")).startswith("networking.istio.io/"):
            yield said["spec"]


def bound_to_a_gateway():
    """The VirtualServices with HTTP routes."""
    for spec, where in specs("VirtualService"):
        if spec.get("hosts") and spec.get("http") and set(spec.get("gateways") or []) - {"mesh"}:
            yield {field: value for field, value in spec.items() if field not in ("tls", "tcp")}, where


def flat(rules):
    """The routes one by one, so that it does not matter which of them share a rule."""
    return [(match, {k: v for k, v in rule.items() if k != "match"}) for rule in rules for match in rule["match"]]


def normal(rule):
    """A rule as we write it: with a match, a port, and the newer of two fields for one thing."""
    made = {"match": [{"uri": {"prefix": "/"}} | match for match in rule.get("match") or [{}]]} | {
        field: value for field, value in rule.items() if field != "match"
    }
    for one in made.get("route", ()):
        one["destination"] = with_port(one["destination"])
    if "mirror" in made:
        value = made.pop("mirrorPercentage", {"value": made.pop("mirrorPercent", 100)})
        made["mirrors"] = [{"destination": with_port(made.pop("mirror")), "percentage": value}]
    if "redirect" in made:
        made["redirect"] = {"redirectCode": 301} | made["redirect"]
    return made


def with_port(destination):
    return {"port": {"number": 80}} | destination | {"host": destination["host"].lower()}


def said(declare, spec):
    """What becomes of it when it is said with `HostRoutes`; why not, where it cannot be."""
    try:
        args = host_routes(spec)
        made = declare(lambda: HostRoutes("any", args) and None).manifest("VirtualService")["spec"]
    except (UnsayableError, pulumi.RunError) as error:
        return str(error)
    return "" if flat(made["http"]) == flat([normal(rule) for rule in spec["http"]]) else "something else comes out"


# A placeholder for a host, and a name that Istio gives a Gateway of the Gateway API inside itself.
NO_CLUSTER_TAKES = {
    "samples/multicluster/expose-istiod-https.yaml": "hosts[0].host is 'ISTIOD-HOST.DOMAIN'",
    "pkg/config/analysis/analyzers/testdata/virtualservice_internal_gateway_ref.yaml": "gateways[0] is 'istio-ingress/",
}


def test_all_but_what_no_cluster_takes_can_be_said(declare, monkeypatch):
    # What is wrong with them, as much is on purpose, is another question.
    monkeypatch.setattr("istio_ingress.preview.verdict.Judge.refuse", lambda *_, **__: None)
    whole = list(bound_to_a_gateway())
    left = {where: why for spec, where in whole if (why := said(declare, spec))}
    assert len(whole) >= 30
    assert left.keys() == NO_CLUSTER_TAKES.keys(), left
    assert all(NO_CLUSTER_TAKES[where] in why for where, why in left.items()), left


@pytest.mark.parametrize("field", ["http", "gateways"])
def test_what_cannot_be_said_is_named(field):
    spec = {"hosts": ["a.test"], "gateways": ["web"], "http": [{"route": [{"destination": {"host": "a"}}]}]}
    with pytest.raises((UnsayableError, KeyError)):
        host_routes({**spec, field: [{"unheard": 1}], "unheard": 1})


def as_server(server):
    """A server as we write it: HTTPS for what is passed on; TcpGateway admits the routes of its own namespace only."""
    port = {"number": server["port"]["number"], "name": server["port"]["name"]}
    protocol = server["port"]["protocol"].upper()
    is_passed_on = (server.get("tls") or {}).get("mode") == "PASSTHROUGH"
    hosts = [host.removeprefix("*/").removeprefix("./") for host in server["hosts"]]
    return {**server, "port": {**port, "protocol": "HTTPS" if is_passed_on else protocol}, "hosts": hosts}


def server_said(declare, server, selector):
    component, args = gateway_of(server, selector)
    spec = declare(lambda: component("any", args) and None).manifest("Gateway")["spec"]
    return spec["selector"] == selector and as_server(server) in [as_server(made) for made in spec["servers"]]


def patched(declare, server, selector):
    args = {
        "gateway": {"selector": selector},
        "hosts": [{"host": "any.test", "backend": {"service": "any", "port": 80}}],
        "patches": {"Gateway": {"spec": {"servers": [server]}}},
    }
    spec = declare(lambda: HttpGateway("any", args) and None).manifest("Gateway")["spec"]
    return spec == {"selector": selector, "servers": [server]}


def test_every_server_of_a_gateway_can_be_said_most_of_them_without_a_patch(declare, monkeypatch):
    monkeypatch.setattr("istio_ingress.preview.verdict.Judge.refuse", lambda *_, **__: None)
    whole = [(one, spec["selector"], where) for spec, where in specs("Gateway") for one in spec.get("servers", ())]
    whole = [one for one in whole if "protocol" in one[0].get("port", ())]  # Istio refuses the others
    by_patch = []
    for server, selector, where in whole:
        try:
            assert server_said(declare, server, selector), (server, where)
        except (UnsayableError, pulumi.RunError) as error:
            assert patched(declare, server, selector), (server, where)
            by_patch.append(f"{where}: {error}")
    assert len(whole) >= 60
    print(f"by a patch only {len(by_patch)} of {len(whole)}:", *by_patch, sep="\n")
    assert len(by_patch) / len(whole) < 0.25
