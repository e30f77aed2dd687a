"""What is sent on a handoff's way, as outbox rows: CRM update, CRM note, alert, briefing, gap list and the rest.

The rows are built here and written by the caller, in the transaction of the change they tell of. Nothing is escaped
here: each connector escapes for its own medium.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from django.conf import settings

from handoffs.connectors.ports import Alert
from handoffs.links import crm_link, handoff_link
from handoffs.models import Delivery, Handoff, Package
from routing.models import Rep, Team
from sla.models import Clock, ClockKind

log = logging.getLogger(__name__)

Channel: TypeAlias = Delivery.Channel
Purpose: TypeAlias = Delivery.Purpose


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """A handoff that was just given to somebody: what the messages are made of."""

    handoff: Handoff
    package: Package
    owner: Rep
    team: Team
    number: int
    clocks: Sequence[Clock]

    @property
    def first_contact(self) -> Clock:
        """The clock of the promise."""
        return next(clock for clock in self.clocks if clock.kind == ClockKind.FIRST_CONTACT)


def on_assigned(given: Given, *, now: datetime) -> list[Delivery]:
    """Steps 4 and 5: the CRM update and note, the alert, and the briefing; with gaps, also the sender's task list."""
    alert = alert_of(given)
    rows = [
        _crm_update(given, now=now),
        _crm_note(given, now=now),
        _alert(given, alert, now=now),
        _briefing(given, alert, now=now),
    ]
    if given.handoff.is_flagged:
        rows += gap_list(given.handoff, given.package, number=given.number, now=now)
    return rows


def gap_list(handoff: Handoff, package: Package, *, number: int, now: datetime) -> list[Delivery]:
    """To the sender: what is missing. A blocked handoff goes nowhere until it is filled."""
    missing = package.body["completeness"]["missing"]
    critical = [gap["sentence"] for gap in missing if gap.get("critical")] or [gap["sentence"] for gap in missing]
    blocked = package.verdict == Package.Verdict.BLOCKED
    body = (
        "It cannot be handed over until this is filled in the CRM; nobody has it yet."
        if blocked
        else "It was handed over with these gaps. Please fill them in the CRM."
    )
    alert = Alert(
        channel="",
        title=f"{'Blocked' if blocked else 'Gaps in'} {handoff.type_enum.short} Handoff: {handoff.account.name}",
        body=body,
        priority="high",
        action_url=handoff_link(handoff),
        reference=handoff.reference,
        lines=tuple(critical),
    )
    mark = str(package.number)  # another package with other gaps is another message
    return _to_person(
        handoff.from_rep, handoff.from_team, handoff, Purpose.GAPS, alert, number=number, now=now, mark=mark
    )


def nobody(
    handoff: Handoff, team: Team | None, *, number: int, reasons: Sequence[str], now: datetime
) -> list[Delivery]:
    """To the receiving team's manager: nobody can take it now."""
    alert = Alert(
        channel="",
        title=f"Nobody can take {handoff.type_enum.short} Handoff: {handoff.account.name}",
        body="It is held and will be decided again at the next opening.",
        priority="urgent",
        action_url=handoff_link(handoff),
        reference=handoff.reference,
        lines=tuple(reasons),
    )
    manager = team.manager if team else None
    return _to_person(manager, team, handoff, Purpose.UNASSIGNED, alert, number=number, now=now)


def to_sender(
    handoff: Handoff,
    purpose: Purpose,
    *,
    title: str,
    body: str,
    number: int,
    now: datetime,
    not_before: datetime,
    mark: str = "",
) -> list[Delivery]:
    """A short notice to whoever handed it over."""
    alert = Alert(channel="", title=title, body=body, action_url=handoff_link(handoff), reference=handoff.reference)
    return _to_person(
        handoff.from_rep,
        handoff.from_team,
        handoff,
        purpose,
        alert,
        number=number,
        now=now,
        not_before=not_before,
        mark=mark,
    )


