"""When leave begins: what was not acknowledged goes to the cover, what was is proposed to the manager, each once."""

from datetime import timedelta

import pytest
from django.db import transaction

from handoffs import giving, leaving, pipeline, reassigning, timeline
from handoffs.models import Delivery, Handoff, State
from handoffs.reassigning import TakenMeanwhileError
from routing.models import Absence, Assignment, Rep
from sla.models import Clock, ClockKind
from tests.factories import NOW, AbsenceFactory, CalendarFactory, Company
from tests.handoffs.given import assigned

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

BEGINS = NOW + timedelta(hours=1)
BACK = NOW + timedelta(days=7)


@pytest.fixture
def ingrids(firm: Company) -> Handoff:
    handoff = assigned(firm)
    assert handoff.owner == firm.reps["ingrid"]
    return handoff


def leave(firm: Company, **more: object) -> Absence:
    times = {"starts_at": BEGINS, "ends_at": BACK}
    absence: Absence = AbsenceFactory.create(rep=firm.reps["ingrid"], **{**times, **more})
    return absence


def look(at: object = BEGINS) -> int:
    return leaving.look_due(now=at, clock=lambda: at, limit=5)  # type: ignore[arg-type,return-value]


def owner_of(handoff: Handoff) -> Rep | None:
    handoff.refresh_from_db()
    return handoff.owner


def last_line(handoff: Handoff) -> str:
    return timeline.sentences(handoff.stream)[-1].text


def test_nothing_moves_before_the_leave_begins(firm: Company, ingrids: Handoff) -> None:
    leave(firm, cover=firm.reps["mikael"])

    assert look(BEGINS - timedelta(seconds=1)) == 0

    assert owner_of(ingrids) == firm.reps["ingrid"]


def test_what_was_not_acknowledged_goes_to_the_cover_with_a_clock_of_their_own(firm: Company, ingrids: Handoff) -> None:
    absence = leave(firm, cover=firm.reps["mikael"])

    assert look() == 1
    assert look(BEGINS + timedelta(minutes=1)) == 0

    assert (owner_of(ingrids), ingrids.state) == (firm.reps["mikael"], State.ASSIGNED)
    assert last_line(ingrids) == "Ingrid Solheim is away: went to Mikael Strand"
    assert list(Assignment.objects.values_list("number", "release_reason")) == [(1, "reassigned"), (2, "")]
    promise = Clock.objects.get(assignment=ingrids.assignment, kind=ClockKind.FIRST_CONTACT)
    assert promise.started_at == BEGINS
    assert ingrids.assigned_at == NOW, "the overall figure runs on"
    absence.refresh_from_db()
    assert absence.handed_over_at == BEGINS
    alerts = Delivery.objects.filter(handoff=ingrids, purpose="briefing", assignment_number=2)
    assert [each.recipient for each in alerts] == ["mikael@fathomline.example"]


def test_without_a_cover_of_the_absence_the_persons_own_cover_takes_it(firm: Company, ingrids: Handoff) -> None:
    Rep.objects.filter(pk=firm.reps["ingrid"].pk).update(cover=firm.reps["mikael"])
    leave(firm)

    look()

    assert owner_of(ingrids) == firm.reps["mikael"]


def test_a_cover_who_is_away_is_covered_in_turn_and_a_circle_ends(firm: Company, ingrids: Handoff) -> None:
    AbsenceFactory.create(rep=firm.reps["freya"], starts_at=NOW, ends_at=BACK, cover=firm.reps["mikael"])
    Rep.objects.filter(pk=firm.reps["mikael"].pk).update(cover=firm.reps["freya"])
    leave(firm, cover=firm.reps["freya"])

    look()

    assert owner_of(ingrids) == firm.reps["mikael"]


def test_without_any_cover_it_is_decided_afresh_without_the_person(firm: Company, ingrids: Handoff) -> None:
    leave(firm)

    look()

    assert owner_of(ingrids) == firm.reps["freya"], "the next in turn"


def test_a_cover_who_is_merely_off_work_is_waited_for(firm: Company, ingrids: Handoff) -> None:
    at_night = BEGINS + timedelta(hours=11)
    mikael = firm.reps["mikael"]
    mikael.calendar = CalendarFactory.create(name="Nine to five")
    mikael.save()
    absence = leave(firm, starts_at=at_night, cover=mikael)

    look(at_night)

    absence.refresh_from_db()
    morning = absence.look_at
    assert owner_of(ingrids) == firm.reps["ingrid"]
    assert morning is not None
    assert absence.handed_over_at is None
    assert look(morning - timedelta(seconds=1)) == 0
    look(morning)
    assert owner_of(ingrids) == mikael


