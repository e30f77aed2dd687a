"""Nobody has had it for half an hour: the receiving manager and RevOps hear of it, once."""

from datetime import UTC, datetime, timedelta

import pytest

from handoffs import alarms, pipeline, timeline
from handoffs.models import Delivery, Handoff, Notice, State
from routing.append_only import maintenance
from routing.models import Rep, Rule
from tests.factories import NOW, AbsenceFactory, CalendarFactory, Company
from tests.handoffs.given import received

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

HALF_AN_HOUR = timedelta(minutes=30)
EVENING = datetime(2026, 11, 17, 18, 0, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


def nobody_in(firm: Company) -> None:
    Rep.objects.filter(pk__in=[firm.reps["hannah"].pk, firm.reps["yusuf"].pk]).update(load_cap=0)


def held(firm: Company, *, now: datetime = NOW) -> Handoff:
    """A closed deal that nobody in customer success can take at `now`."""
    handoff = received(firm, "closed_to_cs", now=now)
    pipeline.run(handoff, now=now, actor="engine")
    handoff.refresh_from_db()
    assert handoff.state == State.UNASSIGNED
    return handoff


def told(handoff: Handoff) -> list[str]:
    alarm = Delivery.objects.filter(handoff=handoff, key__contains="alarm")
    return sorted({delivery.recipient for delivery in alarm})


def raise_alarms(at: datetime) -> int:
    return alarms.raise_due(now=at, clock=lambda: at, limit=20)


def test_after_half_an_hour_the_manager_and_revops_are_told_once(firm: Company) -> None:
    nobody_in(firm)
    handoff = held(firm)

    assert raise_alarms(NOW + HALF_AN_HOUR - timedelta(seconds=1)) == 0
    assert told(handoff) == []
    assert raise_alarms(NOW + HALF_AN_HOUR) == 1
    assert raise_alarms(NOW + HALF_AN_HOUR + timedelta(minutes=5)) == 0

    assert told(handoff) == ["U0BEN", "U0CARSTEN"]
    lines = [line.text for line in timeline.sentences(handoff.stream)]
    assert lines[-1] == "Nobody had it for half an hour: Carsten Mohr and Ben Akerman were told"
    notices = Notice.objects.filter(handoff=handoff, title__startswith="Nobody has")
    assert {str(notice.user.rep.name) for notice in notices} <= {"Carsten Mohr", "Ben Akerman"}
    handoff.refresh_from_db()
    assert (handoff.alarm_at, handoff.state) == (None, State.UNASSIGNED)


def test_looking_again_does_not_put_the_alarm_off(firm: Company) -> None:
    nobody_in(firm)
    handoff = held(firm)

    for minutes in range(5, 30, 5):
        pipeline.run(handoff, now=NOW + timedelta(minutes=minutes), actor="engine")
    handoff.refresh_from_db()

    assert handoff.alarm_at == NOW + HALF_AN_HOUR


def test_somebody_took_it_in_time_and_nobody_is_alarmed(firm: Company) -> None:
    nobody_in(firm)
    handoff = held(firm)
    pipeline.reassign(handoff, to=firm.reps["yusuf"], reason="", actor="user:1", now=NOW + timedelta(minutes=10))

    assert raise_alarms(NOW + HALF_AN_HOUR) == 1

    assert told(handoff) == []
    handoff.refresh_from_db()
    assert handoff.alarm_at is None


def test_the_alarm_leaves_an_open_form_as_it_is(firm: Company) -> None:
    nobody_in(firm)
    handoff = held(firm)
    raise_alarms(NOW + HALF_AN_HOUR)

    pipeline.reassign(
        handoff,
        to=firm.reps["yusuf"],
        reason="",
        actor="user:1",
        now=NOW + timedelta(minutes=40),
        version=handoff.version,
    )

    handoff.refresh_from_db()
    assert handoff.owner == firm.reps["yusuf"]


def test_where_the_rule_holds_until_the_next_opening_the_alarm_waits_for_it(firm: Company) -> None:
    team = firm.teams["cs"]
    team.calendar = CalendarFactory.create(name="Nine to five")
    team.save()
    with maintenance():
        Rule.objects.update(when_unavailable=Rule.WhenUnavailable.HOLD)

    handoff = held(firm, now=EVENING)

    assert (handoff.next_at, handoff.alarm_at) == (NEXT_MORNING, NEXT_MORNING + HALF_AN_HOUR)


def test_a_hold_that_is_prolonged_takes_the_alarm_along(firm: Company) -> None:
    with maintenance():
        Rule.objects.update(when_unavailable=Rule.WhenUnavailable.HOLD)
    for key in ("hannah", "yusuf"):
        AbsenceFactory.create(rep=firm.reps[key], ends_at=NOW + timedelta(hours=2))
    handoff = held(firm)
    assert handoff.alarm_at == NOW + timedelta(hours=2, minutes=30)
    later = NOW + timedelta(hours=2)
    for key in ("hannah", "yusuf"):
        AbsenceFactory.create(rep=firm.reps[key], starts_at=later, ends_at=NOW + timedelta(days=1))

    pipeline.run(handoff, now=later, actor="engine")

    handoff.refresh_from_db()
    assert handoff.alarm_at == NOW + timedelta(days=1, minutes=30)


def test_an_alarm_that_cannot_be_raised_is_tried_again_and_stops_no_other(firm: Company) -> None:
    nobody_in(firm)
    odd, good = held(firm), held(firm)
    Handoff.objects.filter(pk=odd.pk).update(handoff_type="of_no_known_kind")

    assert raise_alarms(NOW + HALF_AN_HOUR) == 2

    assert told(good) == ["U0BEN", "U0CARSTEN"]
    odd.refresh_from_db()
    assert odd.alarm_at == NOW + HALF_AN_HOUR + alarms.TRY_AGAIN
