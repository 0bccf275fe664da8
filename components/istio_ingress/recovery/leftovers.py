"""Kubernetes objects that a killed update had begun to create, and that no later one wants.

The state knows of such an object only as a pending operation. The next update comes to the same name again and takes
the object over, unless the program has changed in between: then nothing else would ever remove it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from istio_ingress import terminal
from istio_ingress.field_managers import ANNOTATION, is_ours
from istio_ingress.pulumi_preview import UNKNOWN
from istio_ingress.rules.credential_keys import CA_SUFFIX
from istio_ingress.terminal import CommandError

_ESCAPED = ANNOTATION.replace(".", r"\.")
_NAMED_BY_OTHERS = {"Secret", "ConfigMap"}
_FIELDS = f"{{.metadata.annotations.{_ESCAPED}}} {{.metadata.creationTimestamp}}"


@dataclass(frozen=True, order=True)
class Begun:
    """An object by what kubectl and Pulumi call it."""

    kind: str
    """`Kind`, or `Kind.version.group`."""
    namespace: str
    name: str
    cluster: tuple[str, ...] | None = field(default=(), compare=False)
    """How kubectl is told of its cluster; None where that cannot be known."""
    manager: str | None = field(default="", compare=False)
    """The field manager that the update created it with; None if nothing says which of this package's that was."""

    @property
    def identity(self) -> str:
        """Pulumi's id of it."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        return f"{self.kind.partition('.')[0]} {self.identity}"


def begun(state: Mapping[str, Any]) -> set[Begun]:
    """The objects whose creation a state leaves open, but for those that it knows in spite of that."""
    operations = state.get("pending_operations") or []
    resources = [operation["resource"] for operation in operations if operation["type"] == "creating"]
    found = (_object(one, _cluster(one.get("provider", ""), state)) for one in resources)
    return set(unknown((one for one in found if one), state))


def unknown(objects: Iterable[Begun], state: Mapping[str, Any]) -> list[Begun]:
    """Those that a state does not know."""
    known = _known(state)
    return [one for one in objects if one.identity not in known]


def created(one: Begun) -> str | None:
    """When an object was created (RFC 3339), if it is in the cluster and was written by this stack's components.

    Raises:
        CommandError: the cluster could not be asked.
    """
    if one.cluster is None:
        raise CommandError(f"nothing says in which cluster to look for {one}.")
    manager, _, moment = _kubectl("get", one, f"-o=jsonpath={_FIELDS}").partition(" ")
    return (moment or "some time") if one.manager in (None, manager) and is_ours(manager) else None


def delete(one: Begun) -> None:
    """Delete an object.

    Raises:
        CommandError: it could not be.
    """
    _kubectl("delete", one)


def remove(objects: Iterable[Begun], state: Mapping[str, Any]) -> bool:
    """Delete those that this state does not know, if they are there and were written by this package's components.

    Returns:
        False where one could not be asked for or deleted, which is said.
    """
    is_done = True
    for one in unknown(objects, state):
        try:
            if created(one):
                delete(one)
                terminal.note(f"{one} was left over; it is deleted.")
        except CommandError as error:
            terminal.note(f"{one} may be left over: {error}")
            is_done = False
    return is_done


def is_used(one: Begun) -> bool:
    """Whether a Gateway names a Secret or ConfigMap, or a pod of its namespace does; of other kinds it is not known.

    Raises:
        CommandError: the cluster could not be asked.
    """
    if one.kind not in _NAMED_BY_OTHERS:
        return True
    where = tuple(one.cluster or ())
    specs = "-o=jsonpath={.items[*].spec}"
    told = _run("get", "gateways.networking.istio.io", "--all-namespaces", specs, *where)
    told += _run("get", "pods", "--namespace", one.namespace, specs, *where)
    return any(f'"{name}"' in told for name in (one.name, one.name.removesuffix(CA_SUFFIX)))


class Wanted:
    """The objects that a preview creates."""

    def __init__(self, preview: Mapping[str, Any]) -> None:
        steps = [step for step in preview.get("steps") or [] if "create" in step["op"] or "replace" in step["op"]]
        states = [step.get("newState") or {} for step in steps]
        self._objects = {one for state in states if (one := _object(state))}

    def __contains__(self, one: Begun) -> bool:
        return one.name in self._names_beside(one)

    def may_hold(self, one: Begun) -> bool:
        """Whether it may be one of those whose name the preview does not know yet."""
        return UNKNOWN in self._names_beside(one)

    def _names_beside(self, one: Begun) -> set[str]:
        return {other.name for other in self._objects if (other.kind, other.namespace) == (one.kind, one.namespace)}


def _object(resource: Mapping[str, Any], cluster: tuple[str, ...] | None = ()) -> Begun | None:
    """None for what is no object of its own: other providers' resources, Helm releases, patches of others' objects."""
    inputs, type_ = resource.get("inputs") or {}, str(resource.get("type"))
    metadata = inputs.get("metadata")
    if not type_.startswith("kubernetes:") or type_.endswith("Patch") or not isinstance(metadata, Mapping):
        return None
    told = inputs.get("apiVersion"), inputs.get("kind"), metadata.get("namespace") or "", metadata.get("name")
    if not all(isinstance(text, str) for text in told):
        return None
    api_version, kind, namespace, name = map(str, told)
    group, _, version = api_version.rpartition("/")
    annotations = metadata.get("annotations")
    manager = annotations.get(ANNOTATION, "") if isinstance(annotations, Mapping) else ""
    return Begun(f"{kind}.{version}.{group}" if group else kind, namespace, name, cluster, str(manager))


def _cluster(provider: str, state: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What the state says of the cluster of a provider (`<urn>::<id>`), where it is not kubectl's own choice."""
    urn = provider.rpartition("::")[0]
    inputs = [resource.get("inputs") or {} for resource in state.get("resources") or [] if resource["urn"] == urn]
    if not inputs:
        return None
    told = {name: inputs[0][name] for name in ("kubeconfig", "context", "cluster") if inputs[0].get(name)}
    if not all(isinstance(value, str) for value in told.values()):
        return None  # a secret
    if "kubeconfig" in told and not Path(told["kubeconfig"]).is_file():
        return None  # the contents, which are nobody's to write to a disk
    return tuple(f"--{name}={value}" for name, value in told.items())


def _known(state: Mapping[str, Any]) -> set[str]:
    return {str(resource.get("id")) for resource in state.get("resources") or []}


def _kubectl(verb: str, which: Begun, *options: str) -> str:
    where = ["--namespace", which.namespace] if which.namespace else []
    return _run(verb, which.kind, which.name, *where, "--ignore-not-found", *(which.cluster or ()), *options)


def _run(verb: str, kind: str, *words: str) -> str:
    try:
        done = subprocess.run(["kubectl", verb, kind, *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise CommandError("`kubectl` is not on PATH.") from None
    if done.returncode:
        raise CommandError(f"`kubectl {verb} {kind}` failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    return done.stdout
