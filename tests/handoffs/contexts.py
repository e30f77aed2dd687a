"""Four contexts, one per handoff type, rich enough that their packages are complete."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from handoffs.connectors.ports import (
    AccountRecord,
    ActivityRecord,
    ContactRecord,
    ContentRecord,
    DealRecord,
    NoteRecord,
    UsageRecord,
)
from handoffs.context import Context

NOW = datetime(2026, 11, 19, 12, 52, tzinfo=UTC)


def at(month: int, day: int, hour: int = 10) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


ACCOUNT = AccountRecord(
    crm_id="A-1",
    name="Halvorsen Marine Logistics",
    domain="halvorsen.example",
    industry="Transportation",
    employee_count=4200,
    tier="enterprise",
    country="NO",
    city="Oslo",
    created_at=at(8, 12),
    updated_at=at(11, 17),
)

ASTRID = ContactRecord(
    crm_id="C-1",
    first_name="Astrid",
    last_name="Nygaard",
    title="VP Data and Analytics",
    email="astrid.nygaard@halvorsen.example",
    phone="+47 22 55 01 84",
    is_primary=True,
    updated_at=at(11, 17),
)
HENRIK = ContactRecord(
    crm_id="C-2",
    first_name="Henrik",
    last_name="Solli",
    title="Chief Financial Officer",
    email="henrik.solli@halvorsen.example",
    updated_at=at(11, 11),
)
ERIK = ContactRecord(
    crm_id="C-3",
    first_name="Erik",
    last_name="Moen",
    title="Enterprise Architect",
    email="erik.moen@halvorsen.example",
    phone="+47 22 55 01 39",
    updated_at=at(11, 11),
)
JONAS = ContactRecord(
    crm_id="C-4",
    first_name="Jonas",
    last_name="Bakke",
    title="Head of Fleet Operations",
    email="jonas.bakke@halvorsen.example",
    phone="+47 22 55 02 10",
    buying_role="end_user",
    updated_at=at(11, 17),
)

ACTIVITIES = (
    ActivityRecord(
        crm_id="V-1",
        kind="web_visit",
        subject="Visit",
        occurred_at=at(8, 12),
        contact_name="Erik Moen",
        properties={"page": "Guides"},
    ),
    ActivityRecord(
        crm_id="V-2",
        kind="event",
        subject="Webinar: Data SLAs in logistics",
        occurred_at=at(9, 9),
        contact_name="Astrid Nygaard",
    ),
    *(
        ActivityRecord(
            crm_id=f"V-{number}",
            kind="web_visit",
            subject="Visit",
            occurred_at=at(11, 4, hour),
            contact_name="Astrid Nygaard",
            properties={"page": "Pricing"},
        )
        for number, hour in ((3, 8), (4, 9), (5, 10))
    ),
    ActivityRecord(
        crm_id="V-6",
        kind="form",
        subject="Contact form",
        occurred_at=at(11, 4, 11),
        contact_name="Astrid Nygaard",
        properties={"form": "Contact"},
    ),
    ActivityRecord(
        crm_id="V-7",
        kind="demo_request",
        subject="Demo of Observe Enterprise",
        occurred_at=at(11, 4, 12),
        contact_name="Astrid Nygaard",
        properties={"product": "Observe Enterprise"},
    ),
    ActivityRecord(
        crm_id="V-8",
        kind="trial",
        subject="Trial started",
        occurred_at=at(11, 6),
        contact_name="Erik Moen",
        properties={"product": "Observe"},
    ),
    ActivityRecord(
        crm_id="V-9",
        kind="call",
        subject="Discovery call",
        occurred_at=at(11, 17, 14),
        contact_name="Astrid Nygaard",
        owner_name="Dana Whitfield",
    ),
)

PAINS = (
    NoteRecord(
        crm_id="N-1",
        tag="pain_point",
        body="We learn a vessel feed is stale when a shipper rings us. In October that was eleven times.",
        occurred_at=at(11, 17, 14),
        author_name="Dana Whitfield",
        contact_name="Astrid Nygaard",
        source="discovery call, 14:32",
    ),
    NoteRecord(
        crm_id="N-2",
        tag="pain_point",
        body="Two contracts from March carry a service credit if position data is over fifteen minutes old.",
        occurred_at=at(11, 17, 15),
        author_name="Dana Whitfield",
        contact_name="Jonas Bakke",
        source="discovery call, 21:05",
    ),
)

CONTENT = (
    ContentRecord(title="Detecting stale feeds", kind="guide", occurred_at=at(8, 12), contact_name="Erik Moen"),
    ContentRecord(title="Data SLAs in logistics", kind="webinar", occurred_at=at(9, 9), contact_name="Astrid Nygaard"),
    ContentRecord(title="Pricing", kind="pricing", occurred_at=at(11, 4), contact_name="Astrid Nygaard"),
)

USAGE = UsageRecord(
    stage="activated",
    as_of=at(11, 17),
    active_users=3,
    metrics={"pipelines": 41, "alerts_read": 212},
    history=(("activated", at(11, 9)), ("new", at(11, 6))),
)

DEAL = DealRecord(
    crm_id="D-88412",
    account_crm_id="A-1",
    name="Halvorsen, Observe Enterprise",
    amount=Decimal("240000.00"),
    stage="Discovery",
    expected_close=date(2027, 2, 26),
    updated_at=at(11, 17),
    metadata={
        "source": "organic_search",
        "qualification_score": 82,
        "framework": "BANT + MEDDIC",
        "budget_confirmed": "$220,000 to $260,000",
        "authority": "Astrid Nygaard owns the data budget; Henrik Solli signs above $200,000",
        "need": "Find stale feeds before the shippers do",
        "timeline": "live by 26 Feb 2027",
        "metrics": "11 customer-found incidents in October, fewer than 2 a month wanted",
        "economic_buyer": "Henrik Solli, CFO: named, not yet met",
        "decision_criteria": ["Time to detect", "Lineage to shipper reports", "EU hosting"],
        "decision_process": "Pilot review by Astrid Nygaard, then sign-off by the CFO",
        "identified_pain": "Stale feeds reach customers first",
        "champion": "Astrid Nygaard",
        "next_steps": ["Pilot outline by Friday", "Security questionnaire"],
        "products": ["Observe Enterprise (220 pipelines)", "Lineage", "Premium Support"],
    },
)


def context(**changes: object) -> Context:
    values: dict[str, object] = {
        "account": ACCOUNT,
        "contacts": (ASTRID, HENRIK, ERIK, JONAS),
        "deal": DEAL,
        "activities": ACTIVITIES,
        "notes": PAINS,
        "content": CONTENT,
        "usage": USAGE,
        "gathered_at": NOW,
    }
    return Context(**{**values, **changes})  # type: ignore[arg-type]


def note(crm_id: str, tag: str, body: str, speaker: str = "", month: int = 11, day: int = 12) -> NoteRecord:
    return NoteRecord(
        crm_id=crm_id,
        tag=tag,
        body=body,
        occurred_at=at(month, day),
        author_name="Ingrid Solheim",
        contact_name=speaker,
    )


SQL = context()

MQL = context(
    account=AccountRecord(
        **{
            **{
                name: getattr(ACCOUNT, name)
                for name in ("crm_id", "name", "domain", "industry", "employee_count", "tier")
            },
            "score": 71,
            "created_at": at(8, 12),
            "updated_at": at(11, 17),
            "metadata": {"source": "organic_search"},
        }
    ),
    deal=None,
)

CLOSED = context(
    deal=DealRecord(
        crm_id="D-88412",
        account_crm_id="A-1",
        name="Halvorsen, Observe Enterprise",
        amount=Decimal("240000.00"),
        stage="Closed won",
        is_won=True,
        is_closed=True,
        expected_close=date(2026, 11, 30),
        closed_at=at(11, 18, 16),
        updated_at=at(11, 18, 16),
        metadata={
            "source": "organic_search",
            "products": ["Observe Enterprise (220 pipelines)", "Premium Support"],
            "implementation_scope": ["220 pipelines", "Two regions", "Single sign-on"],
            "success_criteria": "Fewer than 2 customer-found incidents a month; lineage for every shipper report",
            "promised_outcomes": ["Live by 26 Feb 2027"],
        },
    ),
    notes=(
        *PAINS,
        note("N-3", "promised_outcome", "A Norwegian-speaking engineer joins the first two weeks.", "Astrid Nygaard"),
        note("N-4", "stakeholder", "Sceptical after an outage in 2024; wants to see the fail-over.", "Erik Moen"),
    ),
)

EXPANSION = context(
    account=AccountRecord(
        **{
            **{
                name: getattr(ACCOUNT, name)
                for name in ("crm_id", "name", "domain", "industry", "employee_count", "tier")
            },
            "is_customer": True,
            "created_at": at(1, 12),
            "updated_at": at(11, 17),
            "metadata": {
                "source": "organic_search",
                "expansion_value": "$60,000 a year",
                "pricing_history": ["2025: $180,000", "2026: $240,000, 5 % discount"],
            },
        }
    ),
    deal=None,
    activities=(
        ActivityRecord(
            crm_id="V-20",
            kind="support_ticket",
            subject="Alerts arrive late",
            occurred_at=at(11, 2),
            contact_name="Erik Moen",
            properties={"status": "open", "severity": "2"},
        ),
        ActivityRecord(
            crm_id="V-21",
            kind="expansion_signal",
            subject="Asked for 80 more pipelines",
            occurred_at=at(11, 16),
            contact_name="Astrid Nygaard",
            properties={"value": "$60,000 a year"},
        ),
    ),
    notes=(*PAINS, note("N-5", "relationship", "Trusts the team since the fail-over test.", "Erik Moen")),
    usage=UsageRecord(
        stage="power",
        as_of=at(11, 17),
        active_users=46,
        seats=50,
        metrics={"pipelines": 214},
        history=(("adopted", at(6, 1)),),
    ),
)

BY_TYPE = {"mql_to_sales": MQL, "sql_to_ae": SQL, "closed_to_cs": CLOSED, "expansion_to_sales": EXPANSION}
