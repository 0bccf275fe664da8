"""What is wrong in one place of an object."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Step = str | int
#: A place as the steps to it from the top, the last one outermost: `((None, "spec"), "hosts")`.
Place = tuple["Place | None", Step]


@dataclass(frozen=True)
class Fault:
    """One mistake: the rule that it breaks, and the words for it."""

    rule: str
    steps: tuple[Step, ...]
    message: str
    remedy: str
    #: The field that was meant, where another was written.
    meant: str = ""

    @property
    def path(self) -> str:
        """The place as people write it: `spec.http[0].timeout`."""
        return written(self.steps)


def written(steps: Iterable[Step]) -> str:
    """Steps as people write them."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def steps_to(place: Place | None) -> tuple[Step, ...]:
    """The steps from the top to a place."""
    found: list[Step] = []
    while place is not None:
        place, step = place
        found.append(step)
    return tuple(reversed(found))
