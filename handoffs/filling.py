"""Gaps that are filled from here: the value goes into the CRM record, and the package is scored again.

Only what the CRM keeps as metadata of the deal or account can be filled; contacts, notes and activities are its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from handoffs import giving, timeline
from handoffs.completeness_fields import FIELDS, QUALIFIED
from handoffs.connectors import configured
from handoffs.models import Handoff, Package, State, TypeSetting
from handoffs.preparing import look
from handoffs.states import RefusedError
from handoffs.timeline import Entry
from routing.models import HandoffType

LONGEST = 2_000

METADATA: Mapping[str, str] = {
    "journey.source": "source",
    "qualification.score": "qualification_score",
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
    HandoffType.MQL_TO_SALES: "qualification_score",
    HandoffType.SQL_TO_AE: "need",
    HandoffType.CLOSED_TO_CS: "implementation_scope",
    HandoffType.EXPANSION_TO_SALES: "expansion_signals",
}
"""The metadata key that qualifies a handoff of the type, where nothing else does."""


def metadata_key(handoff: Handoff, gap: str) -> str | None:
    """Where the value of a gap goes in the CRM; None for one that cannot be filled from here."""
    return QUALIFYING[handoff.handoff_type] if gap == QUALIFIED else METADATA.get(gap)


def write(handoff: Handoff, *, gap: str, value: str) -> None:
    """Writes the value into the deal, or without a deal into the account. Not inside a transaction: it may be remote.

    Raises RefusedError when it cannot be filled here, and ConnectorError when the CRM does not take it.
    """
    handoff = Handoff.objects.select_related("account", "deal", "package").get(pk=handoff.pk)
    name, said = metadata_key(handoff, gap), value.strip()
    if name is None:
        what = FIELDS[gap].label if gap in FIELDS else "This"
        raise RefusedError(f"{what[:1].upper()}{what[1:]} cannot be filled from here. Fill it in the CRM.")
    if not said or len(said) > LONGEST:
        raise RefusedError(f"Give a value of 1 to {LONGEST:,} characters.")
    if handoff.closed_at is not None:
        now_is = State(handoff.state).label.lower()
        raise RefusedError(f"{handoff.reference} is {now_is}, so its gaps are no longer filled.")
    crm = configured.crm()
    target = handoff.deal or handoff.account
    update = crm.update_deal if handoff.deal else crm.update_account
    same = hashlib.sha256(f"{name}={said}".encode()).hexdigest()[:16]
    update(target.crm_id, metadata={name: said}, owner_crm_id="", key=f"{handoff.stream}/gap/{name}/{same}")


def score_again(handoff: Handoff, *, actor: str, now: datetime) -> None:
    """A new package for a handoff that somebody has already; nothing else about it changes.

    Raises ConnectorError when the CRM fails.
    """
    setting = TypeSetting.objects.filter(handoff_type=handoff.handoff_type).first()
    _, package, is_new = look(handoff, handoff.package, setting=setting, now=now)
    if not is_new:
        return
    with transaction.atomic():
        row = giving.lock(handoff)
        if row.package_id != handoff.package_id:
            return  # somebody else looked meanwhile
        package = Package.objects.bulk_create([package])[0]
        flagged = package.verdict != Package.Verdict.COMPLETE
        giving.change(row, package=package, completeness=package.score, is_flagged=flagged)
        missing = [gap["key"] for gap in package.body["completeness"]["missing"]]
        facts = {
            "package": str(package.uuid),
            "score": package.score,
            "verdict": package.verdict,
            "missing": missing,
        }
        timeline.append(row.stream, [Entry("compiled", facts)], actor=actor, now=now, after=timeline.head(row.stream))
