"""The package: the exact sections and fields, nothing invented, every value with its source and age."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handoffs.connectors.ports import ActivityRecord, ContactRecord
from handoffs.context import Context
from handoffs.package import compile_package, contact_to_reach
from tests.handoffs.contexts import (
    ACCOUNT,
    ASTRID,
    BY_TYPE,
    CLOSED,
    DEAL,
    ERIK,
    HENRIK,
    NOW,
    PAINS,
    SQL,
    at,
    context,
)


def compiled(source: Context = SQL, handoff_type: str = "sql_to_ae") -> dict[str, Any]:
    return compile_package(source, handoff_type=handoff_type, now=NOW)


def items(package: dict[str, Any]) -> dict[str, Any]:
    return {item["key"]: item["value"] for item in package["template"]["items"]}


@pytest.mark.parametrize("handoff_type", BY_TYPE)
def test_a_package_has_exactly_these_sections_and_fields(handoff_type: str) -> None:
    package = compiled(BY_TYPE[handoff_type], handoff_type)
    assert set(package) == {
        *("company", "contacts", "journey", "qualification", "deal", "recommendations"),
        *("template", "completeness", "provenance"),
    }
    assert list(package["company"]) == ["name", "industry", "size", "tier", "website"]
    assert list(package["contacts"][0]) == ["name", "title", "email", "phone", "isPrimary", "role"]
    assert list(package["journey"]) == [
        *("source", "firstTouch", "touchpoints", "contentEngaged", "productUsage", "summary"),
    ]
    assert list(package["qualification"]) == [
        *("score", "framework", "painPoints", "budget", "timeline", "decisionProcess"),
    ]
    if package["deal"]:
        assert list(package["deal"]) == ["id", "name", "amount", "stage", "closeDate", "products"]


@pytest.mark.parametrize("handoff_type", BY_TYPE)
def test_a_package_is_plain_json_and_the_same_context_gives_the_same_one(handoff_type: str) -> None:
    source = BY_TYPE[handoff_type]
    package = compiled(source, handoff_type)
    assert json.loads(json.dumps(package)) == package
    again = Context.from_json(json.loads(json.dumps(source.to_json())))
    assert json.dumps(compiled(again, handoff_type)) == json.dumps(package)


@pytest.mark.parametrize("handoff_type", BY_TYPE)
def test_a_well_kept_account_scores_above_the_target(handoff_type: str) -> None:
    completeness = compiled(BY_TYPE[handoff_type], handoff_type)["completeness"]
    assert completeness["score"] > 90
    assert completeness["verdict"] == "complete"


def test_the_company_and_the_deal_are_told_as_the_crm_has_them() -> None:
    package = compiled()
    assert package["company"] == {
        "name": "Halvorsen Marine Logistics",
        "industry": "Transportation",
        "size": 4200,
        "tier": "enterprise",
        "website": "halvorsen.example",
    }
    assert package["deal"] == {
        "id": "D-88412",
        "name": "Halvorsen, Observe Enterprise",
        "amount": {"amount": "240000.00", "currency": "USD"},
        "stage": "Discovery",
        "closeDate": "2027-02-26",
        "products": ["Observe Enterprise (220 pipelines)", "Lineage", "Premium Support"],
    }


def test_a_won_deal_closes_on_the_day_it_was_won() -> None:
    package = compiled(CLOSED, "closed_to_cs")
    assert package["deal"]["closeDate"] == "2026-11-18"


def test_without_a_deal_there_is_none_and_the_account_is_asked() -> None:
    package = compiled(BY_TYPE["mql_to_sales"], "mql_to_sales")
    assert package["deal"] is None
    assert package["journey"]["source"] == "organic_search"
    assert package["qualification"]["score"] == 71
    assert package["provenance"]["qualification.score"]["source"] == "account lead score"


def test_the_primary_contact_comes_first_and_the_others_by_role() -> None:
    contacts = compiled(context(contacts=(ERIK, HENRIK, ASTRID)))["contacts"]
    assert [(each["name"], each["role"], each["isPrimary"]) for each in contacts] == [
        ("Astrid Nygaard", "champion", True),
        ("Henrik Solli", "economic_buyer", False),
        ("Erik Moen", "technical_evaluator", False),
    ]


def test_without_a_flag_the_highest_reachable_role_is_primary_and_provenance_says_so() -> None:
    package = compiled(context(contacts=(ERIK, HENRIK)))
    assert package["contacts"][0]["name"] == "Henrik Solli"
    assert package["contacts"][0]["isPrimary"] is True
    assert package["provenance"]["contacts.0.isPrimary"]["source"] == "highest role that can be reached"


def test_addresses_that_must_or_can_not_be_used_are_left_out() -> None:
    silent = replace(HENRIK, do_not_contact=True, phone="+47 22 55 01 00")
    bounced = replace(ERIK, email_bounced=True)
    package = compiled(context(contacts=(ASTRID, silent, bounced)))
    by_name = {each["name"]: each for each in package["contacts"]}
    assert (by_name["Henrik Solli"]["email"], by_name["Henrik Solli"]["phone"]) == ("", "")
    assert (by_name["Erik Moen"]["email"], by_name["Erik Moen"]["phone"]) == ("", "+47 22 55 01 39")
    sources = {path: origin["source"] for path, origin in package["provenance"].items()}
    assert sources["contacts.1.email"] == "left out: must not be contacted"
    assert sources["contacts.2.email"] == "left out: mail bounced"


def test_something_that_cannot_be_dialled_is_no_phone_number() -> None:
    package = compiled(context(contacts=(replace(ASTRID, phone="on request"),)))
    assert package["contacts"][0]["phone"] == ""
    assert package["provenance"]["contacts.0.phone"]["source"] == "left out: not a number"


def test_whom_to_turn_to_is_the_primary_unless_only_others_can_be_reached() -> None:
    package = compiled(context(contacts=(ERIK, ASTRID, HENRIK)))
    assert contact_to_reach(package) == package["contacts"][0]
    silent = compiled(context(contacts=(ERIK, replace(ASTRID, do_not_contact=True), HENRIK)))
    assert silent["contacts"][0]["name"] == "Astrid Nygaard"
    found = contact_to_reach(silent)
    assert found is not None
    assert found["name"] == "Henrik Solli"
    assert contact_to_reach(compiled(context(contacts=()))) is None


def test_a_contact_without_a_name_is_still_named() -> None:
    unnamed = ContactRecord(crm_id="C-9", email="fleet@halvorsen.example")
    contacts = compiled(context(contacts=(unnamed, ContactRecord(crm_id="C-10"))))["contacts"]
    assert [each["name"] for each in contacts] == ["fleet@halvorsen.example", "Unnamed contact"]


def test_pain_points_are_quoted_with_their_note_author_date_and_speaker() -> None:
    assert compiled()["qualification"]["painPoints"][0] == {
        "quote": "We learn a vessel feed is stale when a shipper rings us. In October that was eleven times.",
        "speaker": "Astrid Nygaard",
        "said": "discovery call, 14:32",
        "date": "2026-11-17T14:00:00+00:00",
        "author": "Dana Whitfield",
        "noteId": "N-1",
    }


def test_defaults_are_marked_and_count_as_missing() -> None:
    package = compiled(context(deal=replace(DEAL, metadata={"need": "Find stale feeds"}), usage=None))
    assert package["journey"]["source"] == "organic"
    assert package["journey"]["productUsage"] == "unknown"
    assert package["provenance"]["journey.source"]["default"] is True
    assert package["provenance"]["journey.productUsage"]["default"] is True
    assert "journey.source" in {gap["key"] for gap in package["completeness"]["missing"]}


def test_usage_unknown_counts_as_missing_where_it_is_weighed() -> None:
    package = compiled(replace(BY_TYPE["mql_to_sales"], usage=None), "mql_to_sales")
    assert "journey.productUsage" in {gap["key"] for gap in package["completeness"]["missing"]}


def test_every_value_says_where_it_came_from_and_how_old_it_is() -> None:
    provenance = compiled()["provenance"]
    assert provenance["qualification.timeline"] == {
        "source": "deal metadata timeline",
        "asOf": "2026-11-17T10:00:00+00:00",
        "ageDays": 2,
        "default": False,
    }
    assert provenance["qualification.painPoints"]["source"] == "notes N-1, N-2"
    assert provenance["template.next_steps"]["source"] == "deal metadata next_steps"
    assert "company.name" in provenance


def test_nothing_is_invented_for_an_empty_account() -> None:
    empty = context(
        account=replace(
            ACCOUNT, industry="", employee_count=None, tier="", domain="", created_at=None, city="", country=""
        ),
        contacts=(),
        deal=None,
        activities=(),
        notes=(),
        content=(),
        usage=None,
    )
    package = compiled(empty, "mql_to_sales")
    assert package["company"] == {
        "name": "Halvorsen Marine Logistics",
        "industry": None,
        "size": None,
        "tier": None,
        "website": None,
    }
    assert package["journey"] == {
        "source": "organic",
        "firstTouch": None,
        "touchpoints": [],
        "contentEngaged": [],
        "productUsage": "unknown",
        "summary": "Halvorsen Marine Logistics is an account.",
    }
    assert set(items(package).values()) == {None}


def test_the_summary_tells_only_recorded_facts() -> None:
    assert compiled()["journey"]["summary"] == (
        "Halvorsen Marine Logistics is an enterprise account in Transportation with 4,200 employees, "
        "based in Oslo, NO. "
        "First touch was on 12 Aug 2026 through organic search. "
        "9 activities are on record, the last on 17 Nov 2026 with Astrid Nygaard: Discovery call. "
        "Content engaged: Detecting stale feeds (guide), Data SLAs in logistics (webinar), Pricing. "
        "In the product: Activated since 9 Nov 2026; previously new (6 Nov 2026); 3 active users; Pipelines: 41; "
        "Alerts read: 212. "
        "The deal Halvorsen, Observe Enterprise is worth $240,000 in stage Discovery, expected to close on 26 Feb 2027."
    )


def test_the_key_touchpoints_are_chosen_grouped_and_in_order() -> None:
    touchpoints = compiled()["journey"]["touchpoints"]
    assert [each["text"] for each in touchpoints] == [
        "Visit: Guides",
        "Webinar: Data SLAs in logistics",
        "Visit: Pricing, 3 times",
        "Contact form",
        "Demo of Observe Enterprise",
        "Trial started",
        "Discovery call",
    ]
    assert touchpoints[-1] == {
        "date": "2026-11-17T14:00:00+00:00",
        "kind": "call",
        "text": "Discovery call",
        "who": "Astrid Nygaard",
    }


def test_of_many_touchpoints_the_telling_ones_and_the_first_stay() -> None:
    visits = [
        ActivityRecord(
            crm_id=f"V-{n}", kind="web_visit", subject=f"Page {n}", occurred_at=at(9, 1) + timedelta(hours=n)
        )
        for n in range(30)
    ]
    meeting = ActivityRecord(crm_id="V-90", kind="meeting", subject="Workshop", occurred_at=at(9, 1, 12))
    touchpoints = compiled(context(activities=(*visits, meeting)))["journey"]["touchpoints"]
    assert len(touchpoints) == 12
    assert touchpoints[0]["text"] == "Page 0"
    assert "Workshop" in [each["text"] for each in touchpoints]
    assert touchpoints[-1]["text"] == "Page 29"


@pytest.mark.parametrize(
    ("stored", "score"),
    [(82, 82), ("82", 82), ("82.5", 82.5), ("82%", 82), ("high", 71), (True, 71), (180, 71), ("", 71), ("nan", 71)],
)
def test_a_score_is_a_number_from_0_to_100_or_the_lead_score(stored: object, score: float) -> None:
    source = context(account=replace(ACCOUNT, score=71), deal=replace(DEAL, metadata={"qualification_score": stored}))
    assert compiled(source)["qualification"]["score"] == score


def test_text_lists_and_yes_or_no_are_all_understood() -> None:
    metadata = {
        "budget_confirmed": True,
        "timeline": ["Q1", "before the freeze"],
        "products": "Observe; Lineage",
        "decision_process": {"first_step": "pilot", "second_step": "CFO"},
    }
    package = compiled(context(deal=replace(DEAL, metadata=metadata)))
    assert package["qualification"]["budget"] is True
    assert package["qualification"]["timeline"] == "Q1; before the freeze"
    assert package["qualification"]["decisionProcess"] == "First step: pilot; Second step: CFO"
    assert package["deal"]["products"] == ["Observe", "Lineage"]
    assert items(package)["budget"] == ["Confirmed"]


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(KeyError, match="lead_to_nowhere"):
        compiled(SQL, "lead_to_nowhere")


def test_a_very_long_note_is_quoted_up_to_a_word() -> None:
    long = replace(PAINS[0], body="word " * 1000)
    quote = compiled(context(notes=(long,)))["qualification"]["painPoints"][0]["quote"]
    assert len(quote) <= 602
    assert quote.endswith("word …")
