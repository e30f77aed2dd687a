"""Nobody can take it: it is held and its manager told, and at the next opening it is decided afresh."""

from datetime import UTC, datetime, timedelta

import pytest

from handoffs import pipeline
from handoffs.models import State
from handoffs.responding import response_of
from handoffs.response import render_markdown
from routing.models import Decision, Rep
from sla.models import Clock, ClockKind
from tests.factories import NOW, AbsenceFactory, CalendarFactory, rich_account
from tests.stories.office import Office, headings, section

EVENING = datetime(2026, 11, 17, 18, 0, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


@pytest.fixture
def nine_to_five(office: Office) -> Office:
    """Customer success works Monday to Friday from nine to five."""
    team = office.firm.teams["cs"]
    team.calendar = CalendarFactory.create(name="Nine to five")
    team.save()
    return office


def test_a_deal_won_in_the_evening_is_held_and_assigned_in_the_morning(nine_to_five: Office) -> None:
    office = nine_to_five
    rich_account("closed_to_cs", sender=office.person("oskar"), now=EVENING)
    office.sweep(at=EVENING)

    # Nobody has it, no clock runs, and Carsten, who manages the team, knows why.
    handoff = office.handoff()
    assert (handoff.state, handoff.owner, handoff.unassigned_since) == (State.UNASSIGNED, None, EVENING)
    assert handoff.next_at == NEXT_MORNING
    assert not Clock.objects.exists()
    [told] = office.posted()
    assert (told.to, told.title) == ("U0CARSTEN", "Nobody can take Closed won Handoff: Halvorsen Marine Logistics")
    assert "Hannah Brandt is off work until Wed 18 Nov 2026, 09:00 UTC." in told.words
    response = render_markdown(response_of(handoff))
    assert headings(response)[0] == "## Handoff Unassigned ⏳"
    assert section(response, "### Next Steps for Customer success")[0] == (
        "1. Assign an owner, or wait: it is decided again on Wed 18 Nov 2026, 09:00 UTC"
    )

    # Nothing happens in the night; at nine it is Hannah's, and her day begins then.
    office.sweep(at=NEXT_MORNING - timedelta(seconds=1))
    assert office.handoff().state == State.UNASSIGNED
    office.sweep(at=NEXT_MORNING)
    handoff = office.handoff()
    assert (handoff.state, handoff.owner) == (State.ASSIGNED, office.person("hannah"))
    assert (handoff.assigned_at, handoff.unassigned_since) == (NEXT_MORNING, None)
    promise = Clock.objects.get(kind=ClockKind.FIRST_CONTACT)
    assert promise.started_at == NEXT_MORNING
    assert promise.deadline_at == NEXT_MORNING + timedelta(hours=24)
    outcomes = Decision.objects.order_by("id").values_list("outcome", flat=True)
    assert list(outcomes) == ["held", "assigned"]


def test_the_manager_may_assign_a_held_handoff_by_hand(nine_to_five: Office) -> None:
    office = nine_to_five
    rich_account("closed_to_cs", sender=office.person("oskar"), now=EVENING)
    office.sweep(at=EVENING)
    pipeline.reassign(
        office.handoff(),
        to=office.person("yusuf"),
        reason="Yusuf offered to take it tonight",
        actor=office.actor("carsten"),
        now=EVENING + timedelta(minutes=20),
    )
    office.sweep(at=EVENING + timedelta(minutes=20))
    handoff = office.handoff()
    assert (handoff.state, handoff.owner, handoff.next_at) == (State.ASSIGNED, office.person("yusuf"), None)
    assert office.mails()[-1]["to"] == ["yusuf@fathomline.example"]

    # The morning finds nothing to do.
    office.sweep(at=NEXT_MORNING)
    assert office.handoff().owner == office.person("yusuf")


def test_somebody_who_is_back_earlier_is_found_at_the_first_opening(office: Office) -> None:
    AbsenceFactory.create(rep=office.person("hannah"), ends_at=NOW + timedelta(days=3))
    AbsenceFactory.create(rep=office.person("yusuf"), ends_at=NOW + timedelta(days=1))
    rich_account("closed_to_cs", sender=office.person("oskar"))
    office.sweep(at=NOW)
    assert office.handoff().next_at == NOW + timedelta(days=1)
    office.sweep(at=NOW + timedelta(days=1))
    assert office.handoff().owner == office.person("yusuf")


def test_a_pool_at_its_caps_is_asked_again_soon_and_the_manager_told_once(office: Office) -> None:
    Rep.objects.filter(pk__in=[office.person("hannah").pk, office.person("yusuf").pk]).update(load_cap=0)
    rich_account("closed_to_cs", sender=office.person("oskar"))
    office.sweep(at=NOW)
    assert office.handoff().next_at == NOW + timedelta(minutes=5)
    office.sweep(at=NOW + timedelta(minutes=5))
    office.sweep(at=NOW + timedelta(minutes=10))
    assert [message.to for message in office.posted()] == ["U0CARSTEN"]
    waiting = office.handoff()
    assert (waiting.next_at, waiting.failures, waiting.last_error) == (NOW + timedelta(minutes=15), 0, "")

    # Yusuf has room again.
    Rep.objects.filter(pk=office.person("yusuf").pk).update(load_cap=5)
    office.sweep(at=NOW + timedelta(minutes=15))
    assert office.handoff().owner == office.person("yusuf")
