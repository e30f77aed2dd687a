"""Holding versions of the rules while they change hands, so that two people at once see each other.

The order is the same everywhere: one's own version first, then the live one. Numbers are given out by whoever holds the
live version. Locks leave the key free: decisions that name a version are written meanwhile.
"""

from __future__ import annotations

from django.db.models import Max

from routing.models import RuleSet

TRIES = 5


class VersionError(Exception):
    """The version stays as it is; the message says why, and what to do."""


def lock(rule_set: RuleSet) -> RuleSet:
    """The version as it is now, held until the transaction ends. Raises VersionError if it is gone."""
    row = RuleSet.objects.select_for_update(no_key=True).filter(pk=rule_set.pk).first()
    if row is None:
        raise VersionError(f"{rule_set} are gone: somebody deleted the draft.")
    return row


def lock_live() -> RuleSet | None:
    """The live version, held; None if there is none."""
    for _ in range(TRIES):
        seen = RuleSet.objects.filter(state=RuleSet.State.LIVE).values_list("pk", flat=True).first()
        if seen is None:
            return None
        # While waiting for the lock another one may have gone live: then look again.
        held = RuleSet.objects.select_for_update(no_key=True).get(pk=seen)
        if held.state == RuleSet.State.LIVE:
            return held
    raise VersionError("The live rules change faster than they can be read. Try again in a moment.")


def next_number() -> int:
    """The number of the next version, for a caller who holds the live one."""
    last: int = RuleSet.objects.aggregate(last=Max("number"))["last"]
    return last + 1
