"""The pieces of a change: the row's identity and lock, the fence, handing over to an owner, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q

from handoffs import holding, notices, states
from handoffs.announcing import Given
from handoffs.models import OPEN_STATES, Account, Deal, Delivery, Handoff, Notice, Package, Remark, Standing, State
from handoffs.wishes import Wishes
from routing import turns
from routing.models import Assignment, HandoffType, Rep, Turn
from sla import clock
from sla.clock import NoPolicyError, Plan
from sla.models import ClockKind

LONGEST_REMARK = 4_000
"""Characters that anybody may write about a handoff at once."""

AT_ONCE = timedelta(0)

RELATED = ("account", "deal", "from_rep", "from_team", "to_team", "owner__team", "team", "assignment", "package")


def lock(handoff: Handoff, verb: str = "", to: State | None = None, version: int | None = None) -> Handoff:
    """The row as it is now, ours until commit. With `verb`, raises a RefusedError if that may not be done to it."""
    # Two statements: one that had to wait would give the new row with the relations from before it waited.
    Handoff.objects.select_for_update(no_key=True).values_list("pk").get(pk=handoff.pk)
    row = Handoff.objects.select_related(*RELATED).get(pk=handoff.pk)
    states.check_version(row, version)
    if verb and to is not None:
        states.check(row, verb, to)
    return row


def lock_held(handoff: Handoff, verb: str = "", to: State | None = None, version: int | None = None) -> Handoff:
    """`lock`, for what only somebody may do who owns it, or who manages that owner.

    The right was asked of `handoff` as the caller read it: raises MovedOnError if it was given to somebody since.
    """
    row = lock(handoff, version=version)
    if row.assignment_id != handoff.assignment_id:
        raise states.MovedOnError(f"{row.reference} {states.whose(row)}, so nothing was done. Look at it again.")
    if verb and to is not None:
        states.check(row, verb, to)
    return row


def change(row: Handoff, **fields: Any) -> None:
    """Writes fields of a locked row and raises its version."""
    row.version += 1
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=[*fields, "due_at", "at_risk_at", "version"])


def fence(handoff: Handoff, fields: Mapping[str, Any]) -> bool:
    """Writes fields of a claimed row if attempt, state and version are still those of the claim; False otherwise."""
    ours = Handoff.objects.filter(pk=handoff.pk, attempt=handoff.attempt, state=handoff.state, version=handoff.version)
    values = {"lease_until": None, **fields}
    if not ours.update(**values, version=handoff.version + 1):
        return False
    for name, value in values.items():
        setattr(handoff, name, value)
    handoff.version += 1
    return True


def hand_over(
    handoff: Handoff,
    fields: Mapping[str, Any],
    assignment: Assignment,
    package: Package,
    plan: Plan,
    *,
    now: datetime,
    wishes: Wishes | None = None,
) -> Given | None:
    """Makes `assignment` the handoff's present one: row, clocks, and the messages of steps 4 and 5.

    None if the row is no longer as it was claimed: then the caller rolls back. `wishes` are looked up unless they
    were read before.
    """
    owner = assignment.rep
    team = (assignment.pool.team if assignment.pool else None) or owner.team
    clocks = clock.start(plan, assignment, now=now, kinds=[ClockKind.FIRST_CONTACT, ClockKind.ACKNOWLEDGE])
    promise = next(each for each in clocks if each.kind == ClockKind.FIRST_CONTACT)
    changes = {
        "next_at": None,
        **fields,
        "state": State.ASSIGNED,
        "owner": owner,
        "team": team,
        "assignment": assignment,
        "queue": None,
        "assigned_at": handoff.assigned_at or now,
        "unassigned_since": None,
        "due_at": promise.deadline_at,
        "at_risk_at": promise.at_risk_at,
    }
    if not fence(handoff, changes):
        return None
    given = Given(
        handoff=handoff,
        package=package,
        owner=owner,
        team=team,
        number=assignment.number,
        clocks=clocks,
        wishes=wishes,
    )
    notices.on_assigned(given, now=now).queue()
    return given


def give_to(row: Handoff, to: Rep, *, now: datetime) -> None:
    """Gives a locked handoff to a named person: a new assignment, new clocks, and word to whoever had it."""
    if row.package is None:
        raise states.RefusedError(f"{row.reference} has no package yet, so nobody can take it.")
    before = row.assignment
    if before is not None:
        release(row, Assignment.Release.REASSIGNED, at=now, now=now)
    try:
        policy = clock.policy_for(handoff_type=row.handoff_type, team_id=to.team_id, segment=row.segment)
    except NoPolicyError as error:
        raise states.RefusedError(str(error)) from error
    assignment = Assignment.objects.create(handoff_uuid=row.uuid, number=next_number(row), rep=to, assigned_at=now)
    rule = before.decision.rule if before is not None and before.decision is not None else None
    plan = clock.plan(policy, first_contact_minutes=rule.target_minutes if rule else None)
    pass_on(row, assignment, row.package, plan, now=now)


def pass_on(row: Handoff, assignment: Assignment, package: Package, plan: Plan, *, now: datetime) -> None:
    """Makes `assignment` the present one of a locked handoff, and tells whoever had it before."""
    if row.owner is not None and row.state in {State.ASSIGNED, State.ACKNOWLEDGED}:
        body = f"{row.reference} is now in the hands of {assignment.rep}. There is nothing left for you to do."
        tell_former(row, row.owner, "reassigned", body, number=assignment.number - 1, now=now)
    # A gap that was filled a moment ago stays due to be looked at, whoever has the handoff then.
    due = row.next_at if row.assignment is not None else None
    hand_over(row, {"acknowledged_at": None, "next_at": due}, assignment, package, plan, now=now)


def tell_sender(
    row: Handoff,
    purpose: Delivery.Purpose,
    kind: Notice.Kind,
    title: str,
    body: str,
    *,
    now: datetime,
    after: timedelta = AT_ONCE,
    text: str = "",
) -> None:
    """Tells whoever handed it over, `after` so long, under the present assignment.

    `text` is what the notice inside the product says, where the body repeats what somebody wrote.
    """
    notices.to_sender(
        row,
        purpose,
        kind=kind,
        title=title,
        body=body,
        text=text,
        number=assignment_of(row).number,
        now=now,
        not_before=now + after,
        mark=str(row.version),
    ).queue()


def tell_former(
    row: Handoff, former: Rep, event: str, body: str, *, number: int, now: datetime, text: str = ""
) -> None:
    """Tells whoever had it under assignment `number` that they no longer do, unless they never heard of it.

    `text` is what the notice inside the product says, where the body repeats what somebody wrote.
    """
    post = notices.to_rep(
        row,
        former,
        Delivery.Purpose.NOTICE,
        kind=Notice.Kind.GONE,
        title=f"{event.capitalize()}: {row.account.name}",
        body=body,
        text=text,
        number=number,
        now=now,
        mark=event,
    )
    for delivery in post.deliveries:
        delivery.payload["only_if_told"] = True
    post.queue()


def tell_of_withdrawal(row: Handoff, reason: str, *, actor: str, now: datetime) -> None:
    """Tells whoever handed it over that somebody else withdrew it; whoever did that themselves knows."""
    if row.from_rep is None and row.from_team is None:
        return
    if row.from_rep is not None and row.from_rep.user_id is not None and actor == f"user:{row.from_rep.user_id}":
        return
    gone = f"{row.reference} was withdrawn. It waits for nobody any more."
    post = notices.to_sender(
        row,
        Delivery.Purpose.NOTICE,
        kind=Notice.Kind.OTHER,
        title=f"Withdrawn: {row.account.name}",
        body=f"{row.reference} was withdrawn: {reason or 'no reason given'}. It waits for nobody any more.",
        text=gone,
        number=row.assignment.number if row.assignment else 0,
        now=now,
        not_before=now,
        mark="withdrawn-sender",
    )
    for delivery in post.deliveries:
        delivery.payload["tells_of"] = State.WITHDRAWN
    post.queue()


def unsay_acknowledged(row: Handoff, *, now: datetime) -> None:
    """Takes back the sender's notice of an acknowledgement that is not shown yet; its messages are asked again."""
    Notice.objects.filter(
        handoff=row,
        assignment_number=assignment_of(row).number,
        kind=Notice.Kind.ACKNOWLEDGED,
        shown_from__gt=now,
    ).delete()


