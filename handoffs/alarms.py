"""Nobody has had it for half an hour: the receiving team's manager and RevOps are told, once.

The time is a column, `Handoff.alarm_at`. Taking it, the messages and the log line are one transaction, so that an alarm
is neither lost nor raised twice, whoever dies.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from handoffs import claiming, giving, notices, timeline, wake
from handoffs.failpoints import pass_point
from handoffs.models import Delivery, Handoff, Notice, State
from routing.models import Rep, RoleCode, Rule
from routing.offices import holder_of

ACTOR = "engine"
WAIT = timedelta(minutes=30)
TRY_AGAIN = timedelta(minutes=5)


def due_after(
    handoff: Handoff, *, when_unavailable: str, held_until: datetime | None, now: datetime
) -> datetime | None:
    """When to raise the alarm of a handoff that nobody could take at `now`; None when it was raised before.

    Where the rule says to hold until the next opening, the alarm waits for that opening first.
    """
    opening = held_until if when_unavailable == Rule.WhenUnavailable.HOLD else None
    if handoff.state != State.UNASSIGNED:
        return (opening or now) + WAIT
    if handoff.alarm_at is not None and opening is not None and opening - now > WAIT:
        return opening + WAIT
    return handoff.alarm_at


def raise_due(*, now: datetime, clock: Callable[[], datetime], limit: int) -> int:
    """Raises up to `limit` due alarms; returns how many handoffs were looked at. `clock` tells real time."""
    due = list(Handoff.objects.filter(alarm_at__lte=now).order_by("alarm_at", "id")[:limit])
    return claiming.each_in_time(due, partial(_raise, now=now), clock=clock, put_off=partial(_put_off, now=now))


def _put_off(handoff: Handoff, *, now: datetime) -> str:
    Handoff.objects.filter(pk=handoff.pk, alarm_at=handoff.alarm_at).update(alarm_at=now + TRY_AGAIN)
    return f"The alarm of {handoff.reference} could not be raised; it is tried again in {TRY_AGAIN}"


def _raise(handoff: Handoff, *, now: datetime) -> None:
    with transaction.atomic():
        row = giving.lock(handoff)
        if row.alarm_at is None or row.alarm_at > now:
            return
        # Not a change of the handoff: nobody's open form grows stale by it, and no run under way loses its claim.
        Handoff.objects.filter(pk=row.pk).update(alarm_at=None)
        if row.state != State.UNASSIGNED:
            return
        pass_point("alarms.claimed")
        manager = row.team.manager if row.team else None
        keeper = holder_of(RoleCode.REVOPS_MANAGER, near=manager, at=now)
        _tell(row, manager, now=now)
        if keeper is not None and keeper != manager:
            _tell(row, keeper, now=now)
        people = {"rep": manager.pk if manager else None, "also": keeper.pk if keeper else None}
        timeline.record(row.stream, "alarmed", actor=ACTOR, now=now, since=row.unassigned_since, **people)
        pass_point("alarms.before_commit")
        wake.after_commit()


def _tell(row: Handoff, person: Rep | None, *, now: datetime) -> None:
    since = row.unassigned_since or row.received_at
    notices.to_rep(
        row,
        person,
        Delivery.Purpose.UNASSIGNED,
        kind=Notice.Kind.UNASSIGNED,
        title=f"Nobody has {row.type_enum.short} Handoff: {row.account.name}",
        body=f"{row.reference} has had no owner for half an hour. Reassign it, or make room for it in the pool.",
        number=row.assignment.number if row.assignment else 0,
        now=now,
        mark=f"alarm-{int(since.timestamp())}",
        team=row.team,
        priority="urgent",
    ).queue()
