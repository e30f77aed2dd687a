"""Recommendations: three to six, in order, each on a fact that is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoffs.connectors.ports import UsageRecord
from handoffs.context import Context
from handoffs.package import compile_package
from tests.handoffs.contexts import ASTRID, BY_TYPE, DEAL, EXPANSION, MQL, NOW, SQL, at, context


def advice(source: Context, handoff_type: str) -> list[str]:
    package = compile_package(source, handoff_type=handoff_type, now=NOW)
    return [each["text"] for each in package["recommendations"]]


@pytest.mark.parametrize("handoff_type", BY_TYPE)
def test_there_are_three_to_six_each_with_its_evidence(handoff_type: str) -> None:
    package = compile_package(BY_TYPE[handoff_type], handoff_type=handoff_type, now=NOW)
    assert 3 <= len(package["recommendations"]) <= 6
    assert all(set(each) == {"text", "evidence"} and each["evidence"] for each in package["recommendations"])


@pytest.mark.parametrize("handoff_type", BY_TYPE)
def test_even_a_poor_account_gets_three(handoff_type: str) -> None:
    poor = context(contacts=(ASTRID,), deal=None, activities=(), notes=(), content=(), usage=None)
    said = advice(poor, handoff_type)
    assert 3 <= len(said) <= 6
    assert said[0].startswith("Call Astrid Nygaard on +47 22 55 01 84")
    assert any(text.startswith(("Find out: ", "Have ")) for text in said)


def test_a_lead_is_answered_first_and_then_met_with_its_own_interest() -> None:
    assert advice(MQL, "mql_to_sales")[:2] == [
        "Call Astrid Nygaard on +47 22 55 01 84 to answer the request of 4 Nov 2026: Demo of Observe Enterprise.",
        "Open with what they asked for: Observe Enterprise; Observe.",
    ]


def test_an_agreed_next_step_comes_before_the_pitch_and_the_buyer_is_brought_in() -> None:
    assert advice(SQL, "sql_to_ae")[1:4] == [
        "Keep what is agreed: Pilot outline by Friday; Security questionnaire.",
        (
            "Open with what Astrid Nygaard said: “We learn a vessel feed is stale when a shipper rings us. "
            "In October that was eleven times.”"
        ),
        "Bring in Henrik Solli (Chief Financial Officer) before the price is on the table.",
    ]


def test_a_gap_of_the_qualification_becomes_a_question() -> None:
    metadata = {key: value for key, value in DEAL.metadata.items() if key != "decision_process"}
    assert advice(replace(SQL, deal=replace(DEAL, metadata=metadata)), "sql_to_ae")[-1] == "Find out: decision process."


def test_what_was_promised_is_repeated_in_the_kickoff() -> None:
    said = advice(BY_TYPE["closed_to_cs"], "closed_to_cs")
    assert said[0] == "Call Astrid Nygaard on +47 22 55 01 84 to agree a date for the kickoff."
    assert said[1].startswith("Repeat in the kickoff what was promised: Live by 26 Feb 2027;")
    assert said[4] == (
        "Invite Erik Moen (Enterprise Architect) and Jonas Bakke (Head of Fleet Operations) to the kickoff."
    )


def test_an_open_ticket_comes_before_selling_more_and_full_seats_are_an_opening() -> None:
    said = advice(EXPANSION, "expansion_to_sales")
    assert said[0] == "Settle the open ticket before talking about more: Alerts arrive late."
    assert said[2] == "Open with the signal of 16 Nov 2026: Asked for 80 more pipelines."
    assert said[3] == "Offer seats before they run out: 46 of 50 are in use."


def test_seats_are_not_offered_while_many_are_free() -> None:
    usage = UsageRecord(stage="adopted", as_of=at(11, 1), active_users=10, seats=50)
    said = advice(replace(EXPANSION, usage=usage), "expansion_to_sales")
    assert said[3] == "Start from what they use today: Adopted as of 1 Nov 2026; 10 of 50 seats in use."


def test_somebody_who_must_not_be_contacted_is_never_proposed() -> None:
    silent = tuple(replace(who, do_not_contact=True) for who in SQL.contacts if who.first_name in ("Henrik", "Astrid"))
    others = tuple(who for who in SQL.contacts if who.first_name not in ("Henrik", "Astrid"))
    said = advice(replace(SQL, contacts=silent + others, notes=()), "sql_to_ae")
    assert said[0] == "Call Erik Moen on +47 22 55 01 39 first."
    assert not any("Bring in Henrik" in text for text in said)


def test_a_contact_without_a_phone_is_written_to() -> None:
    said = advice(replace(SQL, contacts=(replace(ASTRID, phone=""),)), "sql_to_ae")
    assert said[0] == "Write to Astrid Nygaard at astrid.nygaard@halvorsen.example first."


def test_very_long_words_are_cut_inside_a_sentence() -> None:
    source = replace(SQL, deal=replace(DEAL, metadata={**DEAL.metadata, "next_steps": "step " * 500}))
    assert all(len(text) < 320 for text in advice(source, "sql_to_ae"))
