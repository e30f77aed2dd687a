"""Gaps that are filled from here: the value goes into the CRM record, and the package is scored again.

Only what the CRM keeps as metadata of the deal or account can be filled; contacts, notes and activities are its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from handoffs import giving, notices, timeline, wording
from handoffs.completeness_fields import FIELDS, QUALIFIED
from handoffs.connectors import configured
from handoffs.models import Delivery, Event, Handoff, Notice, Package, State, TypeSetting
from handoffs.post import Post
from handoffs.preparing import look
from handoffs.states import BadValueError, RefusedError, check_version
from handoffs.timeline import Entry
from routing.models import HandoffType, Rep, Team

LONGEST = 2_000
ASK_AGAIN = timedelta(hours=1)
SCORE = "qualification_score"
SENDER = "sender"

FRAMEWORKS = ("BANT", "MEDDIC", "MEDDPICC", "CHAMP", "GPCT")
SOURCES = ("organic_search", "paid_search", "webinar", "event", "content", "referral", "partner", "outbound", "trial")
CHOICES: Mapping[str, Mapping[str, str]] = {
    "framework": {name: name for name in FRAMEWORKS},
    "source": {code: wording.words(code) for code in SOURCES},
}
"""The values that a metadata key may take, with their words, where not any text will do."""

METADATA: Mapping[str, str] = {
    "journey.source": "source",
    "qualification.score": SCORE,
    "qualification.framework": "framework",
    "qualification.budget": "budget_confirmed",
    "qualification.timeline": "timeline",
    "qualification.decisionProcess": "decision_process",
    "deal.products": "products",
    "template.authority": "authority",
    "template.need": "need",
    "template.metrics": "metrics",
    "template.economic_buyer": "economic_buyer",
    "template.decision_criteria": "decision_criteria",
    "template.champion": "champion",
    "template.next_steps": "next_steps",
    "template.implementation_scope": "implementation_scope",
    "template.success_criteria": "success_criteria",
    "template.stakeholder_map": "stakeholder_map",
    "template.promised_outcomes": "promised_outcomes",
    "template.expansion_value": "expansion_value",
    "template.relationship_context": "relationship",
    "template.pricing_history": "pricing_history",
}
"""The metadata key of each gap that can be filled."""

QUALIFYING: Mapping[str, str] = {
    HandoffType.MQL_TO_SALES: SCORE,
    HandoffType.SQL_TO_AE: "need",
    HandoffType.CLOSED_TO_CS: "implementation_scope",
    HandoffType.EXPANSION_TO_SALES: "expansion_signals",
}
"""The metadata key that qualifies a handoff of the type, where nothing else does."""


def metadata_key(handoff: Handoff, gap: str) -> str | None:
    """Where the value of a gap goes in the CRM; None for one that cannot be filled from here."""
    return QUALIFYING[handoff.handoff_type] if gap == QUALIFIED else METADATA.get(gap)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked to fill a gap: a person, else a team, else RevOps."""

    name: str
    rep: Rep | None = None
    team: Team | None = None


def write(handoff: Handoff, *, gap: str, value: str, version: int | None = None) -> None:
    """Writes the value into the deal, or without a deal into the account. It may be remote.

    Raises RefusedError when it cannot be filled here or is no longer missing, BadValueError for a value that cannot be,
    ConnectorError when the CRM does not take it, and RuntimeError inside a transaction.
    """
    handoff = Handoff.objects.select_related("account", "deal", "package").get(pk=handoff.pk)
    check_version(handoff, version)
    name, said = metadata_key(handoff, gap), value.strip()
    label = wording.capital(FIELDS[gap].label) if gap in FIELDS else "This"
    if name is None:
        raise RefusedError(f"{label} cannot be filled from here. Fill it in the CRM.")
    _check(name, said)
    if handoff.closed_at is not None:
        now_is = State(handoff.state).label.lower()
        raise RefusedError(f"{handoff.reference} is {now_is}, so its gaps are no longer filled.")
    if handoff.package is not None and gap_of(handoff, gap) is None:
        raise RefusedError(f"{label} is not missing any more. Look at it again to see what is on record.")
    with transaction.atomic(durable=True):
        pass  # Raises inside a transaction: one that waits for the CRM would keep its locks for as long.
    crm = configured.crm()
    target = handoff.deal or handoff.account
    update = crm.update_deal if handoff.deal else crm.update_account
    same = hashlib.sha256(f"{name}={said}".encode()).hexdigest()[:16]
    update(target.crm_id, metadata={name: said}, owner_crm_id="", key=f"{handoff.stream}/gap/{name}/{same}")


