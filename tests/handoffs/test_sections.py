"""The section each type adds to the package: every item from its stored sources."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from handoffs.connectors.ports import UsageRecord
from handoffs.context import Context
from handoffs.package import compile_package
from tests.handoffs.contexts import BY_TYPE, CLOSED, DEAL, NOW, SQL, at, context, note


def compiled(source: Context = SQL, handoff_type: str = "sql_to_ae") -> dict[str, Any]:
    return compile_package(source, handoff_type=handoff_type, now=NOW)


def items(package: dict[str, Any]) -> dict[str, Any]:
    return {item["key"]: item["value"] for item in package["template"]["items"]}


def test_the_lead_section_tells_context_engagement_and_product_interest() -> None:
    assert items(compiled(BY_TYPE["mql_to_sales"], "mql_to_sales")) == {
        "lead_source": ["Organic search"],
        "lead_score": ["71 of 100"],
        "known_for": ["99 days, since 12 Aug 2026"],
        "requests": ["4 Nov 2026: Demo of Observe Enterprise (Astrid Nygaard)"],
        "visits": [
            "Pricing: 3 visits, last 4 Nov 2026",
            "Guides: 1 visit, last 12 Aug 2026",
            "9 Sep 2026: Webinar: Data SLAs in logistics (Astrid Nygaard)",
        ],
        "content": [
            "12 Aug 2026: Detecting stale feeds (guide), Erik Moen",
            "9 Sep 2026: Data SLAs in logistics (webinar), Astrid Nygaard",
            "4 Nov 2026: Pricing, Astrid Nygaard",
        ],
        "forms": ["4 Nov 2026: Contact form (Astrid Nygaard)"],
        "last_touch": ["17 Nov 2026: Discovery call (Astrid Nygaard)"],
        "products_asked_for": ["Observe Enterprise", "Observe"],
        "usage": [
            "Activated since 9 Nov 2026",
            "previously new (6 Nov 2026)",
            "3 active users",
            "Pipelines: 41",
            "Alerts read: 212",
            "6 Nov 2026: Trial started (Erik Moen)",
        ],
    }


def test_the_qualified_section_tells_bant_meddic_and_what_is_agreed() -> None:
    values = items(compiled())
    assert list(values) == [
        *("budget", "authority", "need", "timeline"),
        *("metrics", "economic_buyer", "decision_criteria", "decision_process", "identified_pain", "champion"),
        "next_steps",
    ]
    assert values["decision_criteria"] == ["Time to detect", "Lineage to shipper reports", "EU hosting"]
    assert values["authority"] == [
        "Astrid Nygaard owns the data budget",
        "Henrik Solli signs above $200,000",
    ]


def test_roles_and_notes_step_in_where_the_deal_says_nothing() -> None:
    values = items(compiled(context(deal=replace(DEAL, metadata={}))))
    assert values["economic_buyer"] == ["Henrik Solli, Chief Financial Officer: economic buyer"]
    assert values["champion"] == ["Astrid Nygaard, VP Data and Analytics: champion"]
    assert values["identified_pain"][1].endswith("over fifteen minutes old. (Jonas Bakke, 17 Nov 2026)")
    assert values["budget"] is None


def test_the_closed_section_tells_scope_criteria_stakeholders_and_promises() -> None:
    assert items(compiled(CLOSED, "closed_to_cs")) == {
        "implementation_scope": ["220 pipelines", "Two regions", "Single sign-on"],
        "success_criteria": [
            "Fewer than 2 customer-found incidents a month",
            "lineage for every shipper report",
        ],
        "stakeholder_map": [
            "Sceptical after an outage in 2024; wants to see the fail-over. (Erik Moen, 12 Nov 2026)",
            "Astrid Nygaard, VP Data and Analytics: champion",
            "Henrik Solli, Chief Financial Officer: economic buyer",
            "Erik Moen, Enterprise Architect: technical evaluator",
            "Jonas Bakke, Head of Fleet Operations: end user",
        ],
        "promised_outcomes": [
            "Live by 26 Feb 2027",
            "A Norwegian-speaking engineer joins the first two weeks. (Astrid Nygaard, 12 Nov 2026)",
        ],
    }


def test_the_expansion_section_tells_usage_signals_relationship_and_prices() -> None:
    assert items(compiled(BY_TYPE["expansion_to_sales"], "expansion_to_sales")) == {
        "current_usage": [
            "Power as of 17 Nov 2026",
            "previously adopted (1 Jun 2026)",
            "46 of 50 seats in use",
            "Pipelines: 214",
        ],
        "expansion_signals": [
            "16 Nov 2026: Asked for 80 more pipelines, worth $60,000 a year (Astrid Nygaard)",
        ],
        "expansion_value": ["$60,000 a year"],
        "relationship_context": [
            "Trusts the team since the fail-over test. (Erik Moen, 12 Nov 2026)",
            "2 Nov 2026: Alerts arrive late, open (Erik Moen)",
        ],
        "pricing_history": ["2025: $180,000", "2026: $240,000, 5 % discount"],
    }


def test_a_long_list_keeps_the_newest_and_says_how_many_are_older() -> None:
    many = tuple(note(f"N-{n}", "promised_outcome", f"Promise {n}") for n in range(20, 50))
    promised = items(compiled(context(deal=None, notes=many), "closed_to_cs"))["promised_outcomes"]
    assert promised[0] == "(18 older in the CRM)"
    assert promised[-1] == "Promise 49 (Ingrid Solheim, 12 Nov 2026)"


def test_a_stage_without_history_is_told_as_of_its_date() -> None:
    usage = UsageRecord(stage="dormant", as_of=at(10, 1), seats=5)
    assert items(compiled(replace(BY_TYPE["expansion_to_sales"], usage=usage), "expansion_to_sales"))[
        "current_usage"
    ] == [
        "Dormant as of 1 Oct 2026",
        "5 seats",
    ]


def test_notes_and_activities_of_another_deal_stay_out_of_this_one() -> None:
    other = replace(note("N-7", "promised_outcome", "A free year."), deal_crm_id="D-1")
    same = replace(note("N-8", "promised_outcome", "A named engineer."), deal_crm_id="D-88412")
    promised = items(compiled(context(deal=CLOSED.deal, notes=(other, same)), "closed_to_cs"))["promised_outcomes"]
    assert promised == ["Live by 26 Feb 2027", "A named engineer. (Ingrid Solheim, 12 Nov 2026)"]
