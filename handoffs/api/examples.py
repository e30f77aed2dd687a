"""The examples of the API's description: one firm, one handoff, told consistently.

Ids of the CRM and the number of the handoff are those of the demo, where they can be tried; a uuid is different in each
installation.
"""

from __future__ import annotations

from typing import Any

HANDOFF_UUID = "6a1f7c1e-3b52-4c0a-9f5e-2d6c1f0a7b11"
INGRID = {"uuid": "0d4b3c52-6a5e-4b7f-8f1c-90a1d2b7c301", "name": "Ingrid Solheim"}
DANA = {"uuid": "7be0c0a4-0e0b-4f2b-9f1c-6fb1a6a2c902", "name": "Dana Whitfield"}
ENTERPRISE = {"code": "ae_enterprise", "name": "Enterprise AE"}
DEAL = {
    "uuid": "b0f6d2e8-58f7-4c58-8a57-6a8b5a1d4f03",
    "crm_id": "D-88412",
    "name": "Halvorsen, Observe Enterprise",
    "amount": {"amount": "240000.00", "currency": "USD"},
}

HANDOFF: dict[str, Any] = {
    "uuid": HANDOFF_UUID,
    "reference": "HO-300",
    "url": f"https://handoffs.example/api/v1/handoffs/{HANDOFF_UUID}/",
    "page": "https://handoffs.example/handoffs/HO-300/",
    "type": "sql_to_ae",
    "state": "assigned",
    "version": 3,
    "origin": "api",
    "account": {
        "uuid": "f6a3a3f0-0a52-4a3d-9b0d-0f1f6e3d5a04",
        "crm_id": "A-1001",
        "name": "Halvorsen Marine Logistics",
    },
    "deal": DEAL,
    "from_rep": DANA,
    "from_team": {"code": "sdr", "name": "SDR"},
    "team": ENTERPRISE,
    "owner": INGRID,
    "segment": "enterprise",
    "territory": "emea-north",
    "priority": "urgent",
    "completeness": 96,
    "is_flagged": False,
    "return_reason": "",
    "problem": "",
    "is_parked": False,
    "received_at": "2026-11-20T09:00:00Z",
    "assigned_at": "2026-11-20T09:00:02.418000Z",
    "acknowledged_at": None,
    "contacted_at": None,
    "meeting_at": None,
    "closed_at": None,
    "clocks": [
        {
            "kind": "first_contact",
            "state": "running",
            "target_minutes": 120,
            "started_at": "2026-11-20T09:00:02.418000Z",
            "at_risk_at": "2026-11-20T10:24:02.418000Z",
            "deadline_at": "2026-11-20T11:00:02.418000Z",
            "stopped_at": None,
        }
    ],
}
RECEIVED: dict[str, Any] = HANDOFF | {
    "account": {"uuid": "2c9b1f64-8f0d-4f0b-9a1e-7d3e5b6c8d05", "crm_id": "A-1008", "name": "Polder Water Authority"},
    "deal": {
        "uuid": "91d4e7a2-5c3b-4e6f-8a7d-1b2c3d4e5f06",
        "crm_id": "D-88389",
        "name": "Polder Water Authority, Observe for forty gauges",
        "amount": {"amount": "205000.00", "currency": "USD"},
    },
    "state": "received",
    "version": 1,
    "from_team": None,
    "team": None,
    "owner": None,
    "segment": "",
    "territory": "",
    "priority": "high",
    "completeness": None,
    "assigned_at": None,
    "clocks": [],
}


def changed(state: str, **fields: Any) -> dict[str, Any]:
    """The handoff after a verb."""
    return HANDOFF | {"state": state, "version": 4} | fields


