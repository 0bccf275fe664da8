"""What should answer a request. The one place that says so: whatever is declared about it comes in here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from istio_ingress.live import world
from istio_ingress.live.facts import ClusterFacts
from istio_ingress.rules.values import known
from istio_ingress.walk import Knowledge, Request, Result, World, walk
from istio_ingress.walk.others import on_pods

#: What an EnvoyFilter has in it that answers a request itself: a route of Envoy's, a filter, or a line of Lua.
_ANSWERS = re.compile(r"direct_?response|:respond\W", re.IGNORECASE)


class Expectations:
    """What the cluster's own objects let answer."""

    def __init__(self, facts: ClusterFacts, others: Sequence[Mapping[str, Any]], *, complete: bool) -> None:
        """From what was asked for.

        Args:
            facts: The cluster.
            others: The objects that are not among the facts and may change an answer.
            complete: Whether nothing of either was denied.
        """
        knowledge = Knowledge(
            complete=complete and facts.cluster.has_everything(),
            has_pods=facts.cluster.is_whole and facts.cluster.told("Pod") is not None,
            shared=not facts.cluster.has_everything(),
            now=facts.now,
        )
        self.world = World([*world.manifests(facts.cluster), *others], knowledge)
        self._gateway = str(facts.gateway)

    def of(self, request: Request) -> Result:
        """What answers it, and why; not known where the objects do not say."""
        return walk(self.world, request, self._gateway)

    @cached_property
    def filters(self) -> tuple[str, ...]:
        """The names of the EnvoyFilters and WasmPlugins that can make the gateway answer by itself."""
        root = self.world.knowledge.root_namespace
        pods = [one for one in self.world.pods if str(one) == self._gateway]
        found = [one for some in pods for one in known(list, on_pods(self.world.others, some, root)) or []]
        return tuple(
            str(one)
            for one in found
            if one.kind == "WasmPlugin" or (one.kind == "EnvoyFilter" and _ANSWERS.search(json.dumps(one.spec.value)))
        )
