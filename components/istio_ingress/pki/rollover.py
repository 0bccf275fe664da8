"""One certificate authority takes over from another in three updates, none of which may be skipped.

First the new one is trusted, then it issues, then the old one goes. Whoever skips a step shuts out those who have not
heard of the new authority, or who still come with a certificate of the old one.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

import pulumi

from ..sdk.hooks import before_update

_NAME = "CertificateAuthority"


class Rollover(Enum):
    """How far a generation has taken over from the one before. The first has none before it: all three are one."""

    TRUST = "trust"
    """It is in the bundle; certificates still come from the one before."""

    ISSUE = "issue"
    """Certificates come from it; the one before is still in the bundle."""

    FINISHED = "finished"
    """It is alone: the one before is gone, and so are the clients that hold its certificates."""


_ORDER = list(Rollover)


@dataclass(frozen=True)
class Stage:
    """Which generation takes over, and how far it has."""

    generation: int
    rollover: Rollover

    @property
    def trusted(self) -> list[int]:
        """The generations in the bundle, the one that signs first."""
        if self._is_alone:
            return [self.generation]
        before = self.generation - 1
        return [before, self.generation] if self.rollover is Rollover.TRUST else [self.generation, before]

    @property
    def next(self) -> "Stage":
        """The step that comes after this one."""
        if self._is_alone:
            return Stage(self.generation + 1, Rollover.TRUST)
        return Stage(self.generation, _ORDER[_ORDER.index(self.rollover) + 1])

    def follows(self, before: "Stage") -> bool:
        """Whether nobody loses anything in a step from `before` to here: the next one, or one back.

        There is no way back to an authority that is gone: its key was deleted with it.
        """
        if self.trusted == before.trusted or self.trusted == before.next.trusted:
            return True
        return not before._is_alone and self.next.trusted == before.trusted

    def __str__(self) -> str:
        return f"generation {self.generation}" + (
            "" if self.generation == 1 else f" with rollover '{self.rollover.value}'"
        )

    @property
    def _is_alone(self) -> bool:
        return self.generation == 1 or self.rollover is Rollover.FINISHED


def guard(name: str, stage: Stage, parent: pulumi.Resource) -> pulumi.Resource:
    """Keep the stage in the state, and refuse a preview and an update that skip one.

    What makes the authority's certificates must depend on the resource given back, so that nothing of a skipped step
    has happened when it is refused.
    """

    def refuse_a_skip(args: pulumi.ResourceHookArgs) -> None:
        sentence = refusal(name, (args.old_inputs or {}).get("input"), (args.new_inputs or {}).get("input"))
        if sentence:
            raise pulumi.RunError(sentence)

    return pulumi.Stash(
        f"{name}-rollover",
        input={"generation": stage.generation, "rollover": stage.rollover.value},
        opts=pulumi.ResourceOptions(parent=parent, hooks=before_update(f"{name}-rollover", refuse_a_skip)),
    )


def refusal(name: str, before: Any, after: Any) -> str | None:
    """Why the second of two stages, as the state keeps them, may not follow the first."""
    if not before or not after:
        return None
    old, new = (Stage(int(kept["generation"]), Rollover(kept["rollover"])) for kept in (before, after))
    if new.follows(old):
        return None
    return (
        f'{_NAME} "{name}": a step from {old} to {new} would shut clients out; '
        f"the next step is {old.next}, and an update of its own."
    )