ACCOUNT: dict[str, Any] = HANDOFF["account"] | {
    "website": "halvorsen.example",
    "industry": "Transportation",
    "employee_count": 4200,
    "tier": "enterprise",
    "country": "NO",
    "is_customer": False,
    "owner": INGRID,
    "open_deals": [DEAL],
}
REP: dict[str, Any] = INGRID | {
    "function": "ae",
    "job_title": "Enterprise account executive",
    "team": ENTERPRISE,
    "time_zone": "Europe/Oslo",
    "is_active": True,
}
EVENTS = [
    {
        "id": 1,
        "at": "2026-11-20T09:00:00Z",
        "verb": "received",
        "actor": "Dana Whitfield",
        "text": "Handoff received: API",
    },
    {
        "id": 2,
        "at": "2026-11-20T09:00:02.418000Z",
        "verb": "assigned",
        "actor": "Engine",
        "text": "Given to Ingrid Solheim by rule R-110, rules v1",
    },
]
PACKAGE: dict[str, Any] = {
    "company": {
        "name": "Halvorsen Marine Logistics",
        "industry": "Transportation",
        "size": 4200,
        "tier": "enterprise",
        "website": "halvorsen.example",
    },
    "contacts": [
        {
            "name": "Astrid Nygaard",
            "title": "VP Data and Analytics",
            "email": "astrid.nygaard@halvorsen.example",
            "phone": "+47 22 55 01 84",
            "isPrimary": True,
            "role": "champion",
        }
    ],
    "journey": {
        "source": "webinar",
        "firstTouch": "2026-08-12T10:00:00+00:00",
        "touchpoints": [
            {"date": "2026-11-16T10:00:00+00:00", "kind": "call", "text": "Discovery call", "who": "Henrik Solli"}
        ],
        "contentEngaged": ["Pricing guide (guide)"],
        "productUsage": "adopted",
        "summary": "Halvorsen Marine Logistics is an enterprise account in Transportation with 4,200 employees.",
    },
    "qualification": {
        "score": 82,
        "framework": "BANT + MEDDIC",
        "painPoints": [
            {
                "quote": "We learn a vessel feed is stale when a shipper rings us.",
                "speaker": "Jonas Bakke",
                "said": "Discovery call",
                "date": "2026-11-16T10:00:00+00:00",
                "author": "Dana Whitfield",
                "noteId": "N-311",
            }
        ],
        "budget": "$220,000 to $260,000 set aside in the 2027 plan",
        "timeline": "Pilot in December, live by 26 February",
        "decisionProcess": "CFO signs after a security review and one reference call",
    },
    "deal": {
        "id": "D-88412",
        "name": "Halvorsen, Observe Enterprise",
        "amount": {"amount": "240000.00", "currency": "USD"},
        "stage": "Discovery",
        "closeDate": "2027-02-25",
        "products": ["Observe Enterprise", "Lineage"],
    },
    "recommendations": [
        {"text": "Open with the stale vessel feeds: it is their own example.", "evidence": ["note N-311"]}
    ],
    "template": {
        "type": "sql_to_ae",
        "title": "BANT, MEDDIC and Next Steps Agreed",
        "items": [
            {
                "key": "authority",
                "group": "BANT",
                "label": "Authority",
                "value": ["Champion met", "the CFO signs above $200,000"],
                "source": "deal metadata authority",
            }
        ],
    },
    "completeness": {
        "score": 96,
        "verdict": "complete",
        "missing": [],
        "stale": [],
        "sections": [{"section": "Company", "points": 8, "of": 8}],
    },
    "provenance": {
        "company.size": {
            "source": "account employee_count",
            "asOf": "2026-11-17T08:00:00+00:00",
            "ageDays": 3,
            "default": False,
        }
    },
}
RESPONSE: dict[str, Any] = {
    "handoff_complete": "## Handoff Complete ✅\n\n**Type**: SDR → AE (SQL)\n...",
    "assigned_owner": "Ingrid Solheim",
    "briefing_sent": True,
    "sla_deadline": "2026-11-20T11:00:02.418000+00:00",
    "reference": "HO-300",
    "state": "assigned",
    "reason": "",
    "handoff_type": "sql_to_ae",
    "account": "Halvorsen Marine Logistics",
    "assigned_team": "Enterprise AE",
    "sla_minutes": 120,
    "date": "2026-11-20T09:00:02.418000+00:00",
    "actions": {
        "crm_updated": "delivered",
        "owner_notified": "delivered",
        "briefing_email": "delivered",
        "gap_list": "not needed",
    },
    "completeness": 96,
    "verdict": "complete",
    "gaps": [],
    "package": PACKAGE,
}

REQUESTS: dict[str, Any] = {
    "start_handoff": {
        "type": "sql_to_ae",
        "account": "A-1008",
        "deal": "D-88389",
        "trigger_key": "sdr-form-7731",
    },
    "acknowledge": {"version": 3},
    "take": {"version": 2},
    "undo_acknowledge": {"version": 4},
    "log_contact": {"contacted_at": "2026-11-20T09:40:00Z", "findings": "Wants the pilot outline by Friday."},
    "book_meeting": {"meeting_at": "2026-11-24T13:00:00+01:00"},
    "return_handoff": {"reason": "incomplete", "comment": "Please confirm who signs above $200,000."},
    "close_handoff": {"outcome": "converted", "reason": "Opportunity opened"},
    "resubmit": {"comment": "The CFO signs; noted on the deal."},
    "withdraw": {"reason": "The lead was a test."},
    "fill_gap": {"value": "$220,000 set aside in the 2027 plan"},
    "reassign": {"to": INGRID["uuid"], "reason": "Speaks the customer's language", "version": 3},
    "retry": {},
}
ANSWERS: dict[str, Any] = {
    "start_handoff": RECEIVED,
    "list_handoffs": {"results": [HANDOFF], "next": None},
    "read_handoff": HANDOFF,
    "read_package": PACKAGE,
    "read_response": RESPONSE,
    "list_events": {"results": EVENTS},
    "acknowledge": changed("acknowledged", acknowledged_at="2026-11-20T09:12:00Z"),
    "take": changed("assigned"),
    "undo_acknowledge": changed("assigned"),
    "log_contact": changed("contacted", contacted_at="2026-11-20T09:40:00Z", clocks=[]),
    "book_meeting": changed("meeting_booked", contacted_at="2026-11-20T09:40:00Z", meeting_at="2026-11-24T12:00:00Z"),
    "return_handoff": changed("rejected", return_reason="incomplete"),
    "close_handoff": changed("converted", closed_at="2026-11-27T15:00:00Z"),
    "resubmit": changed("received", owner=None, clocks=[]),
    "withdraw": changed("withdrawn", closed_at="2026-11-20T09:15:00Z"),
    "fill_gap": changed("assigned", completeness=100),
    "reassign": changed("assigned"),
    "retry": changed("unassigned", owner=None, team=None, assigned_at=None, clocks=[]),
    "list_accounts": {"results": [ACCOUNT], "next": None},
    "read_account": ACCOUNT,
    "list_reps": {"results": [REP], "next": None},
    "read_rep": REP,
}
