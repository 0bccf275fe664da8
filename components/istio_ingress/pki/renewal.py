"""Why a certificate is replaced: pulumi-tls renews one that is due, and a preview shows that it does but not why."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pulumi

from ..sdk.hooks import before_update


class Renewal(NamedTuple):
    """When a certificate ends, and how long before that it is renewed."""

    name: str
    """Of its resource."""

    ends: pulumi.Output[str]
    """As pulumi-tls writes it: RFC 3339, in the time zone of the machine that issued it."""

    days_before: int


def announce(name: str, renewals: Iterable[Renewal | None], parent: pulumi.Resource) -> None:
    """Have every preview and update that renews a certificate say so in a sentence.

    The state keeps the ends of a component's certificates in one resource, because that of a certificate which is
    replaced tells its old end to nobody.
    """
    known = [renewal for renewal in renewals if renewal]
    days_before = {renewal.name: renewal.days_before for renewal in known}
    if not days_before:
        return

    def say(args: pulumi.ResourceHookArgs) -> None:
        old, new = ((inputs or {}).get("input") for inputs in (args.old_inputs, args.new_inputs))
        for sentence in sentences(old or {}, new, days_before, datetime.now(UTC)):
            pulumi.log.info(sentence)

    pulumi.Stash(
        f"{name}-ends",
        input={renewal.name: renewal.ends for renewal in known},
        opts=pulumi.ResourceOptions(parent=parent, protect=False, hooks=before_update(f"{name}-ends", say)),
    )


def sentences(old: Mapping[str, str], new: Any, days_before: Mapping[str, int], moment: datetime) -> Iterable[str]:
    """Which certificates are renewed at `moment` because they are due.

    Args:
        old: their ends in the state.
        new: their ends after this update, as far as they are known.
        days_before: how many days before its end each is renewed.
        moment: now.
    """
    for name, ends in old.items():
        if name not in days_before or (isinstance(new, Mapping) and new.get(name) == ends):
            continue
        end = datetime.fromisoformat(ends).astimezone(UTC)
        left = end - moment
        if left <= timedelta(days=days_before[name]):
            yield (
                f"{name} ends {end:%Y-%m-%d}, {_in_days(left)}: it is renewed {days_before[name]} days before its end, "
                "and so by this update."
            )


def _in_days(left: timedelta) -> str:
    if left < timedelta(0):
        return f"{-left.days} days ago"
    return f"in {left.days} days"
