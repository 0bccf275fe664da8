"""Why a certificate is replaced: pulumi-tls renews one that is due, and a preview shows that it does but not why."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import pulumi

from .hooks import before_update


class Issued(Protocol):
    """What has a certificate of ours in it."""

    @property
    def renewal(self) -> "Renewal | None":
        """None where the stack does not renew it."""


class Renewal(NamedTuple):
    """When a certificate ends, and how long before that it is renewed."""

    name: str
    """Of its resource."""

    ends: pulumi.Output[str]
    """As pulumi-tls writes it, RFC 3339."""

    days_before: int


def announce(name: str, issued: Iterable[Issued], parent: pulumi.Resource) -> None:
    """Have every preview and update that renews a certificate say so in a sentence.

    The state keeps the ends of a component's certificates in one resource, because that of a certificate which is
    replaced tells its old end to nobody.
    """
    renewals = [each.renewal for each in issued if each.renewal]
    days_before = {renewal.name: renewal.days_before for renewal in renewals}
    if not days_before:
        return

    def say(args: pulumi.ResourceHookArgs) -> None:
        old, new = ((inputs or {}).get("input") for inputs in (args.old_inputs, args.new_inputs))
        for sentence in sentences(old or {}, new, days_before, datetime.now(UTC)):
            pulumi.log.info(sentence)

    pulumi.Stash(
        f"{name}-ends",
        input={renewal.name: renewal.ends for renewal in renewals},
        opts=pulumi.ResourceOptions(parent=parent, hooks=before_update(f"{name}-ends", say)),
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
        left = datetime.fromisoformat(ends) - moment
        if left <= timedelta(days=days_before[name]):
            yield (
                f"{name} ends {ends[:10]}, {_in_days(left)}: it is renewed {days_before[name]} days before its end, "
                "and so by this update."
            )


def _in_days(left: timedelta) -> str:
    if left < timedelta(0):
        return f"{-left.days} days ago"
    return f"in {left.days} days"
