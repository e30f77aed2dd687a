"""What is written back to the CRM, as outbox rows: the keys of the handoff, its note, and the owner's findings."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from handoffs.announcing import Given, spoken
from handoffs.links import handoff_link
from handoffs.models import Delivery, Handoff
from handoffs.post import row

Channel, Purpose = Delivery.Channel, Delivery.Purpose
FINDINGS = "findings"


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


def crm_update(given: Given, *, now: datetime) -> Delivery:
    """The keys on the deal or the account and, if that is configured, its new owner."""
    handoff = given.handoff
    target = handoff.deal or handoff.account
    payload = {
        "object": "deal" if handoff.deal else "account",
        "id": target.crm_id,
        "metadata": crm_fields(given, now=now),
        "owner": (given.owner.crm_id or "") if settings.CRM_WRITES_OWNER else "",
    }
    return row(handoff, Purpose.CRM_UPDATE, Channel.CRM, target.crm_id, payload, number=given.number, now=now)


def crm_note(given: Given, *, now: datetime) -> Delivery:
    """The note of the handoff, which links the package."""
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
    return row(handoff, Purpose.CRM_NOTE, Channel.CRM, crm_id, payload, number=given.number, now=now)


def is_findings(delivery: Delivery) -> bool:
    """Whether it is the note of what an owner learned, by its key alone."""
    return f"/{Purpose.CRM_NOTE}-{FINDINGS}-" in delivery.key


def findings(handoff: Handoff, text: str, *, number: int, at: datetime, now: datetime) -> Delivery:
    """What the owner learned at the first contact `at`, as a note in the CRM that is asked for `now`."""
    payload = {
        "account": handoff.account.crm_id,
        "deal": handoff.deal.crm_id if handoff.deal else "",
        "owner": (handoff.owner.crm_id or "") if handoff.owner else "",
        "subject": f"First contact: {handoff.handoff_type}",
        "description": f"{text}\n\n{handoff_link(handoff)}",
        "occurred_at": at.isoformat(),
    }
    mark = f"{FINDINGS}-{handoff.version}"
    crm_id = handoff.account.crm_id
    return row(handoff, Purpose.CRM_NOTE, Channel.CRM, crm_id, payload, number=number, now=now, mark=mark)
