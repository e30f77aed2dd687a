"""An account about which everything is known."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from handoffs.models import (
    Account,
    Contact,
    Deal,
)
from routing.models import (
    HandoffType,
    Rep,
)
from tests.factories.crm import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    ContentEngagementFactory,
    DealFactory,
    NoteFactory,
    UsageStageFactory,
)
from tests.factories.people import NOW

_QUALIFICATION: dict[str, Any] = {
    "source": "webinar",
    "qualification_score": 82,
    "framework": "BANT + MEDDIC",
    "budget_confirmed": "$220,000 to $260,000 set aside in the 2027 plan",
    "timeline": "Pilot in December, live by 26 February",
    "decision_process": "CFO signs after a security review and one reference call",
    "products": ["Observe Enterprise", "Lineage"],
    "authority": "Champion met; the CFO signs above $200,000",
    "need": "Contract clauses on data quality start on 1 March 2027",
    "metrics": "11 customer-found incidents in October; target under 2 a month",
    "economic_buyer": "Henrik Solli, CFO, met on 18 November",
    "decision_criteria": ["Time to detect", "Lineage to reports", "EU hosting"],
    "identified_pain": "Stale feeds reach customers first",
    "champion": "Astrid Nygaard, owns the data budget",
    "next_steps": ["Pilot outline by Friday", "Reference call with a shipping customer"],
    "implementation_scope": ["220 pipelines in two regions", "Single sign-on", "Live by 26 February"],
    "success_criteria": ["Incidents found by customers under 2 a month", "Alerts read within 15 minutes"],
    "stakeholder_map": ["Astrid Nygaard: champion", "Henrik Solli: signs", "Erik Moen: runs the rollout"],
    "promised_outcomes": ["Lineage for the shipper reports in the first month"],
    "relationship": "Monthly call with the champion; two tickets, both answered the same day",
    "expansion_signals": ["Asked for 80 more pipelines", "New business unit in Bergen"],
    "expansion_value": "$60,000 a year",
    "pricing_history": ["2024: $140,000, 10 % off", "2025: $160,000, renewal without discount"],
}
_CONTACTS = (
    ("Astrid", "Nygaard", "VP Data and Analytics", "champion", "+47 22 55 01 84", True),
    ("Henrik", "Solli", "Chief Financial Officer", "economic_buyer", "+47 22 55 01 10", False),
    ("Erik", "Moen", "Enterprise Architect", "technical_evaluator", "+47 22 55 01 39", False),
    ("Jonas", "Bakke", "Head of Fleet Operations", "end_user", "+47 22 55 02 10", False),
    ("Kaja", "Dahl", "Procurement Lead", "legal_procurement", "+47 22 55 00 71", False),
)
_NOTES = {
    "pain_point": "We learn a vessel feed is stale when a shipper rings us.",
    "next_step": "Dana sends the pilot outline; Astrid books the room.",
    "implementation_scope": "220 pipelines, single sign-on, two regions.",
    "success_criteria": "Fewer than two customer-found incidents a month.",
    "stakeholder": "Signs above $200,000 and wants one reference first.",
    "promised_outcome": "Lineage for the shipper reports in the first month.",
    "relationship": "Answers within the hour; would speak at our event.",
    "pricing": "Renewed in 2025 at $160,000 without discount.",
}
_ACTIVITIES = {
    "call": ("Discovery call", {}),
    "email": ("Pilot questions answered", {}),
    "meeting": ("Demo for the data team", {}),
    "form": ("Contact form", {"form": "Talk to us", "product": "Observe Enterprise"}),
    "web_visit": ("Pricing page, three visits", {"page": "/pricing"}),
    "demo_request": ("Demo request", {"product": "Observe Enterprise"}),
    "trial": ("Trial started: 3 users, 41 pipelines", {"product": "Observe"}),
    "event": ("Webinar Data SLAs in logistics", {}),
    "expansion_signal": ("Asked for 80 more pipelines", {"value": "$60,000"}),
    "support_ticket": ("Alert delayed", {"severity": "low", "status": "solved"}),
}
_CUSTOMER_TYPES = {HandoffType.CLOSED_TO_CS, HandoffType.EXPANSION_TO_SALES}


@dataclass(frozen=True)
class Rich:
    """What `rich_account` made; `deal` is None for a lead, which has none yet."""

    account: Account
    deal: Deal | None


def rich_account(handoff_type: str, *, sender: Rep | None = None, now: datetime = NOW, **account_fields: Any) -> Rich:
    """An enterprise account in Oslo about which everything is known that the type's package asks for.

    The type's trigger is crossed at `now`. `sender` owns the deal, and the account where there is none.
    """
    is_lead = handoff_type == HandoffType.MQL_TO_SALES
    is_expansion = handoff_type == HandoffType.EXPANSION_TO_SALES
    fields: dict[str, Any] = {
        "name": "Halvorsen Marine Logistics",
        "domain": "halvorsen.example",
        "industry": "Transportation",
        "employee_count": 4200,
        "tier": "enterprise",
        "country": "NO",
        "region": "EMEA North",
        "postal_code": "0150",
        "city": "Oslo",
        "time_zone": "Europe/Oslo",
        "phone": "+47 22 55 00 00",
        "is_customer": handoff_type in _CUSTOMER_TYPES,
        "score": 82 if is_lead else None,
        "scored_at": now if is_lead else None,
        "owner": sender if is_lead or is_expansion else None,
        "crm_created_at": now - timedelta(days=97),
        "crm_updated_at": now - timedelta(hours=2),
        "metadata": dict(_QUALIFICATION),
    }
    account = AccountFactory.create(**{**fields, **account_fields})
    deal = None if is_lead else _deal(account, handoff_type=handoff_type, sender=sender, now=now)
    contacts = _contacts(account, now=now)
    _records(account, deal=deal, contacts=contacts, now=now, with_signal=is_expansion)
    return Rich(account, deal)


def _deal(account: Account, *, handoff_type: str, sender: Rep | None, now: datetime) -> Deal:
    won = handoff_type == HandoffType.CLOSED_TO_CS
    stages = {HandoffType.CLOSED_TO_CS: "Closed won", HandoffType.EXPANSION_TO_SALES: "Identified"}
    deal: Deal = DealFactory.create(
        account=account,
        name=f"{account.name}, Observe Enterprise",
        amount=Decimal("240000.00"),
        stage=stages.get(HandoffType(handoff_type), "Discovery"),
        is_closed=won,
        is_won=won,
        closed_at=now if won else None,
        expected_close=(now + timedelta(days=100)).date(),
        qualified_at=now if handoff_type == HandoffType.SQL_TO_AE else None,
        owner=sender,
        crm_updated_at=now,
        metadata=dict(_QUALIFICATION),
    )
    return deal


def _contacts(account: Account, *, now: datetime) -> list[Contact]:
    return [
        ContactFactory.create(
            account=account,
            first_name=first,
            last_name=last,
            title=title,
            buying_role=role,
            email=f"{first}.{last}@{account.domain or 'account.example'}".lower(),
            phone=phone,
            is_primary=is_primary,
            time_zone="Europe/Oslo",
            product_user_id=f"pu-{first.lower()}" if is_primary else "",
            crm_updated_at=now - timedelta(days=1),
        )
        for first, last, title, role, phone, is_primary in _CONTACTS
    ]


def _records(account: Account, *, deal: Deal | None, contacts: list[Contact], now: datetime, with_signal: bool) -> None:
    for day, (kind, (subject, properties)) in enumerate(_ACTIVITIES.items(), start=1):
        if kind == "expansion_signal" and not with_signal:
            continue
        ActivityFactory(
            account=account,
            deal=deal,
            contact=contacts[day % len(contacts)],
            kind=kind,
            subject=subject,
            description=f"{subject}.",
            properties=properties,
            occurred_at=now if kind == "expansion_signal" else now - timedelta(days=day),
        )
    for day, (tag, body) in enumerate(_NOTES.items(), start=1):
        NoteFactory(
            account=account,
            deal=deal,
            contact=contacts[day % len(contacts)],
            tag=tag,
            body=body,
            source="discovery call",
            occurred_at=now - timedelta(days=day),
        )
    for day, title in enumerate(("Detecting stale feeds", "Data SLAs in logistics", "Pricing guide"), start=4):
        ContentEngagementFactory(
            account=account, contact=contacts[0], title=title, occurred_at=now - timedelta(days=day)
        )
    for days, stage, users in ((40, "new", 1), (12, "activated", 3), (1, "adopted", 21)):
        UsageStageFactory(
            account=account,
            contact=contacts[0],
            stage=stage,
            active_users=users,
            seats=25,
            metrics={"pipelines": 41, "alerts_read": 212},
            as_of=now - timedelta(days=days),
        )
