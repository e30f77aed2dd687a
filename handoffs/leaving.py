"""Somebody's leave begins: what they had not acknowledged goes to their cover, what they had is proposed.

Each handoff moves in a transaction of its own, and is out of the way of the next look with it; the proposals go out
with the claim of the first look. So nothing is moved or said twice, whoever dies. A cover who is merely off work is
waited for; where there is none, it is decided afresh without the person.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Q, QuerySet

from handoffs import claiming, giving, notices, reassigning, timeline, wake
from handoffs.announcing import spoken
from handoffs.failpoints import pass_point
from handoffs.models import Delivery, Handoff, Notice, Package, State
from handoffs.reassigning import OFF_WORK, Heir, TakenMeanwhileError
from routing.availability import Ask, why_not
from routing.decide import covers, loaded
from routing.models import Absence, Rep

ACTOR = "engine"
TRY_AGAIN = timedelta(minutes=5)


def look_due(*, now: datetime, clock: Callable[[], datetime], limit: int) -> int:
    """Looks at up to `limit` leaves that have begun; returns how many. `clock` tells real time."""
    due = list(_begun(now).select_related("rep__team__manager", "cover").order_by("starts_at", "id")[:limit])
    return claiming.each_in_time(due, partial(_look, now=now), clock=clock, put_off=partial(_put_off, now=now))


def _put_off(leave: Absence, *, now: datetime) -> str:
    Absence.objects.filter(pk=leave.pk).update(look_at=now + TRY_AGAIN)
    return f"The leave {leave.pk} could not be handed over; it is looked at again in {TRY_AGAIN}"


def _begun(now: datetime) -> QuerySet[Absence]:
    """Those under way that were not handed over since they began; one that is entered late counts as well."""
    open_ones = Q(handed_over_at__isnull=True) | Q(handed_over_at__lt=F("starts_at"))
    due = Q(look_at__isnull=True) | Q(look_at__lte=now)
    return Absence.objects.filter(open_ones, due, starts_at__lte=now, ends_at__gt=now)


def _look(leave: Absence, *, now: datetime) -> None:
    if leave.look_at is None:
        _propose_acknowledged(leave, now=now)
    waits = []
    for handoff in _owned(leave.rep, State.ASSIGNED):
        opens_at = _move(handoff, leave, now=now)
        if opens_at is not None:
            waits.append(opens_at)
    done = {"look_at": min(waits)} if waits else {"handed_over_at": now, "look_at": None}
    Absence.objects.filter(pk=leave.pk).update(**done)


def _owned(rep: Rep, state: State) -> list[Handoff]:
    mine = Handoff.objects.filter(owner=rep, state=state).select_related(*giving.RELATED, "team__manager")
    return list(mine.order_by("due_at", "id"))


def _move(handoff: Handoff, leave: Absence, *, now: datetime) -> datetime | None:
    """Gives one handoff to somebody else; when it has to wait for that, until when."""
    if handoff.package is None:
        return None
    heir = _heir(handoff, handoff.package, leave, now=now)
    if heir.opens_at is not None:
        return heir.opens_at
    try:
        with transaction.atomic():
            row = giving.lock(handoff)
            still = Absence.objects.select_for_update().filter(pk=leave.pk, starts_at__lte=now, ends_at__gt=now)
            if not still.exists() or row.owner_id != leave.rep_id or row.state != State.ASSIGNED or row.package is None:
                return None
            pass_point("leaving.claimed")
            to = reassigning.hand_on(row, row.package, heir, now=now, actor=ACTOR)
            if to is None:
                _propose(row, leave, now=now)
            who = {"previous": leave.rep_id, "rep": to.pk if to else None}
            timeline.record(row.stream, "owner_away" if to else "owner_away_nobody", actor=ACTOR, now=now, **who)
            pass_point("leaving.before_commit")
            wake.after_commit()
    except TakenMeanwhileError:
        return now + TRY_AGAIN
    return None


def _heir(handoff: Handoff, package: Package, leave: Absence, *, now: datetime) -> Heir:
    """The first cover who can take it; else the opening of one who is merely off work; else whom the rules say."""
    ask = Ask(now=now, segment=handoff.segment or None)
    person, *_ = loaded([leave.rep_id], ask, pool=None)
    opens_at = None
    for cover, _ in covers(person, ask, reassigning.facts_then(handoff, package), pool=None):
        reason = why_not(cover, ask)
        if reason is None:
            return Heir(person=cover, is_cover=True)
        if reason.code in OFF_WORK and reason.until is not None:
            opens_at = min(filter(None, (opens_at, reason.until)))
    if opens_at is not None and opens_at < leave.ends_at:
        return Heir(opens_at=opens_at)
    return reassigning.find_without(frozenset({leave.rep_id}), handoff, package, now=now)


def _propose_acknowledged(leave: Absence, *, now: datetime) -> None:
    """Claims the first look, and asks whoever may move what the person acknowledged whether to."""
    with transaction.atomic():
        if not Absence.objects.filter(pk=leave.pk, look_at__isnull=True).update(look_at=now):
            return
        for handoff in _owned(leave.rep, State.ACKNOWLEDGED):
            row = giving.lock(handoff)
            if row.owner_id == leave.rep_id and row.state == State.ACKNOWLEDGED:
                _propose(row, leave, now=now)
                timeline.record(row.stream, "owner_away_proposed", actor=ACTOR, now=now, previous=leave.rep_id)
        wake.after_commit()


def _propose(row: Handoff, leave: Absence, *, now: datetime) -> None:
    """To the manager, who may reassign it, and to the cover, who should know."""
    manager = leave.rep.team.manager
    cover = leave.cover or leave.rep.cover
    for person in dict.fromkeys([manager, cover]):
        zone = person.time_zone if person else "UTC"
        if person is None and cover is not None:
            continue
        notices.to_rep(
            row,
            person,
            Delivery.Purpose.NOTICE,
            kind=Notice.Kind.OTHER,
            title=f"{leave.rep.name} is away: {row.account.name}",
            body=(
                f"{leave.rep.name} has {row.reference} and is away until {spoken(leave.ends_at, zone)}. "
                "Their manager can reassign it, if it cannot wait."
            ),
            number=giving.assignment_of(row).number,
            now=now,
            mark=f"away-{leave.pk}",
            team=row.team,
        ).queue()