def test_what_a_cover_can_no_longer_take_when_it_comes_to_it_is_looked_at_again_soon(
    firm: Company, ingrids: Handoff
) -> None:
    mikael = firm.reps["mikael"]
    absence = leave(firm, cover=mikael)
    assert ingrids.package is not None
    heir = leaving._heir(ingrids, ingrids.package, absence, now=BEGINS)
    assert heir.person == mikael

    Rep.objects.filter(pk=mikael.pk).update(load_cap=0)
    with pytest.raises(TakenMeanwhileError), transaction.atomic():
        reassigning.hand_on(giving.lock(ingrids), ingrids.package, heir, now=BEGINS, actor="engine")

    assert owner_of(ingrids) == firm.reps["ingrid"]
    look()
    assert owner_of(ingrids) == firm.reps["freya"], "at the next look the rules decide"


def test_what_was_acknowledged_stays_and_is_proposed_once(firm: Company, ingrids: Handoff) -> None:
    pipeline.acknowledge(ingrids, actor="user:1", now=NOW)
    leave(firm, cover=firm.reps["mikael"])

    look()
    look(BEGINS + timedelta(minutes=1))

    assert (owner_of(ingrids), ingrids.state) == (firm.reps["ingrid"], State.ACKNOWLEDGED)
    told = Delivery.objects.filter(handoff=ingrids, key__contains="away-").values_list("recipient", flat=True)
    assert sorted(told) == ["U0ELENA", "U0MIKAEL"]
    assert last_line(ingrids) == "Ingrid Solheim is away: their manager was asked whether to reassign it"


def test_a_leave_that_is_entered_late_counts_and_one_that_is_deleted_does_not(firm: Company, ingrids: Handoff) -> None:
    gone = leave(firm, cover=firm.reps["mikael"])
    gone.delete()
    assert look(BEGINS + timedelta(hours=1)) == 0
    leave(firm, cover=firm.reps["mikael"])

    look(BEGINS + timedelta(hours=3))

    assert owner_of(ingrids) == firm.reps["mikael"]


def test_a_leave_that_is_over_moves_nothing(firm: Company, ingrids: Handoff) -> None:
    leave(firm, ends_at=BEGINS + timedelta(hours=1), cover=firm.reps["mikael"])

    assert look(BEGINS + timedelta(hours=1)) == 0

    assert owner_of(ingrids) == firm.reps["ingrid"]


def test_a_leave_that_is_moved_to_later_is_handed_over_when_it_begins_then(firm: Company, ingrids: Handoff) -> None:
    absence = leave(firm, cover=firm.reps["mikael"])
    look()
    later = BEGINS + timedelta(days=2)
    Absence.objects.filter(pk=absence.pk).update(starts_at=later)
    again = assigned(firm, now=BEGINS + timedelta(hours=1))
    Handoff.objects.filter(pk=again.pk).update(owner=firm.reps["ingrid"])

    assert look(later) == 1

    assert owner_of(again) == firm.reps["mikael"]


def test_where_nobody_else_is_left_it_goes_to_the_manager(firm: Company, ingrids: Handoff) -> None:
    others = Rep.objects.filter(function="ae").exclude(pk=firm.reps["ingrid"].pk)
    others.update(load_cap=0)
    firm.pools["revops"].memberships.update(is_active=False)
    leave(firm)

    look()

    assert owner_of(ingrids) == firm.reps["elena"]


def test_a_leave_that_cannot_be_handed_over_is_looked_at_again_and_stops_no_other(
    firm: Company, ingrids: Handoff
) -> None:
    freyas = assigned(firm)
    assert freyas.owner == firm.reps["freya"]
    odd = leave(firm, cover=firm.reps["mikael"])
    AbsenceFactory.create(rep=firm.reps["freya"], starts_at=BEGINS, ends_at=BACK, cover=firm.reps["mikael"])
    Handoff.objects.filter(pk=ingrids.pk).update(handoff_type="of_no_known_kind")

    assert look() == 2

    assert owner_of(freyas) == firm.reps["mikael"]
    odd.refresh_from_db()
    assert (odd.handed_over_at, odd.look_at) == (None, BEGINS + leaving.TRY_AGAIN)
