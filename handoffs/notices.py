"""What people are told on a handoff's way: alert, briefing, gap list and the rest, each with its in-app notice.

The rows are built here and queued by the caller, in the transaction of the change they tell of. Nothing is escaped
here: each connector escapes for its own medium. A notice says less than the message: no contact data, no free text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from handoffs import wording
from handoffs.announcing import Given, alert_of, briefing_variables, spoken
from handoffs.connectors.ports import Alert
from handoffs.crm_writing import crm_note, crm_update
from handoffs.links import handoff_link
from handoffs.models import Delivery, Handoff, Notice, Package
from handoffs.post import Letter, Post, by, directly, earliest, notice_of, of_letter, payload_of, row, to_person
from handoffs.wishes import Wish, Wishes, wish_of
from routing.models import Pool, Rep, Team

Channel: TypeAlias = Delivery.Channel
Purpose: TypeAlias = Delivery.Purpose
Kind: TypeAlias = Notice.Kind


def on_assigned(given: Given, *, now: datetime) -> Post:
    """Steps 4 and 5: the CRM update and note, the alert, and the briefing; with gaps, also the sender's task list."""
    wish = wish_of(given.wishes, given.owner.pk)
    letter = _announcement(given, now=now)
    post = Post([crm_update(given, now=now), crm_note(given, now=now)])
    post += Post(_alert(given, letter, wish), notice_of(letter, given.owner))
    post += Post([_briefing(given, letter, wish)])
    if given.handoff.is_flagged:
        post += gap_list(given.handoff, given.package, number=given.number, now=now, wishes=given.wishes)
    return post


def gap_list(handoff: Handoff, package: Package, *, number: int, now: datetime, wishes: Wishes | None = None) -> Post:
    """To the sender: what is missing. A blocked handoff goes nowhere until it is filled."""
    missing = package.body["completeness"]["missing"]
    critical = [gap["sentence"] for gap in missing if gap.get("critical")] or [gap["sentence"] for gap in missing]
    blocked = package.verdict == Package.Verdict.BLOCKED
    title = f"{'Blocked' if blocked else 'Gaps in'} {handoff.type_enum.short} Handoff: {handoff.account.name}"
    gaps, these, what = f"{len(critical)} gaps", "these gaps", "them"
    if len(critical) == 1:
        gaps, these, what = "1 gap", "this gap", "it"
    body = (
        "It cannot be handed over until this is filled in the CRM; nobody has it yet."
        if blocked
        else f"It was handed over with {these}. Please fill {what} in the CRM."
    )
    letter = Letter(
        handoff=handoff,
        purpose=Purpose.GAPS,
        kind=Kind.GAPS,
        alert=_about(handoff, title, body, lines=critical),
        text=f"{gaps} to fill. {'Nobody has it until then.' if blocked else f'It was handed over without {what}.'}",
        number=number,
        now=now,
        ready=now,
        mark=str(package.number),  # another package with other gaps is another message
    )
    return to_person(letter, handoff.from_rep, handoff.from_team, wishes=wishes)


def nobody(
    handoff: Handoff,
    team: Team | None,
    *,
    number: int,
    reasons: Sequence[str],
    now: datetime,
    wishes: Wishes | None = None,
) -> Post:
    """To the receiving team's manager: nobody can take it now."""
    title = f"Nobody can take {handoff.type_enum.short} Handoff: {handoff.account.name}"
    body = "It is held and will be decided again at the next opening."
    manager = team.manager if team else None
    zone = manager.time_zone if manager else "UTC"
    lines = [wording.localised(reason, lambda at: spoken(at, zone)) for reason in reasons]
    letter = Letter(
        handoff=handoff,
        purpose=Purpose.UNASSIGNED,
        kind=Kind.UNASSIGNED,
        alert=_about(handoff, title, body, priority="urgent", lines=lines),
        text=body,
        number=number,
        now=now,
        ready=now,
    )
    return to_person(letter, manager, team, wishes=wishes)


def to_take(
    handoff: Handoff, pool: Pool, people: Sequence[Rep], *, number: int, now: datetime, wishes: Wishes | None = None
) -> Post:
    """To the people of a pool: it waits in their queue. In the team's channel once, else to each of them."""
    letter = Letter(
        handoff=handoff,
        purpose=Purpose.UNASSIGNED,
        kind=Kind.TO_TAKE,
        alert=_about(
            handoff,
            f"To take: {handoff.type_enum.short} Handoff: {handoff.account.name}",
            f"It waits in the queue of {pool.name}. Whoever takes it first has it.",
        ),
        text="Whoever takes it first has it.",
        number=number,
        now=now,
        ready=now,
        mark="queue",
    )
    channel = pool.team.channel
    post = Post()
    if channel:
        payload = payload_of(letter.alert, email="", slack=channel)
        post += Post([of_letter(letter, Channel.SLACK, channel, payload, due=now)])
    for rep in people:
        inside = Post([], notice_of(letter, rep))
        post += inside if channel else to_person(letter, rep, pool.team, wishes=wishes)
    return post


