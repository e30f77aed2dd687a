"""The announcement of a handoff that was just given to somebody: the alert, and the briefing's variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from handoffs.connectors.ports import Alert
from handoffs.links import crm_link, handoff_link
from handoffs.models import Handoff, Package
from handoffs.wishes import Wishes
from routing.models import Rep, Team
from sla.models import Clock, ClockKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """A handoff that was just given to somebody: what the messages are made of.

    `wishes` are those of people who may be told, if they were read beforehand.
    """

    handoff: Handoff
    package: Package
    owner: Rep
    team: Team
    number: int
    clocks: Sequence[Clock]
    wishes: Wishes | None = None

    @property
    def first_contact(self) -> Clock:
        """The clock of the promise."""
        return next(clock for clock in self.clocks if clock.kind == ClockKind.FIRST_CONTACT)


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


def _sender_name(handoff: Handoff) -> str:
    team = handoff.from_team.name if handoff.from_team else ""
    return f"{handoff.from_rep.name}, {team}" if handoff.from_rep else (team or "not known")


def _contact_line(contact: Mapping[str, Any]) -> str:
    parts = [contact["name"], contact["title"], contact["email"], contact["phone"]]
    return " - ".join(str(part) for part in parts if part) + (" (primary)" if contact["isPrimary"] else "")
