"""What a program expects of its hosts, walked through all that it declares before any of it is registered."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pulumi

from .. import rules
from ..expected import ANNOTATION, Proof, State, prove
from ..walk import Knowledge, World

RULE = "expectation"
PAGE = "docs/expectations.md"
_MOST_SHOWN = 10


class Expectations:
    """Everything that one program expects. What is known to be right is walked once."""

    def __init__(self) -> None:
        self._right: set[tuple[int, str, str]] = set()
        self._open: dict[int, list[Proof]] = {}

    def findings(
        self,
        cluster: int,
        manifests: Sequence[rules.Manifest],
        namespace: str,
        gateway_namespaces: Mapping[str, str],
        *,
        anew: bool,
    ) -> list[rules.Finding]:
        """What would answer otherwise than is expected.

        Args:
            cluster: what tells clusters apart.
            manifests: everything that is declared in it.
            namespace: of objects that name none; empty where it is not known.
            gateway_namespaces: where gateway pods run, by the labels that select them.
            anew: whether what was right before may not be.
        """
        if not any(map(_expects, manifests)):
            return []
        knowledge = Knowledge(
            namespace or "default",
            complete=False,
            assumes=True,
            shared=True,
            now=datetime.now(UTC),
            gateway_namespaces=gateway_namespaces,
        )
        known = set() if anew else {(owner, place) for one, owner, place in self._right if one == cluster}
        proofs = list(prove(World(manifests, knowledge), known))
        self._right.update((cluster, str(one.owner), one.place) for one in proofs if one.state is State.RIGHT)
        self._open[cluster] = [one for one in proofs if one.state is State.UNKNOWN]
        return [_finding(one) for one in proofs if one.state is State.WRONG]

    def say_open(self) -> None:
        """Say once what was not proven, and why."""
        unproven = [one for some in self._open.values() for one in some]
        if not unproven:
            return
        whole = len(unproven) + len(self._right)
        self._open = {}
        lines = [f"{len(unproven)} of {whole} expectations are not known yet, and are proven by asking:"]
        lines += [f"  {one.owner} {one.place}: {_request(one)}{one.says}" for one in unproven[:_MOST_SHOWN]]
        lines += [f"  and {len(unproven) - _MOST_SHOWN} more"] if len(unproven) > _MOST_SHOWN else []
        pulumi.info("\n".join(lines))


def _expects(manifest: Mapping[str, object]) -> bool:
    metadata = manifest.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return isinstance(annotations, Mapping) and ANNOTATION in annotations


def _finding(proof: Proof) -> rules.Finding:
    namespace, name = proof.owner.labelled()
    return rules.Finding(
        rule=RULE,
        severity=rules.Severity.ERROR,
        kind=proof.owner.kind,
        namespace=namespace,
        name=name,
        path=proof.place,
        message=proof.says,
        remedy=f"{proof.why}." if proof.why else "",
        source=PAGE,
        origin=proof.owner.origin,
    )


def _request(proof: Proof) -> str:
    return f"{proof.request}: " if proof.request else ""
