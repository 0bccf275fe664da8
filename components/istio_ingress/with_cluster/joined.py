"""What a stack's own objects and those of others do to each other: pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from istio_ingress import rules
from istio_ingress.field_managers import ANNOTATION, is_of_some_stack
from istio_ingress.rules.finding import Finding, Severity
from istio_ingress.rules.kinds import find
from istio_ingress.with_cluster.asking import Living

#: They miss what is in Secrets, which are not asked for: judged by what is declared alone.
_ABOUT_SECRETS = {"credential-absent", "credential-namespace", "ingress-credential-namespace", "mutual-ca-missing"}
_REPEATED = "resource-repeated"


class Identity(NamedTuple):
    """What makes two manifests one object."""

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any], namespace: str = "default") -> Identity | None:
        """Of a manifest, which is in `namespace` if it names none; None where it is not known yet."""
        metadata = manifest.get("metadata")
        if not isinstance(metadata, Mapping):
            return None
        named = (metadata.get("namespace") or namespace, metadata.get("name"))
        group, kind = str(manifest.get("apiVersion")).rpartition("/")[0], str(manifest.get("kind"))
        if not all(isinstance(one, str) and one for one in named):
            return None
        where = "" if kind in ("IngressClass", "ClusterIssuer", "GatewayClass", "Namespace") else str(named[0])
        return cls(group, kind, where, str(named[1]))


@dataclass(frozen=True)
class Others:
    """The objects of a cluster that are not the stack's."""

    manifests: Sequence[rules.Manifest]
    whose_unknown: int = 0
    """How many were left out because a stack has written them that may be this one."""
    is_whole: bool = True
    """Whether what is not among them and not declared does not exist."""
    whole: frozenset[str] = frozenset()
    """The kinds of which that holds in any case, as kubectl calls them."""


def others(
    living: Living, declared: Collection[Identity], is_own: Callable[[Mapping[str, Any]], bool | None]
) -> Others:
    """What lives in a cluster without what is declared, and without what the stack is about to take away.

    Args:
        living: the cluster, as far as it could be read.
        declared: what the stack declares.
        is_own: whether an object is the stack's; None where that cannot be told.
    """
    beside = [one for one in living.manifests if Identity.of(one) not in declared]
    whose = [(one, is_own(one)) for one in beside]
    unknown = sum(own is None and bool(_kind(one)) for one, own in whose)
    certainly = [one for one, own in whose if own is False]
    if unknown:
        return Others(certainly, unknown, is_whole=False)
    return Others(certainly, is_whole=not living.unread, whole=living.whole)


def written_by(manifest: Mapping[str, Any]) -> str:
    """The field manager that an object says it is written by; empty where it names none."""
    metadata = manifest.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    manager = annotations.get(ANNOTATION) if isinstance(annotations, Mapping) else None
    return manager if isinstance(manager, str) else ""


def by_manager(own: str) -> Callable[[Mapping[str, Any]], bool | None]:
    """Whether an object is of the stack that writes with this field manager."""

    def is_own(manifest: Mapping[str, Any]) -> bool | None:
        if manager := written_by(manifest):
            return True if manager == own else None if is_of_some_stack(manager) else False
        managed = manifest["metadata"].get("managedFields") or []
        return None if any(is_of_some_stack(str(one.get("manager"))) for one in managed) else False

    return is_own


def taken(declared: Iterable[rules.Manifest], living: Iterable[rules.Manifest], namespace: str) -> list[rules.Manifest]:
    """Objects of another stack that have the name of a declared one, as resources of their own.

    Args:
        declared: the stack's objects.
        living: the cluster's.
        namespace: where declared ones are that name none.
    """
    managers = {Identity.of(one, namespace): written_by(one) for one in declared}
    return [
        rules.Manifest(one, f"the cluster's, which {manager} writes", owned=True)
        for one in living
        if (manager := written_by(one))
        and managers.get(Identity.of(one), "")
        and not is_of_some_stack(manager)
        and managers[Identity.of(one)] != manager
    ]


def findings(
    declared: Sequence[rules.Manifest],
    beside: Others,
    *,
    now: datetime,
    settings: rules.Settings,
    only: Sequence[rules.Rule] | None = None,
    names_taken: Sequence[rules.Manifest] = (),
    severity_of_taken: Severity = Severity.ERROR,
) -> list[Finding]:
    """What is wrong with what is declared, in itself and beside the others; what is wrong without it is not.

    Args:
        declared: the stack's objects.
        beside: those of others.
        now: the moment for which certificates are judged.
        settings: as for `rules.check`.
        only: the rules; all by default.
        names_taken: objects of others that have the name of a declared one.
        severity_of_taken: how bad that is.
    """
    wanted = list(rules.all_rules() if only is None else only)
    about_secrets = [rule for rule in wanted if rule.id in _ABOUT_SECRETS]
    rest = [rule for rule in wanted if rule.id not in _ABOUT_SECRETS]
    complete = replace(settings, complete=settings.complete or beside.is_whole)
    before = set(rules.check(beside.manifests, now=now, settings=complete, only=rest, whole=beside.whole))
    both = rules.check([*beside.manifests, *declared], now=now, settings=complete, only=rest, whole=beside.whole)
    found = [finding for finding in both if finding.is_about_settings or finding not in before]
    found += rules.check(declared, now=now, settings=settings, only=about_secrets)
    if names_taken:
        repeated = [rule for rule in wanted if rule.id == _REPEATED]
        named = {Identity.of(one) for one in names_taken}
        meant = [
            rules.Manifest(one, getattr(one, "origin", ""), owned=True) for one in declared if Identity.of(one) in named
        ]
        found += [
            replace(one, severity=severity_of_taken)
            for one in rules.check([*names_taken, *meant], now=now, settings=settings, only=repeated)
        ]
    return list(dict.fromkeys(found))


def _kind(manifest: Mapping[str, Any]) -> object:
    return find(str(manifest.get("apiVersion")), str(manifest.get("kind")))
