"""The cluster as a request is walked through it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from istio_ingress.live import cluster, tools
from istio_ingress.live.cluster import Cluster, asked_kinds
from istio_ingress.live.errors import LiveError
from istio_ingress.walk import Knowledge, World
from istio_ingress.walk.others import KINDS

_NOT_WALKED = ("Deployment", "EndpointSlice")
_NO_SUCH_KIND = "the server doesn't have a resource type"


def manifests(found: Cluster) -> list[Mapping[str, Any]]:
    """What the cluster was asked for already and a request is walked through."""
    return [one for kind in found.objects if kind not in _NOT_WALKED for one in found.seen(kind)]


def whole(knowledge: Knowledge, say: Callable[[str], None]) -> tuple[World, Cluster]:
    """Everything that a request is walked through, of the cluster that kubectl's current context names.

    Args:
        knowledge: What the objects do not say about themselves.
        say: Told of what was denied.

    Raises:
        LiveError: it does not answer, or does not show its Gateways.
    """
    found = cluster.ask()
    if isinstance(found.server, LiveError):
        raise found.server
    found.of("Gateway")
    for kind in found.denied:
        say(f"not known: {found.objects[kind]}")
    more, denied = others()
    for error in denied:
        say(f"not known: {error}")
    every = [*manifests(found), *more]
    for namespace, names in World(every, knowledge).named_secrets().items():
        every += cluster.secrets(namespace, sorted(names))
    return World(every, knowledge), found


def others(namespaces: Sequence[str] = ()) -> tuple[list[dict[str, Any]], list[LiveError]]:
    """The objects that may change an answer and that nothing else is asked about, and those that were denied.

    Args:
        namespaces: Only what stands in these; everything where there are none.
    """
    scopes = [["--namespace", one] for one in namespaces] or [["--all-namespaces"]]
    asked = asked_kinds().values()
    wanted = [(kind, scope) for kind in KINDS if kind not in asked for scope in scopes]
    with ThreadPoolExecutor(max_workers=len(KINDS)) as pool:
        answers = list(pool.map(lambda one: _objects(one[0], one[1]), wanted))
    found = [one for answer in answers if not isinstance(answer, LiveError) for one in answer]
    denied = [answer for answer in answers if isinstance(answer, LiveError) and _NO_SUCH_KIND not in str(answer)]
    return found, denied


def _objects(resource: str, scope: Sequence[str]) -> list[dict[str, Any]] | LiveError:
    try:
        return tools.kubectl_items(resource, *scope, "--request-timeout=10s")
    except LiveError as error:
        return error
