"""kubectl and pulumi as the doctor starts them, answering from a patient's objects."""

import json

from istio_ingress.live.cluster import SECRET, asked_kinds
from istio_ingress.live.errors import LiveError
from istio_ingress.walk.others import KINDS


class FakeTools:
    """Stands for `tools.ask`; keeps every command, and fails those that begin with one of `broken`."""

    def __init__(self, patient):
        self.patient = patient
        self.commands = []
        self.broken = {}
        self.config = {}

    def __call__(self, *command, stdin=""):
        self.commands.append(" ".join(command))
        for beginning, reason in self.broken.items():
            if self.commands[-1].startswith(beginning):
                raise LiveError(reason)
        return getattr(self, f"_{command[0]}")(list(command[1:]), stdin)

    def asked(self, beginning):
        """The commands that begin so."""
        return [command for command in self.commands if command.startswith(beginning)]

    def _pulumi(self, words, _):
        if words[0] == "config":
            return json.dumps({key: {"value": "", "objectValue": value} for key, value in self.config.items()})
        if words[:2] == ["stack", "export"]:
            return json.dumps({"deployment": {"resources": self.patient.state}})
        return json.dumps(self.patient.outputs())

    def _kubectl(self, words, stdin):
        if words[:2] == ["get", "--raw"]:
            return json.dumps({"gitVersion": "v1.36.3"})
        if words[0] == "config":
            return json.dumps({"clusters": [{"cluster": {"server": "https://10.77.0.2:6443"}}]})
        if words[0] == "create":
            return json.dumps({"status": {"allowed": "istio-ingressgateway-service-account" in stdin}})
        if words[0] == "exec":
            return "2026-11-23T01:56:55Z\twarn\tOS CA Cert could not be found for agent\n" + self.patient.dump()
        return self._get(words[1:])

    def _get(self, words):
        namespaces = [words[place + 1] for place, word in enumerate(words) if word == "--namespace"]
        if words[0] == "service":
            return json.dumps(self.patient.find("Service", words[1]))
        if words[0] != "secrets":
            kind_of = {resource: kind for kind, resource in asked_kinds().items()}
            found = self.patient.objects.get(kind_of.get(words[0], words[0]), [] if words[0] in KINDS else None)
            return json.dumps({"items": [one for one in found if _is_in(one, namespaces)]})
        secrets = self.patient.objects[SECRET]
        if "--no-headers" in words:
            named = (one["metadata"] for one in secrets)
            return "\n".join(f"{one['namespace']}   {one['name']}   Opaque   2   5m" for one in named)
        names = words[1 : words.index("--namespace")]
        found = [one for one in secrets if one["metadata"]["name"] in names and _is_in(one, namespaces)]
        if len(found) == 1:
            return json.dumps(found[0])
        return json.dumps({"items": found}) if found else ""


def _is_in(one, namespaces):
    return not namespaces or one["metadata"].get("namespace") in namespaces
