"""What is missing: two gaps stop a handoff until they are filled, the others go along with a task for the sender."""

from datetime import timedelta
from typing import Any

import pytest

from handoffs import pipeline
from handoffs.models import Account, Deal, State
from handoffs.responding import response_of
from handoffs.response import render_markdown
from handoffs.states import IllegalMoveError
from routing.models import Assignment, Decision, HandoffType
from sla.models import Clock
from tests.factories import NOW, NoteFactory, rich_account
from tests.stories.office import Office, headings, section

BANT_AND_MEDDIC = {
    *("budget_confirmed", "authority", "need", "timeline"),
    *("metrics", "economic_buyer", "decision_criteria", "decision_process", "identified_pain", "champion"),
}


def test_a_deal_nobody_qualified_waits_until_the_sdr_fills_the_gap(office: Office) -> None:
    # Dana marked the deal as qualified, but no element of BANT or MEDDIC has a value.
    rich = rich_account("sql_to_ae", sender=office.person("dana"))
    assert rich.deal is not None
    known = dict(rich.deal.metadata)
    forget(rich.account, rich.deal, BANT_AND_MEDDIC)
    office.sweep(at=NOW)

    # Nobody has it, no turn was taken, no clock runs; Dana was told what to fill.
    handoff = office.handoff()
    assert (handoff.state, handoff.owner, handoff.assignment) == (State.BLOCKED, None, None)
    assert not Assignment.objects.exists()
    assert not Decision.objects.exists()
    assert not Clock.objects.exists()
    [told] = office.posted()
    assert (told.to, told.title) == ("U0DANA", "Blocked SQL Handoff: Halvorsen Marine Logistics")
    assert "No element of BANT or MEDDIC has a value" in told.words
    assert told.link == f"https://handoffs.example/handoffs/{handoff.reference}/"
    assert office.mails() == []

    # The response has its own heading and never says that the handoff is complete.
    response = render_markdown(response_of(handoff))
    assert headings(response)[0] == "## Handoff Blocked ⛔"
    assert "Handoff Complete" not in response
    assert section(response, "### What Is Missing")[0].endswith("(blocks the handoff)")
    assert response_of(handoff).briefing.state == "not_yet"

    # Nothing overrides it: looking again by hand blocks it again, quietly, and nobody can take it.
    pipeline.retry(handoff, actor=office.actor("ben"), now=NOW + timedelta(minutes=5))
    office.sweep(at=NOW + timedelta(minutes=5))
    with pytest.raises(IllegalMoveError, match="is blocked, so it cannot be reassigned"):
        pipeline.reassign(handoff, to=office.person("freya"), reason="Push it", actor=office.actor("elena"), now=NOW)
    assert office.handoff().state == State.BLOCKED
    assert len(office.posted()) == 1

    # Dana fills the CRM; at the next look, five minutes later, it goes on by itself.
    rich.deal.metadata = known
    rich.deal.save()
    NoteFactory.create(account=rich.account, deal=rich.deal, tag="pain_point", body="Feeds go stale unseen.")
    office.sweep(at=NOW + timedelta(minutes=9))
    assert office.handoff().state == State.BLOCKED
    office.sweep(at=NOW + timedelta(minutes=10))
    handoff = office.handoff()
    assert (handoff.state, handoff.owner) == (State.ASSIGNED, office.person("ingrid"))
    assert handoff.assigned_at == NOW + timedelta(minutes=10), "the promise counts from the assignment"
    assert [package.verdict for package in handoff.packages.order_by("number")] == ["blocked", "complete"]


def test_a_second_gap_is_told_to_the_sender_as_well(office: Office) -> None:
    rich = rich_account("sql_to_ae", sender=office.person("dana"))
    assert rich.deal is not None
    forget(rich.account, rich.deal, BANT_AND_MEDDIC)
    office.sweep(at=NOW)

    # While it is blocked, the customer's addresses go bad: that is news for Dana.
    rich.account.contacts.update(email="", phone="")
    office.sweep(at=NOW + timedelta(minutes=15))
    first, second = office.posted()
    assert "Nobody at the customer can be reached" not in first.words
    assert "Nobody at the customer can be reached" in second.words
    assert (second.to, office.handoff().state) == ("U0DANA", State.BLOCKED)


def test_a_customer_nobody_can_reach_is_handed_to_nobody(office: Office) -> None:
    rich = rich_account("closed_to_cs", sender=office.person("oskar"))
    rich.account.contacts.update(email_bounced=True, phone="n/a")
    office.sweep(at=NOW)
    handoff = office.handoff()
    assert handoff.state == State.BLOCKED
    [told] = office.posted()
    assert told.to == "U0OSKAR"
    assert "Nobody at the customer can be reached" in told.words

    contact = rich.account.contacts.first()
    assert contact is not None
    contact.phone = "+47 22 55 01 99"
    contact.save()
    office.sweep(at=NOW + timedelta(minutes=15))
    assert office.handoff().owner == office.person("hannah")


@pytest.mark.parametrize(
    ("handoff_type", "sender", "forgotten"),
    [
        ("mql_to_sales", "mara", {"qualification_score"}),
        ("sql_to_ae", "dana", BANT_AND_MEDDIC),
        ("closed_to_cs", "oskar", {"implementation_scope", "promised_outcomes"}),
        ("expansion_to_sales", "hannah", {"expansion_signals"}),
    ],
)
def test_each_type_is_blocked_without_a_context_of_its_own(
    office: Office, handoff_type: str, sender: str, forgotten: set[str]
) -> None:
    rich = rich_account(handoff_type, sender=office.person(sender))
    forget(rich.account, rich.deal, forgotten)
    rich.account.usage_stages.all().delete()
    rich.account.activities.filter(kind__in=("expansion_signal", "trial")).delete()
    rich.account.score = None
    rich.account.save()
    handoff = office.receive(HandoffType(handoff_type), rich.account, rich.deal, now=NOW)
    handoff = pipeline.run(handoff, now=NOW, actor="engine")
    assert handoff.state == State.BLOCKED


def test_a_smaller_gap_goes_along_flagged_with_a_task_for_the_sender(office: Office) -> None:
    rich = rich_account("sql_to_ae", sender=office.person("dana"))
    assert rich.deal is not None
    rich.deal.amount = None
    rich.deal.save()
    forget(rich.account, rich.deal, {"timeline"})
    office.sweep(at=NOW)

    handoff = office.handoff()
    assert (handoff.state, handoff.is_flagged) == (State.ASSIGNED, True)
    assert handoff.completeness is not None
    assert 80 < handoff.completeness < 100
    by_recipient = {message.to: message for message in office.posted()}
    assert by_recipient["U0DANA"].title == "Gaps in SQL Handoff: Halvorsen Marine Logistics"
    assert "The timeline is unknown" in by_recipient["U0DANA"].words
    assert "The deal has no amount" in by_recipient["U0DANA"].words
    assert "Missing: The deal has no amount" in by_recipient["#ae-enterprise"].words
    response = render_markdown(response_of(handoff))
    assert section(response, "### Actions Taken")[-1] == "- ✅ Dana Whitfield told what is missing"


def forget(account: Account, deal: Deal | None, keys: set[str]) -> None:
    """Takes metadata away from the deal and the account, with the notes that say the same."""
    row: Any
    for row in filter(None, (deal, account)):
        row.metadata = {key: value for key, value in row.metadata.items() if key not in keys}
        row.save()
    account.notes.filter(tag__in=("pain_point", "implementation_scope", "promised_outcome")).delete()