def _check(name: str, said: str) -> None:
    if not said or len(said) > LONGEST:
        raise BadValueError(f"Give a value of 1 to {LONGEST:,} characters.")
    if name == SCORE and not (said.isascii() and said.isdigit() and len(said) <= 3 and int(said) <= 100):
        raise BadValueError("Give the score as a whole number from 0 to 100.")
    if name in CHOICES and said not in CHOICES[name]:
        raise BadValueError(f"There is no such choice. Give one of: {', '.join(CHOICES[name])}.")


def gap_of(handoff: Handoff, gap: str) -> Mapping[str, Any] | None:
    """The gap of that key in the handoff's present package, if it is one."""
    missing = handoff.package.body["completeness"]["missing"] if handoff.package else ()
    return next((found for found in missing if found["key"] == gap), None)


def can_fill(handoff: Handoff, filled_by: str, *, by: Rep | None) -> Asked | None:
    """Who can fill a gap that `filled_by` can; None where one would ask oneself: whoever has it cannot know either.

    RevOps keeps the CRM, so RevOps is asked for all that the sender cannot know.
    """
    sender = Asked(handoff.from_rep.name, rep=handoff.from_rep) if handoff.from_rep else None
    if sender is None and handoff.from_team is not None:
        sender = Asked(handoff.from_team.name, team=handoff.from_team)
    asked = sender if filled_by == SENDER and sender is not None else Asked("RevOps")
    return None if by is not None and asked.rep == by else asked


def whom_to_ask(handoff: Handoff, gap: str, *, by: Rep | None, now: datetime) -> Asked:
    """Who is asked now. Raises RefusedError for no gap, nobody to ask, or a question of the last hour."""
    found = gap_of(handoff, gap)
    if found is None or handoff.closed_at is not None:
        raise RefusedError(
            "This is not missing, so there is nothing to ask. Look at it again to see what is on record."
        )
    asked = can_fill(handoff, found["filledBy"], by=by)
    if asked is None:
        raise RefusedError("You are who can fill this. Fill it here or in the CRM.")
    if Event.objects.filter(stream=handoff.stream, verb="gap_asked", facts__gap=gap, at__gt=now - ASK_AGAIN).exists():
        raise RefusedError(f"{asked.name} was asked for this less than an hour ago. Wait for the answer.")
    return asked


def question(handoff: Handoff, asked: Asked, gap: str, *, by: Rep | None, now: datetime) -> Post:
    """The message that asks for a gap."""
    found = gap_of(handoff, gap)
    return notices.to_rep(
        handoff,
        asked.rep,
        Delivery.Purpose.NOTICE,
        kind=Notice.Kind.GAPS,
        title=f"{by.name if by else 'RevOps'} asks about {handoff.account.name}",
        body="Please fill this on the page of the handoff, or in the CRM.",
        text=f"{FIELDS[gap].label} is missing. Fill it on the page of the handoff." if gap in FIELDS else "",
        lines=[found["sentence"]] if found else [],
        number=handoff.assignment.number if handoff.assignment else 0,
        now=now,
        mark=f"asked-{gap}-{now:%Y%m%d%H%M%S}",
        team=asked.team,
    )


def is_looked_at(handoff: Handoff) -> bool:
    """Whether what was just filled has been looked at: neither another worker has it, nor did the last try fail."""
    return handoff.lease_until is None and not handoff.failures


def score_again(handoff: Handoff, *, actor: str, now: datetime) -> None:
    """A new package for a claimed handoff that was decided before; nothing else about it changes.

    Raises ConnectorError when the CRM fails; it is then as due as it was.
    """
    setting = TypeSetting.objects.filter(handoff_type=handoff.handoff_type).first()
    _, package, is_new = look(handoff, handoff.package, setting=setting, now=now)
    with transaction.atomic():
        row = giving.lock(handoff)
        if row.attempt != handoff.attempt or row.closed_at is not None:
            return
        done: dict[str, Any] = {"lease_until": None}
        if row.version == handoff.version:
            done |= {"next_at": None, "failures": 0, "last_error": ""}
        # Else something came in between, perhaps another gap: it stays due, and is looked at once more.
        if not is_new or row.package_id != handoff.package_id:
            Handoff.objects.filter(pk=row.pk).update(**done)
            return
        package = Package.objects.bulk_create([package])[0]
        flagged = package.verdict != Package.Verdict.COMPLETE
        giving.change(row, package=package, completeness=package.score, is_flagged=flagged, **done)
        missing = [gap["key"] for gap in package.body["completeness"]["missing"]]
        facts = {
            "package": str(package.uuid),
            "score": package.score,
            "verdict": package.verdict,
            "missing": missing,
        }
        timeline.append(row.stream, [Entry("compiled", facts)], actor=actor, now=now, after=timeline.head(row.stream))
