"""The response is told from the record: who, by when, and only what the ledger shows."""

from datetime import timedelta

import pytest

from handoffs import pipeline
from handoffs.models import Delivery, Handoff
from handoffs.responding import response_of
from handoffs.response import render_markdown
from handoffs.states import RefusedError
from routing.models import Role
from tests.factories import NOW, Company, DelegationFactory
from tests.handoffs.given import LATER, assigned, blocked, received, unassigned

pytestmark = pytest.mark.django_db


def settle(handoff: Handoff, purpose: str, state: str, **fields: object) -> None:
    """As if the outbox had come to this end with the message."""
    times = {"delivered": {"delivered_at": LATER, "next_at": None}, "queued": {}}.get(state, {"next_at": None})
    handoff.deliveries.filter(purpose=purpose).update(state=state, **times, **fields)


def test_what_was_not_looked_at_has_no_response(firm: Company) -> None:
    handoff = received(firm)
    with pytest.raises(RefusedError) as refused:
        response_of(handoff)
    assert str(refused.value) == (
        f"{handoff.reference} has no package: it has not been looked at yet. Run it, then ask again."
    )
    Handoff.objects.update(last_error="The CRM does not answer.")
    with pytest.raises(RefusedError, match=r"has no package: The CRM does not answer\. Run it, then ask again\."):
        response_of(Handoff.objects.get())


def test_people_teams_promise_and_customer_are_those_of_the_record(firm: Company) -> None:
    facts = response_of(assigned(firm))
    assert (facts.state, facts.at) == ("assigned", NOW)
    assert (facts.from_name, facts.from_team) == ("Dana Whitfield", "SDR")
    assert (facts.to_name, facts.to_team, facts.owner_first_name) == ("Ingrid Solheim", "Enterprise AE", "Ingrid")
    assert (facts.sla_minutes, facts.deadline) == (120, NOW + timedelta(hours=2))
    assert (facts.contact_first_name, facts.account_zone) == ("Astrid", "Europe/Oslo")


def test_before_anything_was_sent_everything_is_queued(firm: Company) -> None:
    facts = response_of(assigned(firm))
    assert {str(facts.crm), str(facts.alert), str(facts.briefing)} == {"queued"}
    assert str(facts.gap_list) == "not needed"


def test_the_crm_is_updated_only_when_both_its_writes_are(firm: Company) -> None:
    handoff = assigned(firm)
    settle(handoff, "crm_update", "delivered")
    assert str(response_of(handoff).crm) == "queued"
    settle(handoff, "crm_note", "delivered")
    assert str(response_of(handoff).crm) == "delivered"
    settle(handoff, "crm_note", "parked", delivered_at=None, last_error="Account A-1 is not in the CRM.")
    assert str(response_of(handoff).crm) == "failed: Account A-1 is not in the CRM"


def test_an_alert_that_went_another_way_is_delivered_by_that_way(firm: Company) -> None:
    handoff = assigned(firm)
    settle(handoff, "alert", "parked", last_error="Slack does not let the app post.")
    assert str(response_of(handoff).alert) == "failed: Slack does not let the app post"
    Delivery.objects.create(
        key="other",
        handoff=handoff,
        assignment_number=1,
        purpose="alert",
        channel="email",
        recipient="ingrid@fathomline.example",
        payload={},
        fallback_of=handoff.deliveries.get(purpose="alert"),
        state="delivered",
        delivered_at=LATER,
        queued_at=NOW,
    )
    facts = response_of(handoff)
    assert (str(facts.alert), facts.alert_channel) == ("delivered", "E-mail")


def test_after_a_reassignment_only_the_new_owners_messages_count(firm: Company) -> None:
    handoff = assigned(firm)
    settle(handoff, "briefing", "delivered")
    after = pipeline.reassign(handoff, to=firm.reps["freya"], reason="On leave", actor="user:1", now=LATER)
    facts = response_of(after)
    assert (facts.to_name, str(facts.briefing)) == ("Freya Aldous", "queued")
    assert (facts.at, facts.deadline) == (NOW, LATER + timedelta(hours=2))


def test_the_ladder_names_the_holder_of_the_office_or_whoever_stands_in(firm: Company) -> None:
    handoff = assigned(firm)
    assert response_of(handoff).ladder == (
        ("Ingrid Solheim", NOW + timedelta(hours=3)),
        ("Elena Petrova", NOW + timedelta(hours=6)),
        ("reassigned", NOW + timedelta(hours=26)),
    )
    DelegationFactory.create(holder=firm.reps["elena"], delegate=firm.reps["clara"])
    assert response_of(handoff).ladder[1][0] == "Clara Voss"
    Role.objects.all().delete()
    assert response_of(handoff).ladder[1][0] == "sales manager"


def test_an_acknowledgement_is_asked_for_and_told_once_it_is_given(firm: Company) -> None:
    handoff = assigned(firm)
    assert "Acknowledgement: **required**, not yet given." in render_markdown(response_of(handoff))
    after = pipeline.acknowledge(handoff, actor="user:1", now=LATER)
    assert "Acknowledgement: **required**, given Tue 17 Nov 2026, 10:30 UTC." in render_markdown(response_of(after))


def test_a_blocked_one_says_that_nobody_has_it(firm: Company) -> None:
    facts = response_of(blocked(firm))
    assert (facts.state, facts.to_name, facts.deadline) == ("blocked", "", None)
    assert facts.reason == "Nobody has it: the sender was asked to fill what is missing."
    assert {str(facts.crm), str(facts.alert), str(facts.briefing)} == {"not yet"}
    assert str(facts.gap_list) == "queued"


def test_an_unassigned_one_says_why_nobody_could_take_it_and_when_it_is_decided_again(firm: Company) -> None:
    facts = response_of(unassigned(firm))
    assert (facts.state, facts.held_until) == ("unassigned", NOW + timedelta(minutes=5))
    assert facts.reason == "Nobody in Enterprise AE can take it now: it has no members."


def test_the_same_record_gives_the_same_text(firm: Company) -> None:
    handoff = assigned(firm)
    assert render_markdown(response_of(handoff)) == render_markdown(response_of(Handoff.objects.get()))
