"""The one transaction in which a run ends: blocked, held or assigned; and putting it off when looking failed."""

from __future__ import annotations

from copy import copy
from datetime import datetime, timedelta

from django.db import transaction

from handoffs import alarms, giving, holding, notices, timeline, wake
from handoffs.failpoints import pass_point
from handoffs.models import Handoff, State
from handoffs.preparing import Prepared
from handoffs.retrying import wait_after
from routing.assign import assign

RECHECK_BLOCKED = timedelta(minutes=5)


class LostRaceError(Exception):
    """Somebody else settled the handoff first; nothing of ours was kept."""


def settle(handoff: Handoff, prepared: Prepared, *, now: datetime, actor: str) -> None:
    """The one transaction: package, and then blocked, held, or assigned with turn, clocks, outbox and log.

    The caller's `handoff` stays as it was claimed, so that it can be postponed when this fails.
    """
    handoff = copy(handoff)
    with transaction.atomic():
        package = prepared.save_package()
        if prepared.draft is None or prepared.plan is None:
            _block(handoff, prepared, now=now, actor=actor)
        else:
            pass_point("pipeline.assigning")
            outcome = assign(prepared.draft, handoff_uuid=handoff.uuid, number=prepared.number, now=now, actor=actor)
            pass_point("pipeline.assigned")
            if outcome.assignment is None:
                _hold(handoff, prepared, outcome.held_until, now=now, actor=actor)
                holding.look_again(handoff, outcome.decision, now=now)
            else:
                given = giving.hand_over(
                    handoff,
                    prepared.fields(handoff),
                    outcome.assignment,
                    package,
                    prepared.plan,
                    now=now,
                    wishes=prepared.wishes,
                )
                if given is None:
                    raise LostRaceError
                pass_point("pipeline.handed_over")
                timeline.append(handoff.stream, prepared.entries(outcome), actor=actor, now=now, after=prepared.head)
        pass_point("pipeline.before_commit")
        wake.after_commit()


def postpone(handoff: Handoff, sentence: str, *, permanent: bool, now: datetime, actor: str) -> None:
    """Plans another try after a failure, or parks the handoff where people see it when trying again cannot help."""
    failures = handoff.failures + 1
    wait = None if permanent else wait_after(failures)
    with transaction.atomic():
        moved = Handoff.objects.filter(pk=handoff.pk, attempt=handoff.attempt, version=handoff.version).update(
            failures=failures,
            last_error=sentence[:500],
            lease_until=None,
            next_at=now + wait if wait else None,
            parked_at=None if wait else now,
            version=handoff.version + 1,
        )
        if moved:
            timeline.record(handoff.stream, "postponed" if wait else "parked", actor=actor, now=now)


def _block(handoff: Handoff, prepared: Prepared, *, now: datetime, actor: str) -> None:
    """No context of the type, or nobody to reach: nothing is assigned, and the sender gets the list once."""
    was_blocked = handoff.state == State.BLOCKED
    changes = {**prepared.fields(handoff), "state": State.BLOCKED, "next_at": now + RECHECK_BLOCKED}
    if not giving.fence(handoff, changes):
        raise LostRaceError
    if was_blocked and prepared.same_gaps:
        timeline.append(handoff.stream, prepared.compiled(), actor=actor, now=now, after=prepared.head)
        return
    notices.gap_list(handoff, prepared.package, number=0, now=now, wishes=prepared.wishes).queue()
    timeline.append(handoff.stream, prepared.entries(None), actor=actor, now=now, after=prepared.head)


def _hold(handoff: Handoff, prepared: Prepared, held_until: datetime | None, *, now: datetime, actor: str) -> None:
    """Nobody has it: it waits in a pool's queue for whoever takes it, or is decided afresh at the next opening.

    The pool, or the receiving manager, hears of it the first time.
    """
    first_time, before = handoff.state != State.UNASSIGNED, handoff.queue_id
    policy = prepared.draft.match.line.when_unavailable if prepared.draft else ""
    changes = {
        **prepared.fields(handoff),
        "state": State.UNASSIGNED,
        "unassigned_since": handoff.unassigned_since or now,
        "next_at": held_until,
        "alarm_at": alarms.due_after(handoff, when_unavailable=policy, held_until=held_until, now=now),
    }
    if not giving.fence(handoff, changes):
        raise LostRaceError
    waits_for = prepared.draft.queue if prepared.draft else None
    is_news = first_time or (waits_for is not None and waits_for.pk != before)
    if is_news and waits_for is not None and prepared.draft is not None:
        people = [candidate.rep for candidate in prepared.draft.candidates if not candidate.is_ruled_out]
        notices.to_take(handoff, waits_for, people, number=prepared.number, now=now, wishes=prepared.wishes).queue()
    elif first_time:
        reasons, wishes = prepared.refusals(), prepared.wishes
        notices.nobody(handoff, prepared.team, number=prepared.number, reasons=reasons, now=now, wishes=wishes).queue()
    lines = prepared.entries(None) if is_news else prepared.compiled()
    timeline.append(handoff.stream, lines, actor=actor, now=now, after=prepared.head)
