"""pulumi and kubectl as the recovery starts them: programs on PATH that act on files in a folder."""

import json
import socket
import sys

from istio_ingress.field_managers import field_manager

DEAD = 2**22 - 1
PROJECT, STACK = "shop", "dev"
OURS = field_manager(PROJECT, STACK)
PROVIDER = f"urn:pulumi:{STACK}::{PROJECT}::pulumi:providers:kubernetes::default"

PULUMI = f"""#!{sys.executable}
import json, pathlib, sys
folder, words = pathlib.Path(__file__).parent, sys.argv[1:]
state, lock = folder / "state.json", folder / "complaint"
with (folder / "pulumi.calls").open("a") as calls:
    print(*words, file=calls)
failure = folder / ("fails-" + words[0])
if failure.exists():
    sys.exit(failure.read_text())
if words[0] in ("up", "refresh") and lock.exists():
    sys.exit(lock.read_text())
if words[:2] == ["stack", "export"]:
    print(state.read_text())
elif words[:2] == ["stack", "ls"]:
    print((folder / "stacks.json").read_text())
elif words[0] == "stack":
    print("{STACK}")
elif words[0] == "whoami":
    print(json.dumps({{"url": (folder / "url").read_text()}}))
elif words[0] == "cancel":
    lock.unlink(missing_ok=True)
    for held in folder.glob(".pulumi/locks/organization/*/{STACK}/*.json"):
        held.unlink()
elif words[0] == "refresh":
    print("refreshed")
    told = json.loads(state.read_text())
    told["deployment"].pop("pending_operations", None)
    state.write_text(json.dumps(told))
elif words[0] == "preview":
    print((folder / "preview.json").read_text())
"""
KUBECTL = f"""#!{sys.executable}
import json, pathlib, sys
folder, (verb, kind, name, *options) = pathlib.Path(__file__).parent, sys.argv[1:]
objects = json.loads((folder / "objects.json").read_text())
with (folder / "kubectl.calls").open("a") as calls:
    print(verb, kind, name, *options, file=calls)
if objects is None:
    sys.exit("connection refused")
if kind in ("pods", "gateways.networking.istio.io"):
    print((folder / kind).read_text() if (folder / kind).exists() else "")
elif verb == "delete":
    del objects[name]
    (folder / "objects.json").write_text(json.dumps(objects))
elif name in objects:
    print(objects[name], "2026-11-26T14:38:12Z", end="")
"""


def provider(**inputs):
    return {"urn": PROVIDER, "type": "pulumi:providers:kubernetes", "id": "1", "inputs": inputs}


def operation(kind, type_, api_version, name, namespace=None, manager=OURS, **resource):
    metadata = {"name": name, "annotations": {"pulumi.com/patchFieldManager": manager}}
    if namespace:
        metadata["namespace"] = namespace
    return {
        "type": kind,
        "resource": {
            "urn": f"urn:pulumi:{STACK}::{PROJECT}::{type_}::{name}",
            "type": type_,
            "provider": f"{PROVIDER}::1",
            "inputs": {"apiVersion": api_version, "kind": type_.split(":")[-1], "metadata": metadata},
            **resource,
        },
    }


class FakePulumi:
    """A stack in a file backend; everything is a file in its folder."""

    def __init__(self, folder):
        self.folder = folder
        self.locks = folder / ".pulumi" / "locks" / "organization"
        (folder / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n")
        (folder / "pulumi.calls").touch()
        self.program("pulumi", PULUMI)
        self.backend(f"file://{folder}")
        self.state()
        self.preview()

    def program(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def backend(self, url):
        (self.folder / "url").write_text(url)

    def state(self, *operations, resources=()):
        deployment = {"resources": [provider(), *resources], "pending_operations": list(operations)}
        (self.folder / "state.json").write_text(json.dumps({"version": 3, "deployment": deployment}))

    def preview(self, *steps):
        (self.folder / "preview.json").write_text(json.dumps({"steps": list(steps)}))

    def lock(self, pid=DEAD, host="", project=PROJECT, stack=STACK, file="a.json"):
        held = {
            "pid": pid,
            "username": "me",
            "hostname": host or socket.gethostname(),
            "timestamp": "2026-11-26T14:00:00Z",
        }
        folder = self.locks / project / stack
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(json.dumps(held))

    def complain(self, pid=DEAD):
        """Have updates complain of a lock, in a backend whose locks nobody sees."""
        holder = f"me@{socket.gethostname()} (pid {pid}) at 2026-11-26T14:00:00Z"
        (self.folder / "complaint").write_text(
            f"error: the stack is currently locked by 1 lock(s).\n  s3://b/a.json: created by {holder}"
        )

    def torn(self):
        file = self.folder / ".pulumi" / "stacks" / PROJECT / f"{STACK}.json.attrs"
        file.parent.mkdir(parents=True)
        file.touch()
        return file

    def fails(self, command, reason):
        (self.folder / f"fails-{command}").write_text(f"error: {reason}")

    def calls(self):
        lines = (self.folder / "pulumi.calls").read_text().splitlines()
        return [line.removesuffix(" --non-interactive") for line in lines]

    def changes(self):
        """The calls that change something."""
        return [call for call in self.calls() if call.split()[0] in ("cancel", "refresh", "up")]


class FakeKubectl:
    """A cluster: names of objects, and who manages each."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "kubectl").write_text(KUBECTL)
        (folder / "kubectl").chmod(0o755)
        (folder / "kubectl.calls").touch()
        self.has()

    def has(self, **objects):
        self._write({name.replace("_", "-"): manager for name, manager in objects.items()})

    def is_away(self):
        self._write(None)

    def names(self, kind, name):
        """Have an object of this kind name something in its spec."""
        (self.folder / kind).write_text(json.dumps({"some": [{"field": name}]}))

    def _write(self, objects):
        (self.folder / "objects.json").write_text(json.dumps(objects))

    def calls(self):
        return (self.folder / "kubectl.calls").read_text().splitlines()

    def deleted(self):
        return [
            call.split(" --ignore")[0].removeprefix("delete ") for call in self.calls() if call.startswith("delete")
        ]
