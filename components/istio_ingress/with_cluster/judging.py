"""Files and previews, held against the clusters that they are meant for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from istio_ingress import rules
from istio_ingress.with_cluster import asking, joined
from istio_ingress.with_cluster.access import Access
from istio_ingress.with_cluster.joined import Identity
from istio_ingress.with_cluster.planned import PlannedCluster

Say = Callable[[str], None]


def judge(
    clusters: Iterable[PlannedCluster], named: Access | None, *, now: datetime, settings: rules.Settings, say: Say
) -> Iterator[list[rules.Finding]]:
    """The findings of each cluster.

    Args:
        clusters: what is meant for each.
        named: the cluster that a person named, for those that do not say theirs.
        now: the moment for which certificates are judged.
        settings: as for `rules.check`.
        say: is told which cluster was read, and what of it was not.

    Raises:
        ValueError: it is not said which cluster is meant.
        asking.UnreachableError: one does not answer.
    """
    for cluster in clusters:
        access = cluster.access or named
        if access is None:
            whose = f"the provider {cluster.provider!r} of the preview" if cluster.provider else "a manifest"
            raise ValueError(f"{whose} does not say which cluster is meant; name it with --context or --kubeconfig")
        told = replace(settings, namespace=settings.namespace or cluster.namespace)
        yield _findings(cluster, access, now, told, say)


def _findings(
    cluster: PlannedCluster, access: Access, now: datetime, settings: rules.Settings, say: Say
) -> list[rules.Finding]:
    default = settings.namespace or "default"
    declared = {key for one in cluster.manifests if (key := Identity.of(one, default))}
    living = asking.ask(access, {key.namespace for key in declared} - {""})
    say(f"held against the cluster at {living.server}")
    for unread in living.unread:
        say(f"not read: {unread}")
    beside = joined.others(living, declared, lambda one: Identity.of(one) in cluster.gone)
    return joined.findings(
        cluster.manifests,
        beside,
        now=now,
        settings=settings,
        names_taken=cluster.taken(living.manifests),
    )
