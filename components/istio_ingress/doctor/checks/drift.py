"""Whether what the stack has written is still in the cluster as it was written."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.doctor.facts import Facts
from istio_ingress.doctor.report import Line, failed, ok, unknown
from istio_ingress.live.cluster import SECRET
from istio_ingress.live.declared import Declared, differs
from istio_ingress.live.errors import LiveError
from istio_ingress.live.facts import certain
from istio_ingress.topology.manifests import Manifest, name_of

_REPAIR = "pulumi up --refresh"
#: Into the spec of other kinds controllers write too, and of Secrets only those that Gateways name are asked for.
_COMPARED = ("Gateway", "VirtualService", "DestinationRule", "ServiceEntry", "AuthorizationPolicy")


def check(facts: Facts) -> Iterator[Line]:
    """Every object of the stack's state that is missing, or whose spec somebody has changed."""
    if not facts.has_stack or isinstance(facts.outputs, LiveError):
        return
    certain(facts.cluster.server)
    if isinstance(facts.declared, LiveError):
        yield unknown("state", str(facts.declared), "pulumi stack export")
        return
    judged = list(_of_this_cluster(facts, [one for one in facts.declared if _is_asked_for(facts, one.manifest)]))
    wrong = [line for one in judged if (line := _line(facts, one))]
    yield from wrong
    if not wrong:
        yield ok("state", f"all {len(judged)} objects of the stack that were looked for are in the cluster as written")


def _of_this_cluster(facts: Facts, asked: list[Declared]) -> Iterator[Manifest]:
    """All but those of a provider that has nothing here while another has: it writes to another cluster."""
    here = {one.provider for one in asked if _live(facts, one.manifest) is not None}
    yield from (one.manifest for one in asked if one.provider in here or not here)


def _live(facts: Facts, declared: Manifest) -> Manifest | None:
    return facts.cluster.find(str(declared["kind"]), *name_of(declared))


def _is_asked_for(facts: Facts, declared: Manifest) -> bool:
    """Whether an object that is not among those of the cluster is certainly not there."""
    kind, (namespace, _) = str(declared["kind"]), name_of(declared)
    found = facts.cluster.told(kind) if kind in facts.cluster.objects else None
    if kind == SECRET or found is None or _group(declared) != facts.cluster.group_of(kind):
        return False
    return facts.cluster.is_whole or namespace in facts.cluster.namespaces


def _group(manifest: Manifest) -> str:
    return str(manifest.get("apiVersion", "")).rpartition("/")[0]


def _line(facts: Facts, declared: Manifest) -> Line | None:
    kind, (namespace, name) = str(declared["kind"]), name_of(declared)
    called = f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"
    live = _live(facts, declared)
    if live is None:
        return failed("state", f"{called} of the stack is not in the cluster", _REPAIR)
    field = differs(declared.get("spec") or {}, live.get("spec") or {}) if kind in _COMPARED else ""
    if field:
        seen = f"{called} is not as the stack wrote it: spec{field.removesuffix('.')} was changed in the cluster"
        return failed("state", seen, f"{_REPAIR} writes it again; or take the change over into the program")
    return None