def to_rep(
    handoff: Handoff,
    rep: Rep | None,
    purpose: Purpose,
    *,
    title: str,
    body: str,
    number: int,
    now: datetime,
    mark: str,
    team: Team | None = None,
    lines: Sequence[str] = (),
    priority: str = "high",
    waits_for: str = "",
) -> list[Delivery]:
    """A message to one person about the handoff; without a person to `team`'s channel, else to RevOps.

    `mark` tells it from others of the same purpose. `waits_for` names the kind of clock that it is about.
    """
    alert = Alert(
        channel="",
        title=title,
        body=body,
        priority=priority,
        action_url=handoff_link(handoff),
        reference=handoff.reference,
        lines=tuple(lines),
    )
    rows = _to_person(rep, team, handoff, purpose, alert, number=number, now=now, mark=mark)
    for row in rows:
        row.payload["waits_for"] = waits_for
    return rows


def crm_fields(given: Given, *, now: datetime) -> dict[str, str]:
    """The keys written back to the deal, or without a deal to the account."""
    handoff = given.handoff
    previous = (handoff.from_rep.crm_id or handoff.from_rep.name) if handoff.from_rep else ""
    return {
        "handoff_completed": now.isoformat(),
        "handoff_type": handoff.handoff_type,
        "previous_owner": previous or (handoff.from_team.name if handoff.from_team else ""),
        "handoff_package_id": str(given.package.uuid),
    }


def briefing_variables(given: Given) -> dict[str, str]:
    """The seven variables of the briefing template."""
    body = given.package.body
    return {
        "owner_name": given.owner.first_name,
        "account_name": body["company"]["name"],
        "handoff_type": given.handoff.type_enum.label,
        "key_contacts": "\n".join(_contact_line(contact) for contact in body["contacts"][:5]),
        "summary": body["journey"]["summary"],
        "recommended_approach": body["recommendations"][0]["text"] if body["recommendations"] else "",
        "sla_deadline": spoken(given.first_contact.deadline_at, given.owner.time_zone),
    }


def spoken(moment: datetime, zone: str) -> str:
    """An instant for people: "Thu 19 Nov 2026, 15:52 CET"."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %d %b %Y, %H:%M %Z}"


def _crm_update(given: Given, *, now: datetime) -> Delivery:
    handoff = given.handoff
    target = handoff.deal or handoff.account
    payload = {
        "object": "deal" if handoff.deal else "account",
        "id": target.crm_id,
        "metadata": crm_fields(given, now=now),
        "owner": (given.owner.crm_id or "") if settings.CRM_WRITES_OWNER else "",
    }
    return _row(handoff, Purpose.CRM_UPDATE, Channel.CRM, target.crm_id, payload, number=given.number, now=now)


def _crm_note(given: Given, *, now: datetime) -> Delivery:
    handoff = given.handoff
    deadline = spoken(given.first_contact.deadline_at, given.owner.time_zone)
    lines = [
        given.package.body["journey"]["summary"],
        f"To {given.owner.name}, {given.team.name}. First contact by {deadline}.",
        f"Package {given.package.uuid}: {handoff_link(handoff)}",
    ]
    payload = {
        "account": handoff.account.crm_id,
        "deal": handoff.deal.crm_id if handoff.deal else "",
        "owner": given.owner.crm_id or "",
        "subject": f"Handoff: {handoff.handoff_type}",
        "description": "\n\n".join(line for line in lines if line),
        "occurred_at": now.isoformat(),
    }
    crm_id = handoff.account.crm_id
    return _row(handoff, Purpose.CRM_NOTE, Channel.CRM, crm_id, payload, number=given.number, now=now)


def findings(handoff: Handoff, text: str, *, number: int, at: datetime) -> Delivery:
    """What the owner learned at the first contact, as a note in the CRM."""
    payload = {
        "account": handoff.account.crm_id,
        "deal": handoff.deal.crm_id if handoff.deal else "",
        "owner": (handoff.owner.crm_id or "") if handoff.owner else "",
        "subject": f"First contact: {handoff.handoff_type}",
        "description": f"{text}\n\n{handoff_link(handoff)}",
        "occurred_at": at.isoformat(),
    }
    mark = f"findings-{handoff.version}"
    crm_id = handoff.account.crm_id
    return _row(handoff, Purpose.CRM_NOTE, Channel.CRM, crm_id, payload, number=number, now=at, mark=mark)


def alert_of(given: Given) -> Alert:
    """The announcement to the receiving team, naming the new owner."""
    handoff, body = given.handoff, given.package.body
    lines = [f"Missing: {gap['sentence']}" for gap in body["completeness"]["missing"] if gap.get("critical")]
    first = body["recommendations"][0]["text"] if body["recommendations"] else ""
    if first:
        lines.append(f"Start here: {first}")
    fields = [
        ("To", given.owner.name),
        ("From", _sender_name(handoff)),
        ("First contact by", spoken(given.first_contact.deadline_at, given.owner.time_zone)),
        ("Context", f"{given.package.score}% complete"),
        ("Tier", handoff.segment.replace("_", "-") or "unknown"),
    ]
    return Alert(
        channel="",
        title=f"New {handoff.type_enum.short} Handoff: {handoff.account.name}",
        body=body["journey"]["summary"],
        priority=handoff.priority,
        action_url=(crm_link("deal", handoff.deal.crm_id) if handoff.deal else "") or handoff_link(handoff),
        reference=handoff.reference,
        mention=given.owner.messaging_id,
        fields=tuple(fields),
        lines=tuple(lines),
        footer=handoff_link(handoff),
    )


def _alert(given: Given, alert: Alert, *, now: datetime) -> Delivery:
    """In the team's channel, else to the owner directly, else by e-mail."""
    slack = given.team.channel or given.owner.messaging_id
    channel, recipient = (Channel.SLACK, slack) if slack else (Channel.EMAIL, given.owner.email)
    payload = _payload(alert, email=given.owner.email, slack=given.owner.messaging_id)
    return _row(given.handoff, Purpose.ALERT, channel, recipient, payload, number=given.number, now=now)