def release(row: Handoff, reason: Assignment.Release, *, at: datetime, now: datetime) -> None:
    """Ends the present assignment at `now`, so that it no longer counts as load, and stops its clocks at `at`.

    The caller writes the row with `change` or hands it over afresh.
    """
    assignment = assignment_of(row)
    Assignment.objects.filter(pk=assignment.pk, released_at__isnull=True).update(released_at=now, release_reason=reason)
    holding.wake_waiting(assignment.rep, now=now)
    clock.stop(assignment, at=at)
    notices.alert_changed(row, "released", now=now).queue()
    if reason != Assignment.Release.CONTACTED:
        unsay_acknowledged(row, now=now)
    row.due_at = row.at_risk_at = None


def contacted(row: Handoff, *, at: datetime, now: datetime) -> None:
    """First contact at `at`: the present assignment ends, and the clock of whoever had it at that moment stops there.

    Told of again, an earlier contact moves that stop back.
    """
    present = assignment_of(row)
    if row.contacted_at is None:
        release(row, Assignment.Release.CONTACTED, at=max(at, present.assigned_at), now=now)
    before = Assignment.objects.filter(handoff_uuid=row.uuid, assigned_at__lte=at).order_by("-number").first()
    clock.stop_earlier(before or present, at=at)
    if before is not None and before.pk != present.pk:
        clock.stop_earlier(present, at=present.assigned_at)