def to_sender(
    handoff: Handoff,
    purpose: Purpose,
    *,
    kind: Kind,
    title: str,
    body: str,
    number: int,
    now: datetime,
    not_before: datetime,
    text: str = "",
    mark: str = "",
) -> Post:
    """A short notice to whoever handed it over; `text` is what the notice says, where the body says too much."""
    letter = Letter(
        handoff=handoff,
        purpose=purpose,
        kind=kind,
        alert=_about(handoff, title, body),
        text=text or body,
        number=number,
        now=now,
        ready=not_before,
        mark=mark,
    )
    return to_person(letter, handoff.from_rep, handoff.from_team)


def to_rep(
    handoff: Handoff,
    rep: Rep | None,
    purpose: Purpose,
    *,
    kind: Kind,
    title: str,
    body: str,
    number: int,
    now: datetime,
    mark: str,
    text: str = "",
    team: Team | None = None,
    lines: Sequence[str] = (),
    priority: str = "high",
    deadline: datetime | None = None,
    waits_for: str = "",
    about: str = "",
) -> Post:
    """A message to one person about the handoff; without a person to `team`'s channel, else to RevOps.

    `mark` tells it from others of the same purpose. `waits_for` names the kind of clock that it is about and `deadline`
    when that is due; `about` is the step of the ladder, as `purposes.about` writes it.
    """
    letter = Letter(
        handoff=handoff,
        purpose=purpose,
        kind=kind,
        alert=_about(handoff, title, body, priority=priority, lines=lines),
        text=text or body,
        number=number,
        now=now,
        ready=now,
        deadline=deadline,
        mark=mark,
    )
    post = to_person(letter, rep, team)
    for delivery in post.deliveries:
        delivery.payload |= {"waits_for": waits_for, "about": about}
    return post


def alert_changed(handoff: Handoff, event: str, *, now: datetime) -> Post:
    """Brings the announcement of the present assignment in chat up to date after `event`.

    The row says nothing itself: what the message should read is looked up when it is sent, so that the last one to
    arrive is right whatever came before.
    """
    if handoff.assignment is None:
        return Post()
    alerts = Delivery.objects.filter(
        handoff=handoff,
        assignment_number=handoff.assignment.number,
        purpose=Purpose.ALERT,
        channel=Channel.SLACK,
        state__in=(Delivery.State.QUEUED, Delivery.State.DELIVERED),
    )
    rows = [
        row(
            handoff,
            Purpose.ALERT_UPDATE,
            Channel.SLACK,
            alert.recipient,
            {"updates": str(alert.uuid)},
            number=alert.assignment_number,
            now=now,
            mark=f"{alert.pk}-{event}-{handoff.version}",
        )
        for alert in alerts
    ]
    return Post(rows)


def _announcement(given: Given, *, now: datetime) -> Letter:
    deadline = given.first_contact.deadline_at
    return Letter(
        handoff=given.handoff,
        purpose=Purpose.ALERT,
        kind=Kind.GIVEN,
        alert=alert_of(given),
        text=f"First contact by {spoken(deadline, given.owner.time_zone)}.",
        number=given.number,
        now=now,
        ready=now,
        deadline=deadline,
    )


def _alert(given: Given, letter: Letter, wish: Wish) -> list[Delivery]:
    """In the team's channel, and by mail to an owner who wants mail; without a channel to the owner directly.

    What a team reads together waits for nobody's quiet hours.
    """
    owner, channel = given.owner, given.team.channel
    if not channel:
        return directly(letter, owner, wish)
    payload = payload_of(letter.alert, email=owner.email, slack=owner.messaging_id)
    announced = of_letter(letter, Channel.SLACK, channel, payload, due=letter.ready)
    return [announced, by(Channel.EMAIL, letter, owner, wish)] if wish.wants_email else [announced]


def _briefing(given: Given, letter: Letter, wish: Wish) -> Delivery:
    """The template's mail. If mail fails, its words go to the owner in chat, else to the team's channel."""
    slack = given.owner.messaging_id or given.team.channel
    payload = payload_of(letter.alert, email=given.owner.email, slack=slack)
    payload["variables"] = briefing_variables(given)
    letter = replace(letter, purpose=Purpose.BRIEFING)
    return of_letter(letter, Channel.EMAIL, given.owner.email, payload, due=earliest(letter, wish))


def _about(handoff: Handoff, title: str, body: str, *, priority: str = "high", lines: Sequence[str] = ()) -> Alert:
    return Alert(
        channel="",
        title=title,
        body=body,
        priority=priority,
        action_url=handoff_link(handoff),
        reference=handoff.reference,
        lines=tuple(lines),
    )
