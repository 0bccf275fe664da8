"""A kubectl that answers with what a test has put into the cluster, and notes how it was asked."""

import json
import stat
import sys

import pytest

KUBECTL = """#!{python} -IS
import json, pathlib, sys

folder = pathlib.Path({folder!r})
words = sys.argv[1:]
config = next((word.partition("=")[2] for word in words if word.startswith("--kubeconfig=")), "")
with (folder / "asked").open("a") as asked:
    told = pathlib.Path(config).read_text() if config else ""
    asked.write(json.dumps({{"words": words, "kubeconfig": told}}) + "\\n")
if words[0] == "config":
    print(json.dumps({{"clusters": [{{"cluster": {{"server": "https://cluster.test"}}}}]}}))
elif words[1].startswith("--raw"):
    print("{{}}")
else:
    kind, scope = words[1:3]
    denied = json.loads((folder / "denied").read_text())
    if kind in denied and (scope == "--all-namespaces" or scope not in denied[kind]):
        sys.exit(f'Error from server (Forbidden): {{kind}} is forbidden: User "team" cannot list it')
    found = json.loads((folder / "objects").read_text()).get(kind, [])
    scopes = [("--all-namespaces", "--namespace=" + one["metadata"].get("namespace", "")) for one in found]
    inside = [one for one, its in zip(found, scopes) if scope in its]
    print(json.dumps({{"items": inside}}))
"""
PLURALS = {
    "Gateway": "gateways.networking.istio.io",
    "VirtualService": "virtualservices.networking.istio.io",
    "Service": "services",
    "Deployment": "deployments.apps",
    "Namespace": "namespaces",
}


class Cluster:
    """What a test puts in, and how it was asked for."""

    def __init__(self, folder):
        self._folder = folder
        self.holds()
        self.denies({})

    def holds(self, *manifests):
        by_kind = {}
        for manifest in manifests:
            by_kind.setdefault(PLURALS[manifest["kind"]], []).append(manifest)
        (self._folder / "objects").write_text(json.dumps(by_kind))

    def denies(self, kinds):
        """Kinds that may not be listed, to the scopes in which they may be all the same."""
        (self._folder / "denied").write_text(json.dumps(kinds))

    @property
    def asked(self):
        return [json.loads(line) for line in (self._folder / "asked").read_text().splitlines()]


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    file = tmp_path / "bin" / "kubectl"
    file.parent.mkdir()
    file.write_text(KUBECTL.format(python=sys.executable, folder=str(tmp_path)))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(file.parent))
    return Cluster(tmp_path)


def gateway(name, *hosts, namespace="edge", manager=None, port=443, protocol="HTTPS"):
    """A Gateway of the default pods; who has written it with Pulumi, if anybody."""
    server = {"port": {"number": port, "name": name, "protocol": protocol}, "hosts": list(hosts)}
    if protocol == "HTTPS":
        server["tls"] = {"mode": "SIMPLE", "credentialName": name}
    metadata = {"name": name, "namespace": namespace}
    if manager:
        metadata["annotations"] = {"pulumi.com/patchFieldManager": manager}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": metadata,
        "spec": {"selector": {"istio": "ingressgateway"}, "servers": [server]},
    }


def deployment():
    """The gateway's pods."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "ingressgateway", "namespace": "istio-system"},
        "spec": {"template": {"metadata": {"labels": {"istio": "ingressgateway"}}}},
    }
