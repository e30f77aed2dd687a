"""The response, word for word: one golden file per case in tests/handoffs/golden.

After a wanted change of wording: `WRITE_GOLDEN=1 pytest tests/handoffs/test_response.py`, then read the difference.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handoffs.context import Context
from handoffs.response import render_json, render_markdown
from handoffs.response_facts import DELIVERED, NOT_NEEDED, PLANNED, QUEUED, Action, ResponseFacts
from tests.handoffs.contexts import ACCOUNT, ASTRID, BY_TYPE, DEAL, NOW, PAINS, SQL, context, note
from tests.handoffs.responses import response_facts

GOLDEN = Path(__file__).parent / "golden"

NOBODY: dict[str, Any] = {
    "to_name": "",
    "to_team": "",
    "owner_first_name": "",
    "deadline": None,
    "crm": NOT_NEEDED,
    "alert": NOT_NEEDED,
    "briefing": NOT_NEEDED,
}


def hostile() -> Context:
    evil = "Evil | Co <script>alert(1)</script>\n## Owned ✅\n\n[click](javascript:alert(1)) **bold** <!channel>"
    return context(
        account=replace(ACCOUNT, name=evil, industry="`rm -rf` | ~~x~~", tier="# enterprise"),
        contacts=(replace(ASTRID, first_name="=HYPERLINK(", last_name="_Astrid_ | @everyone", title="1. VP\n- Data"),),
        deal=replace(
            DEAL,
            currency="U|S",
            metadata={
                **DEAL.metadata,
                "timeline": "a\n\n### Recommended Approach\n\n1. Pay",
                "products": ["A | B", "*C*"],
            },
        ),
        notes=(replace(PAINS[0], body="![x](http://evil.example/x.png)\n- ✅ CRM updated", contact_name="**Root**"),),
    )


def blocked() -> ResponseFacts:
    source = replace(SQL, contacts=(), deal=None, notes=())
    return response_facts(
        "sql_to_ae",
        context=source,
        state="blocked",
        reason="Nothing was assigned: the handoff waits until the gaps below are filled.",
        contact_first_name="",
        from_first_name="Dana",
        gap_list=QUEUED,
        **NOBODY,
    )


def unassigned() -> ResponseFacts:
    return response_facts(
        "mql_to_sales",
        state="unassigned",
        reason="Nobody in SDR, EMEA North can take it now.",
        held_until=NOW + timedelta(hours=19, minutes=8),
        **{**NOBODY, "to_team": "SDR, EMEA North"},
    )


def flagged() -> ResponseFacts:
    metadata = {
        key: value for key, value in DEAL.metadata.items() if key not in ("decision_process", "budget_confirmed")
    }
    return response_facts(
        "sql_to_ae",
        context=replace(SQL, deal=replace(DEAL, metadata=metadata)),
        crm=QUEUED,
        alert=Action("failed", "channel_not_found"),
        briefing=QUEUED,
        gap_list=DELIVERED,
        acknowledgement_required=True,
        ladder=(
            ("Ingrid", NOW + timedelta(hours=3)),
            ("Elena Petrova", NOW + timedelta(hours=6)),
            ("reassigned", NOW + timedelta(hours=26)),
        ),
    )


CASES: dict[str, Callable[[], ResponseFacts]] = {
    **{name: lambda name=name: response_facts(name) for name in BY_TYPE},  # type: ignore[misc]
    "flagged": flagged,
    "blocked": blocked,
    "unassigned": unassigned,
    "no_deal": lambda: response_facts("sql_to_ae", context=replace(SQL, deal=None)),
    "hostile": lambda: response_facts(
        "sql_to_ae", context=hostile(), to_name="Ing|rid", to_team="## Team", owner_first_name="Ing\n# rid"
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_response_reads_word_for_word(case: str) -> None:
    path = GOLDEN / f"{case}.md"
    text = render_markdown(CASES[case]())
    if os.environ.get("WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


HEADINGS = [
    "## Handoff Complete ✅",
    "### Routing",
    "### Account Summary",
    "### Key Contacts",
    "### Journey Highlights",
    "### Qualification Summary",
    "### {details} Details",
    "### {section}",
    "### Recommended Approach",
    "### Actions Taken",
    "### Next Steps for {owner}",
]


@pytest.mark.parametrize("case", [*BY_TYPE, "flagged", "no_deal", "hostile"])
def test_the_headings_are_fixed_and_the_section_of_the_type_stands_before_the_approach(case: str) -> None:
    facts = CASES[case]()
    found = [line for line in render_markdown(facts).splitlines() if line.startswith("#")]
    details = "Deal" if facts.handoff_type == "closed_to_cs" else "Opportunity"
    section = facts.package["template"]["title"]
    owner = facts.owner_first_name.replace("\n# ", " \\# ")
    assert found == [line.format(details=details, section=section, owner=owner) for line in HEADINGS]


@pytest.mark.parametrize("case", BY_TYPE)
def test_the_lines_of_the_document_carry_the_labels_of_its_template(case: str) -> None:
    text = render_markdown(CASES[case]())
    closing = "**Close Date**" if case == "closed_to_cs" else "**Expected Close**"
    for label in (
        *("**Type**: ", "**Account**: ", "**Date**: ", "| Field | Value |\n|-------|-------|\n| From | ", "| To | "),
        *("| SLA | ", "| Deadline | ", "**Company**: ", "**Industry**: ", "**Size**: 4,200 employees", "**Tier**: "),
        *("- **Source**: ", "- **First Touch**: ", "- **Key Touchpoints**: ", "- **Content Engaged**: "),
        *("- **Product Usage**: ", "- **Value**: ", "- **Products**: ", f"- {closing}: "),
        "- **Astrid Nygaard** - VP Data and Analytics - astrid.nygaard@halvorsen.example",
    ):
        assert label in text


@pytest.mark.parametrize(
    ("minutes", "words"), [(120, "2 hours"), (60, "1 hour"), (90, "90 minutes"), (1440, "24 hours"), (1, "1 minute")]
)
def test_the_promise_is_said_the_same_way_in_the_table_and_in_the_next_steps(minutes: int, words: str) -> None:
    text = render_markdown(response_facts("sql_to_ae", sla_minutes=minutes))
    assert f"| SLA | {words} |" in text
    assert f"2. Contact Astrid within {words}\n" in text


def test_without_a_deal_the_values_say_so() -> None:
    text = render_markdown(CASES["no_deal"]())
    assert "- **Value**: No deal yet\n- **Products**: No deal yet\n- **Expected Close**: No deal yet\n" in text


@pytest.mark.parametrize("part", ["crm", "alert", "briefing"])
@pytest.mark.parametrize(
    ("action", "words"),
    [
        (QUEUED, "queued"),
        (Action("failed", "the address bounced"), "failed: the address bounced"),
        (NOT_NEEDED, "not needed"),
    ],
)
def test_a_tick_stands_only_for_what_was_delivered(part: str, action: Action, words: str) -> None:
    changes: dict[str, Any] = {part: action}
    text = render_markdown(response_facts("sql_to_ae", **changes))
    assert text.count("✅") == 5
    label = {"crm": "CRM updated", "alert": "Ingrid Solheim notified via Slack", "briefing": "Briefing email sent"}[
        part
    ]
    assert f"- ✅ {label}" not in text
    assert f"{label}: {words}\n" in text


@pytest.mark.parametrize("case", ["blocked", "unassigned"])
def test_without_an_owner_it_is_never_called_complete(case: str) -> None:
    facts = CASES[case]()
    text = render_markdown(facts)
    assert "Handoff Complete" not in text
    assert text.count("✅") == 1
    answer = render_json(facts)
    assert answer["assigned_owner"] is None
    assert answer["sla_deadline"] is None
    assert answer["briefing_sent"] is False


def test_a_dry_run_ticks_nothing() -> None:
    facts = response_facts("sql_to_ae", crm=PLANNED, alert=PLANNED, briefing=PLANNED, rehearsed=True)
    text = render_markdown(facts)
    assert text.count("✅") == 1
    assert "**Dry run**: this is what would happen; nothing was written and nobody was told.\n" in text
    assert "- ⏳ SLA timer started: planned, nothing was written\n" in text


def test_the_deadline_is_told_on_both_clocks_where_they_differ() -> None:
    assert "| Deadline | Thu 19 Nov 2026, 14:52 GMT (15:52 in Oslo) |" in render_markdown(response_facts("sql_to_ae"))
    same = response_facts("sql_to_ae", account_zone="Europe/Lisbon")
    assert "| Deadline | Thu 19 Nov 2026, 14:52 GMT |" in render_markdown(same)
    far = response_facts("sql_to_ae", zone="America/Sao_Paulo", account_zone="Asia/Tokyo")
    assert "Thu 19 Nov 2026, 11:52 UTC-03 (23:52 in Tokyo)" in render_markdown(far)
    late = response_facts("sql_to_ae", account_zone="Pacific/Auckland")
    assert "14:52 GMT (Fri 20 Nov 2026, 03:52 in Auckland)" in render_markdown(late)


def test_the_json_carries_the_four_agreed_keys_and_the_record() -> None:
    facts = response_facts("sql_to_ae")
    answer = render_json(facts)
    assert json.loads(json.dumps(answer)) == answer
    assert answer["handoff_complete"] == render_markdown(facts)
    assert answer["assigned_owner"] == "Ingrid Solheim"
    assert answer["briefing_sent"] is True
    assert answer["sla_deadline"] == "2026-11-19T14:52:00+00:00"
    assert answer["reference"] == "HO-2418"
    assert answer["actions"]["owner_notified"] == "delivered"
    assert answer["package"]["deal"]["id"] == "D-88412"


@pytest.mark.parametrize("action", [QUEUED, Action("failed", "the address bounced"), PLANNED])
def test_a_briefing_that_was_not_delivered_was_not_sent(action: Action) -> None:
    answer = render_json(response_facts("sql_to_ae", briefing=action))
    assert answer["briefing_sent"] is False
    assert answer["actions"]["briefing_email"] == str(action)


def test_the_same_facts_give_the_same_text() -> None:
    assert render_markdown(flagged()) == render_markdown(flagged())


def test_many_contacts_are_counted_not_all_printed() -> None:
    people = tuple(replace(ASTRID, crm_id=f"C-{n}", first_name=f"Person {n}", is_primary=False) for n in range(15))
    text = render_markdown(response_facts("sql_to_ae", context=replace(SQL, contacts=people)))
    assert "- 3 more in the CRM\n" in text
    assert "Person 11" in text
    assert "Person 12" not in text


def test_money_is_told_in_its_own_currency() -> None:
    text = render_markdown(response_facts("sql_to_ae", context=replace(SQL, deal=replace(DEAL, currency="NOK"))))
    assert "- **Value**: NOK 240,000\n" in text


def test_an_acknowledgement_that_was_given_is_told() -> None:
    given = response_facts("sql_to_ae", acknowledgement_required=True, acknowledged_at=NOW + timedelta(minutes=28))
    assert render_markdown(given).endswith("Acknowledgement: **required**, given Thu 19 Nov 2026, 13:20 GMT.\n")


def test_a_note_is_quoted_with_its_speaker_and_its_number() -> None:
    source = replace(SQL, notes=(note("N-9", "pain_point", "It hurts."),))
    assert "- “It hurts.” (Ingrid Solheim, 12 Nov 2026, note N-9)\n" in render_markdown(
        response_facts("sql_to_ae", context=source)
    )
