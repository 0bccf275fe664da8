"""Kubernetes objects that a killed update had begun to create, and that no later one wants.

The state knows of such an object only as a pending operation. The next update comes to the same name again and takes
the object over, unless the program has changed in between: then nothing else would ever remove it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

_MANAGER = "pulumi-istio-ingress"
_MANAGER_PATH = r"{.metadata.annotations.pulumi\.com/patchFieldManager}"


class Begun(NamedTuple):
    """An object by what kubectl and Pulumi call it."""

    kind: str
    """`Kind`, or `Kind.version.group`."""
    namespace: str
    name: str

    @property
    def identity(self) -> str:
        """Pulumi's id of it."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def begun(state: Mapping[str, Any]) -> set[Begun]:
    """The objects whose creation a state leaves open."""
    operations = state.get("pending_operations") or []
    resources = [operation["resource"] for operation in operations if operation["type"] == "creating"]
    return {_object(one["inputs"]) for one in resources if one["type"].startswith("kubernetes:")}


def remove(objects: Iterable[Begun], state: Mapping[str, Any]) -> None:
    """Delete those that this state does not know, if they are there and were ours."""
    known = {resource.get("id") for resource in state.get("resources") or []}
    for leftover in objects:
        if leftover.identity not in known and _kubectl("get", leftover, f"-o=jsonpath={_MANAGER_PATH}") == _MANAGER:
            print(f"deploy: {leftover.kind} {leftover.identity} was left over; it is deleted.", file=sys.stderr)
            _kubectl("delete", leftover)


def _object(inputs: Mapping[str, Any]) -> Begun:
    group, _, version = inputs["apiVersion"].rpartition("/")
    kind = f"{inputs['kind']}.{version}.{group}" if group else inputs["kind"]
    metadata = inputs["metadata"]
    return Begun(kind, metadata.get("namespace", ""), metadata["name"])


def _kubectl(verb: str, which: Begun, *options: str) -> str:
    where = ["--namespace", which.namespace] if which.namespace else []
    command = ["kubectl", verb, which.kind, which.name, *where, "--ignore-not-found", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