def _briefing(given: Given, alert: Alert, *, now: datetime) -> Delivery:
    slack = given.owner.messaging_id or given.team.channel
    payload = {
        **_payload(alert, email=given.owner.email, slack=slack),
        "variables": briefing_variables(given),
    }
    return _row(
        given.handoff, Purpose.BRIEFING, Channel.EMAIL, given.owner.email, payload, number=given.number, now=now
    )


def _to_person(
    rep: Rep | None,
    team: Team | None,
    handoff: Handoff,
    purpose: Purpose,
    alert: Alert,
    *,
    number: int,
    now: datetime,
    not_before: datetime | None = None,
    mark: str = "",
) -> list[Delivery]:
    """One row: to a person by chat, else by mail; without a person to their team's channel, else to RevOps."""
    shared = (team.channel if team else "") or settings.SLACK_REVOPS_CHANNEL
    slack = rep.messaging_id if rep else shared
    mail = rep.email if rep else settings.REVOPS_EMAIL
    channel, recipient = (Channel.SLACK, slack) if slack else (Channel.EMAIL, mail)
    if not recipient:
        log.warning("%s: nobody to tell; set SLACK_REVOPS_CHANNEL or REVOPS_EMAIL", handoff.reference)
        return []
    payload = _payload(alert, email=mail, slack=slack)
    due = not_before or now
    return [_row(handoff, purpose, channel, recipient, payload, number=number, now=now, due=due, mark=mark)]


def _payload(alert: Alert, *, email: str, slack: str) -> dict[str, Any]:
    return {"alert": asdict(alert), "routes": {Channel.EMAIL.value: email, Channel.SLACK.value: slack}}


def _row(
    handoff: Handoff,
    purpose: Purpose,
    channel: Channel,
    recipient: str,
    payload: Mapping[str, Any],
    *,
    number: int,
    now: datetime,
    due: datetime | None = None,
    mark: str = "",
) -> Delivery:
    said = f"{purpose}-{mark}" if mark else purpose
    return Delivery(
        key=f"{handoff.stream}/{number}/{said}/{channel}/{recipient}",
        handoff=handoff,
        assignment_number=number,
        purpose=purpose,
        channel=channel,
        recipient=recipient,
        payload=payload,
        queued_at=now,
        next_at=due or now,
    )


def _sender_name(handoff: Handoff) -> str:
    team = handoff.from_team.name if handoff.from_team else ""
    return f"{handoff.from_rep.name}, {team}" if handoff.from_rep else (team or "not known")


def _contact_line(contact: Mapping[str, Any]) -> str:
    parts = [contact["name"], contact["title"], contact["email"], contact["phone"]]
    return " - ".join(str(part) for part in parts if part) + (" (primary)" if contact["isPrimary"] else "")
