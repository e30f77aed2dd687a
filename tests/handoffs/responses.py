"""The facts of a response for each type, as the pipeline would state them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from handoffs.context import Context
from handoffs.package import compile_package
from handoffs.response_facts import DELIVERED, ResponseFacts
from tests.handoffs.contexts import BY_TYPE, NOW

PEOPLE: dict[str, dict[str, Any]] = {
    "mql_to_sales": {
        "from_name": "Lena Fischer",
        "from_team": "Marketing, EMEA",
        "to_name": "Dana Whitfield",
        "to_team": "SDR, EMEA North",
        "owner_first_name": "Dana",
        "sla_minutes": 240,
    },
    "sql_to_ae": {
        "from_name": "Dana Whitfield",
        "from_team": "SDR, EMEA North",
        "to_name": "Ingrid Solheim",
        "to_team": "Enterprise AE, EMEA North",
        "owner_first_name": "Ingrid",
        "sla_minutes": 120,
    },
    "closed_to_cs": {
        "from_name": "Ingrid Solheim",
        "from_team": "Enterprise AE, EMEA North",
        "to_name": "Kofi Mensah",
        "to_team": "Customer Success",
        "owner_first_name": "Kofi",
        "sla_minutes": 1440,
    },
    "expansion_to_sales": {
        "from_name": "Kofi Mensah",
        "from_team": "Customer Success",
        "to_name": "Hannah Brandt",
        "to_team": "Account Management",
        "owner_first_name": "Hannah",
        "sla_minutes": 480,
    },
}


def response_facts(handoff_type: str, *, context: Context | None = None, **changes: Any) -> ResponseFacts:
    context = context or BY_TYPE[handoff_type]
    people = PEOPLE[handoff_type]
    values: dict[str, Any] = {
        **people,
        "handoff_type": handoff_type,
        "state": "assigned",
        "account_name": context.account.name,
        "reference": "HO-2418",
        "at": NOW,
        "package": compile_package(context, handoff_type=handoff_type, now=NOW),
        "contact_first_name": "Astrid",
        "deadline": NOW + timedelta(minutes=people["sla_minutes"]),
        "zone": "Europe/London",
        "account_zone": "Europe/Oslo",
        "crm": DELIVERED,
        "alert": DELIVERED,
        "briefing": DELIVERED,
    }
    return ResponseFacts(**{**values, **changes})