def assignment_of(row: Handoff) -> Assignment:
    """The present assignment of a row whose state says that it has one."""
    if row.assignment is None:
        raise states.RefusedError(f"{row.reference} has no owner, so there is nothing to do here.")
    return row.assignment


def next_number(row: Handoff) -> int:
    """The number of the handoff's next assignment."""
    last: int | None = Assignment.objects.filter(handoff_uuid=row.uuid).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def dedupe_key(handoff_type: HandoffType, account: Account, deal: Deal | None) -> str:
    """Names type, account and deal: unique among open handoffs."""
    return f"{handoff_type}:{account.crm_id}:{deal.crm_id if deal else '-'}"


def check_key(trigger_key: str | None, handoff_type: HandoffType, account: Account, deal: Deal | None) -> None:
    """Raises BadValueError for a key that named another trigger: it would answer with somebody else's handoff."""
    found = Handoff.objects.filter(trigger_key=trigger_key).first() if trigger_key else None
    if found is None:
        return
    is_other_deal = deal is not None and found.deal_id is not None and found.deal_id != deal.pk
    if found.account_id != account.pk or found.handoff_type != handoff_type or is_other_deal:
        raise states.BadValueError(
            "This trigger key named another account, type or deal before. Use a key of its own for each trigger."
        )


def existing(trigger_key: str | None, dedupe_key: str) -> Handoff | None:
    """The handoff that this trigger already led to, newest first."""
    same = Q(dedupe_key=dedupe_key, state__in=OPEN_STATES)
    if trigger_key:
        same |= Q(trigger_key=trigger_key)
    return Handoff.objects.filter(same).order_by("-id").first()


def followed(handoff_type: HandoffType, account: Account, deal: Deal | None) -> Handoff | None:
    """The newest of the same type, account and deal that is past first contact and has no outcome yet."""
    same = Handoff.objects.filter(handoff_type=handoff_type, account=account, deal=deal, standing=Standing.FOLLOWED)
    return same.select_related("owner").order_by("-id").first()


def credit_turn(assignment: Assignment, *, actor: str, now: datetime, reason: str) -> None:
    """Gives back the turn that the assignment took, if it took one."""
    debited = Turn.objects.filter(assignment=assignment, kind=Turn.Kind.DEBIT).first()
    if debited is not None:
        turns.credit(debited, now=now, actor=actor, reason=reason)


def remark(row: Handoff, text: str, actor: str, now: datetime) -> dict[str, str]:
    """Keeps what somebody wrote and gives the log its id; nothing for no text. Raises BadValueError for a long one."""
    if not text.strip():
        return {}
    if len(text.strip()) > LONGEST_REMARK:
        raise states.BadValueError(
            f"The text has {len(text.strip()):,} characters and at most {LONGEST_REMARK:,} are kept. Shorten it, or "
            "keep the whole of it in the CRM."
        )
    return {"remark": str(Remark.objects.create(handoff=row, text=text.strip(), actor=actor, at=now).uuid)}
