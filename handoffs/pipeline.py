"""What happens to a handoff. Read this first.

A trigger becomes one row (`receive`). `run` gathers context, compiles the package, decides who takes it, and settles
all that in one transaction: assignment, turn, clocks, outbox rows and log lines together, or nothing. The other verbs
follow what people do with it. Every verb takes `now` (business time, aware UTC) and `actor` ("user:7", "engine"),
changes the row under its lock with its log line, and raises a `states.RefusedError` whose message is a sentence when it
may not.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from handoffs import (
    acknowledging,
    advancing,
    claiming,
    contacting,
    filling,
    fitting,
    giving,
    queueing,
    reassigning,
    states,
    timeline,
    wake,
)
from handoffs.failpoints import pass_point
from handoffs.filling import Asked
from handoffs.models import Account, Deal, Delivery, Handoff, Notice, ReturnReason, State
from handoffs.timeline import Entry, Head
from handoffs.via import Via
from routing.models import Assignment, HandoffType, Rep, Team
from sla import clock
from sla.models import ClockKind

UNDO = acknowledging.UNDO
FURTHEST_MEETING = timedelta(days=366)
CREDITED_RETURNS = frozenset({ReturnReason.INCOMPLETE, ReturnReason.WRONG_OWNER, ReturnReason.DUPLICATE})


def receive(
    *,
    handoff_type: HandoffType,
    account: Account,
    deal: Deal | None,
    origin: Handoff.Origin,
    now: datetime,
    actor: str,
    trigger_key: str | None = None,
    from_team: Team | None = None,
    from_rep: Rep | None = None,
    to_team: Team | None = None,
) -> tuple[Handoff, bool]:
    """One row for one trigger, and whether it is new.

    The same `trigger_key`, or the same account, type and deal while one is open, gives the handoff that is there.
    Raises RefusedError when the deal belongs to another account or does not go with the type, and BadValueError when
    the key named another trigger.
    """
    if deal is not None and deal.account_id != account.pk:
        raise states.RefusedError(
            f"Deal {deal.crm_id} belongs to another account than {account.crm_id}. Name the account of the deal, or "
            "leave the deal out."
        )
    if refusal := fitting.misfit(handoff_type, deal):
        raise states.RefusedError(refusal)
    dedupe_key = giving.dedupe_key(handoff_type, account, deal)
    giving.check_key(trigger_key, handoff_type, account, deal)
    existing = giving.existing(trigger_key, dedupe_key)
    if existing is not None:
        return existing, False
    try:
        with transaction.atomic():
            handoff = Handoff.objects.create(
                handoff_type=handoff_type,
                account=account,
                deal=deal,
                origin=origin,
                trigger_key=trigger_key,
                dedupe_key=dedupe_key,
                from_team=from_team,
                from_rep=from_rep,
                to_team=to_team,
                received_at=now,
                next_at=now,
            )
            timeline.append(handoff.stream, [Entry("received", {"origin": origin})], actor=actor, now=now, after=Head())
            pass_point("pipeline.receiving")
            wake.after_commit()
    except IntegrityError:
        giving.check_key(trigger_key, handoff_type, account, deal)
        existing = giving.existing(trigger_key, dedupe_key)
        if existing is None:
            raise
        return existing, False
    return handoff, True


def open_handoff(*, handoff_type: HandoffType, account: Account, deal: Deal | None) -> Handoff | None:
    """The handoff that is open for this account, type and deal, which `receive` would answer with."""
    return giving.existing(None, giving.dedupe_key(handoff_type, account, deal))


def run(handoff: Handoff, *, now: datetime, actor: str, real_now: datetime | None = None) -> Handoff:
    """Claims the handoff and takes it as far as it goes; if somebody else has it, or nothing is due, leaves quietly.

    `real_now` is the wall clock for the lease, `now` unless the business clock was moved.
    """
    claimed = claiming.claim_due(Handoff, now=now, real_now=real_now or now, limit=1, only=handoff.pk)
    for mine in claimed:
        advancing.advance(mine, now=now, actor=actor)
    return Handoff.objects.get(pk=handoff.pk)


def retry(handoff: Handoff, *, actor: str, now: datetime) -> Handoff:
    """Looks at a received, blocked, unassigned or parked handoff again at once."""
    with transaction.atomic():
        row = giving.lock(handoff)
        if row.parked_at is None:
            states.check(row, "run", State.ASSIGNED)
        giving.change(row, next_at=now, parked_at=None, failures=0, last_error="", lease_until=None)
        timeline.record(row.stream, "retried", actor=actor, now=now)
        wake.after_commit()
    return row


def acknowledge(
    handoff: Handoff, *, actor: str, now: datetime, version: int | None = None, via: Via | None = None
) -> Handoff:
    """The owner says they have it. Never counts as contact. The sender hears of it once it can no longer be undone.

    From outside the pages `via` says how, and for which assignment: raises MovedOnError when that is not the present
    one, and UsedUpError for a link or a press that has acknowledged it before.
    """
    with transaction.atomic():
        row = giving.lock_held(handoff, version=version) if via is None else giving.lock(handoff, version=version)
        if via is not None:
            via.check(row)
        states.check(row, "acknowledge", State.ACKNOWLEDGED)
        acknowledging.mark(row, now=now)
        timeline.record(row.stream, "acknowledged", actor=actor, now=now, **(via.facts if via else {}))
        wake.after_commit()
    return row


def undo_acknowledge(handoff: Handoff, *, actor: str, now: datetime, version: int | None = None) -> Handoff:
    """Takes an acknowledgement back within ten seconds, as if it had never been; only whoever acknowledged may."""
    with transaction.atomic():
        row = giving.lock_held(handoff, "undo_acknowledge", State.ASSIGNED, version)
        acknowledging.take_back(row, actor=actor, now=now)
        timeline.record(row.stream, "acknowledge_undone", actor=actor, now=now)
        wake.after_commit()
    return row


def log_contact(
    handoff: Handoff,
    *,
    contacted_at: datetime,
    findings: str = "",
    actor: str,
    now: datetime,
    version: int | None = None,
) -> Handoff:
    """First contact with the customer at `contacted_at`: the promise is met or missed, and the owner's load falls.

    `findings`, the owner's own words, are written into the CRM as a note.
    An earlier contact that is told of later corrects the first one. Raises BadValueError for a contact in the future or
    before the handoff was first assigned.
    """
    with transaction.atomic():
        row = giving.lock_held(handoff, version=version)
        is_correction = row.contacted_at is not None and contacted_at < row.contacted_at
        if not is_correction:
            states.check(row, "log_contact", State.CONTACTED)
        contacting.check_time(row, contacted_at, now=now)
        giving.contacted(row, at=contacted_at, now=now)
        giving.change(row, contacted_at=contacted_at, **({} if is_correction else {"state": State.CONTACTED}))
        verb = "contact_corrected" if is_correction else "contacted"
        said = contacting.noted(row, findings, at=contacted_at, actor=actor, now=now)
        timeline.record(row.stream, verb, actor=actor, now=now, contacted_at=contacted_at, **said)
    return row


def add_findings(handoff: Handoff, *, findings: str, actor: str, now: datetime, version: int | None = None) -> Handoff:
    """What the owner learned at the first contact, told after it: a note in the CRM, as from `log_contact`."""
    with transaction.atomic():
        row = giving.lock_held(handoff, version=version)
        states.check(row, "add_findings", State(row.state))
        if not findings.strip():
            raise states.BadValueError("Write at least one sentence.")
        giving.change(row)
        said = contacting.noted(row, findings, at=row.contacted_at or now, actor=actor, now=now)
        timeline.record(row.stream, "findings_added", actor=actor, now=now, **said)
    return row


def book_meeting(
    handoff: Handoff, *, meeting_at: datetime, actor: str, now: datetime, version: int | None = None
) -> Handoff:
    """The first meeting after the handoff starts, or started, at `meeting_at`.

    Raises BadValueError for one before the first contact or more than a year away.
    """
    with transaction.atomic():
        row = giving.lock_held(handoff, "book_meeting", State.MEETING_BOOKED, version)
        if row.contacted_at is not None and meeting_at < row.contacted_at:
            raise states.BadValueError("The meeting lies before the first contact. Give the first meeting after it.")
        if meeting_at > now + FURTHEST_MEETING:
            raise states.BadValueError("The meeting is more than a year away. Check the date.")
        giving.change(row, state=State.MEETING_BOOKED, meeting_at=meeting_at)
        timeline.record(row.stream, "meeting_booked", actor=actor, now=now, meeting_at=meeting_at)
    return row


def reject(
    handoff: Handoff, *, reason: str, comment: str = "", actor: str, now: datetime, version: int | None = None
) -> Handoff:
    """Back to the sender, who has the policy's resubmission time. A justified return gives the turn back.

    `reason` is one of ReturnReason; raises BadValueError for another.
    """
    if reason not in ReturnReason:
        raise states.BadValueError(f"There is no such reason. Choose one of: {', '.join(ReturnReason.values)}.")
    why = str(ReturnReason(reason).label)
    with transaction.atomic():
        row = giving.lock_held(handoff, "reject", State.REJECTED, version)
        assignment = giving.assignment_of(row)
        giving.release(row, Assignment.Release.REJECTED, at=now, now=now)
        if reason in CREDITED_RETURNS:
            giving.credit_turn(assignment, actor=actor, now=now, reason=reason)
        plan = clock.plan(clock.policy_of(assignment), first_contact_minutes=None)
        clock.start(plan, assignment, now=now, kinds=[ClockKind.RESUBMIT])
        giving.change(row, state=State.REJECTED, rejection_reason=reason)
        title, because = f"{row.owner} returned {row.account.name}", f"Reason: {why.lower()}."
        body, kind = f"{because} {comment}".strip(), Notice.Kind.RETURNED
        giving.tell_sender(row, Delivery.Purpose.NOTICE, kind, title, body, now=now, text=because)
        timeline.record(
            row.stream, "rejected", actor=actor, now=now, reason=reason, **giving.remark(row, comment, actor, now)
        )
        wake.after_commit()
    return row


def resubmit(handoff: Handoff, *, comment: str = "", actor: str, now: datetime, version: int | None = None) -> Handoff:
    """The sender hands a returned handoff over again: it is looked at afresh and goes to the same owner.

    Returned for having the wrong owner, it is decided without them.
    """
    with transaction.atomic():
        row = giving.lock(handoff, "resubmit", State.RECEIVED, version)
        clock.stop(giving.assignment_of(row), at=now)
        giving.change(
            row,
            state=State.RECEIVED,
            owner=None,
            assignment=None,
            acknowledged_at=None,
            next_at=now,
            lease_until=None,
            parked_at=None,
            failures=0,
            last_error="",
        )
        timeline.record(row.stream, "resubmitted", actor=actor, now=now, **giving.remark(row, comment, actor, now))
        wake.after_commit()
    return row


def fill_gap(
    handoff: Handoff,
    *,
    gap: str,
    value: str,
    actor: str,
    now: datetime,
    real_now: datetime | None = None,
    version: int | None = None,
) -> Handoff:
    """Writes what was missing into the CRM and looks at the handoff again: it is scored anew, and may be unblocked.

    `gap` is the key of a missing field. Raises RefusedError for one that only the CRM itself can take or that is filled
    already, and ConnectorError when the CRM does not take it. It asks the CRM, so never inside a transaction. Once the
    CRM has it, looking again is due work: what fails then is tried again, and `filling.is_looked_at` says so.
    """
    filling.write(handoff, gap=gap, value=value, version=version)
    with transaction.atomic():
        row = giving.lock(handoff)
        timeline.record(row.stream, "gap_filled", actor=actor, now=now, gap=gap)
        if row.closed_at is None:
            giving.change(row, next_at=now, parked_at=None, failures=0, last_error="", lease_until=None)
            wake.after_commit()
    return run(row, now=now, actor=actor, real_now=real_now)


def ask_gap(handoff: Handoff, *, gap: str, by: Rep | None, actor: str, now: datetime) -> Asked:
    """Asks whoever can fill a gap for it, at most once an hour, and says who that is; `by` is the person who asks.

    Raises RefusedError when there is no such gap, when nobody else could fill it, or when it was just asked.
    """
    with transaction.atomic():
        row = giving.lock(handoff)
        asked = filling.whom_to_ask(row, gap, by=by, now=now)
        filling.question(row, asked, gap, by=by, now=now).queue()
        timeline.record(row.stream, "gap_asked", actor=actor, now=now, gap=gap, rep=asked.rep.pk if asked.rep else None)
        wake.after_commit()
    return asked


def withdraw(handoff: Handoff, *, reason: str, actor: str, now: datetime, version: int | None = None) -> Handoff:
    """The trigger was wrong: the handoff ends, its clocks stop, and a turn that was taken is given back.

    The owner hears of it, and so does the sender unless they are the one who does it.
    """
    with transaction.atomic():
        row = giving.lock(handoff, "withdraw", State.WITHDRAWN, version)
        if row.assignment is not None:
            if row.owner is not None and row.state in {State.ASSIGNED, State.ACKNOWLEDGED}:
                body = f"{row.reference} was withdrawn: {reason or 'no reason given'}. There is nothing left to do."
                gone = f"{row.reference} was withdrawn. There is nothing left to do."
                giving.tell_former(row, row.owner, "withdrawn", body, number=row.assignment.number, now=now, text=gone)
            giving.release(row, Assignment.Release.WITHDRAWN, at=now, now=now)
            giving.credit_turn(row.assignment, actor=actor, now=now, reason="withdrawn")
        giving.change(row, state=State.WITHDRAWN, closed_at=now, next_at=None, parked_at=None)
        giving.tell_of_withdrawal(row, reason, actor=actor, now=now)
        timeline.record(row.stream, "withdrawn", actor=actor, now=now, **giving.remark(row, reason, actor, now))
        wake.after_commit()
    return row


def reassign(
    handoff: Handoff, *, to: Rep, reason: str, actor: str, now: datetime, version: int | None = None
) -> Handoff:
    """Another owner, with a new assignment and new clocks; the overall figure runs on from the first assignment.

    Raises BadValueError for somebody who works neither in the receiving role nor manages the receiving team.
    """
    with transaction.atomic():
        row = giving.lock_held(handoff, "reassign", State.ASSIGNED, version)
        if to.pk == row.owner_id:
            raise states.RefusedError(f"{to} already owns {row.reference}. Choose somebody else.")
        reassigning.check_taker(row, to)
        before = row.assignment
        giving.give_to(row, to, now=now)
        people = {"rep": to.pk, "previous": before.rep_id if before else None}
        timeline.record(
            row.stream, "reassigned", actor=actor, now=now, **people, **giving.remark(row, reason, actor, now)
        )
        wake.after_commit()
    return Handoff.objects.get(pk=row.pk)


def take(handoff: Handoff, *, by: Rep, actor: str, now: datetime, version: int | None = None) -> Handoff:
    """Somebody of the pool takes it out of the queue in which it waits; it costs them a turn like any other."""
    with transaction.atomic():
        queueing.lock(handoff, by)
        row = giving.lock(handoff, "take", State.ASSIGNED, version)
        queueing.take(row, by, actor=actor, now=now)
        timeline.record(row.stream, "taken", actor=actor, now=now, rep=by.pk)
        wake.after_commit()
    return Handoff.objects.get(pk=row.pk)


def close(
    handoff: Handoff, *, outcome: State, reason: str = "", actor: str, now: datetime, version: int | None = None
) -> Handoff:
    """The end of a contacted handoff: converted or lost, by the type's own meaning."""
    with transaction.atomic():
        row = giving.lock_held(handoff, "close", outcome, version)
        giving.change(row, state=outcome, closed_at=now, next_at=None, parked_at=None)
        timeline.record(row.stream, outcome.value, actor=actor, now=now, **giving.remark(row, reason, actor, now))
    return row
