from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from routing.availability import Ask, next_free, why_not, with_availability
from routing.models import Assignment, Rep
from routing.reasons import Reason
from tests.factories import (
    NOW,
    AbsenceFactory,
    AssignmentFactory,
    CalendarFactory,
    HolidayFactory,
    RepFactory,
    TeamFactory,
)

pytestmark = pytest.mark.django_db

NIGHT = datetime(2026, 11, 17, 22, 0, tzinfo=UTC)


def rep(**fields: Any) -> Rep:
    made: Rep = RepFactory.create(**fields)
    return made


def loaded(who: Rep, *, now: datetime = NOW) -> Rep:
    return with_availability(Rep.objects.filter(pk=who.pk), now=now).get()


def reason(who: Rep, *, now: datetime = NOW, **ask: Any) -> Reason | None:
    return why_not(loaded(who, now=now), Ask(now=now, **ask))


def code(who: Rep, *, now: datetime = NOW, **ask: Any) -> str:
    found = reason(who, now=now, **ask)
    return found.code if found else "eligible"


def given(who: Rep, *, at: datetime, released: bool = False) -> Assignment:
    fields = {"released_at": at, "release_reason": "contacted"} if released else {}
    made: Assignment = AssignmentFactory.create(rep=who, assigned_at=at, **fields)
    return made


def test_somebody_of_whom_nothing_is_said_may_take_anything_at_any_hour() -> None:
    assert code(rep()) == "eligible"
    assert code(rep(), now=NIGHT, segment="enterprise") == "eligible"


def test_the_reasons_are_checked_in_their_order_and_the_first_one_is_told() -> None:
    calendar = CalendarFactory.create(week={"tue": [["09:00", "17:00"]]})
    holiday = HolidayFactory.create(calendar=calendar, day=date(2026, 11, 17))
    who = rep(is_active=False, segments=["smb"], calendar=calendar, paused_since=NOW, hour_cap=0, load_cap=0)
    absence = AbsenceFactory.create(rep=who, starts_at=NIGHT - timedelta(days=1), ends_at=NIGHT + timedelta(days=1))

    def told() -> str:
        return code(who, now=NIGHT, excluded=frozenset({who.pk}) if excluded else frozenset(), segment="enterprise")

    excluded = True
    assert told() == "inactive"
    Rep.objects.update(is_active=True)
    assert told() == "excluded"
    excluded = False
    assert told() == "segment_mismatch"
    Rep.objects.update(segments=[])
    assert told() == "holiday"
    holiday.delete()
    assert told() == "absent"
    absence.delete()
    assert told() == "paused"
    Rep.objects.update(paused_since=None)
    assert told() == "outside_hours"
    Rep.objects.update(calendar=None)
    assert told() == "rate_cap"
    Rep.objects.update(hour_cap=None)
    assert told() == "load_cap"
    Rep.objects.update(load_cap=None)
    assert told() == "eligible"


def test_a_segment_counts_only_for_those_who_serve_some_and_where_one_is_known() -> None:
    who = rep(segments=["smb", "mid_market"])
    assert code(who, segment="smb") == "eligible"
    assert code(who, segment="enterprise") == "segment_mismatch"
    assert code(who, segment=None) == "eligible"
    found = reason(who, segment="enterprise")
    assert found is not None
    assert found.words == "does not serve enterprise"


def test_an_absence_may_be_a_part_of_a_day_and_does_not_include_its_end() -> None:
    who = rep()
    AbsenceFactory.create(rep=who, starts_at=NOW, ends_at=NOW + timedelta(hours=2))
    assert code(who, now=NOW - timedelta(seconds=1)) == "eligible"
    assert code(who, now=NOW) == "absent"
    assert code(who, now=NOW + timedelta(hours=2)) == "eligible"
    found = reason(who)
    assert found is not None
    assert (found.words, found.until) == ("is away until 17 Nov 2026 12:00 UTC", NOW + timedelta(hours=2))


def test_a_pause_lasts_until_its_end_or_until_it_is_lifted() -> None:
    who = rep(paused_since=NOW, paused_until=NOW + timedelta(hours=1))
    assert code(who, now=NOW - timedelta(seconds=1)) == "eligible"
    assert code(who, now=NOW) == "paused"
    assert code(who, now=NOW + timedelta(hours=1)) == "eligible"
    assert code(rep(paused_since=NOW), now=NOW + timedelta(days=400)) == "paused"


def test_a_day_may_have_several_blocks() -> None:
    who = rep(calendar=CalendarFactory.create(week={"tue": [["08:00", "10:00"], ["11:00", "12:00"]]}))
    assert code(who, now=NOW - timedelta(minutes=1)) == "eligible"
    found = reason(who, now=NOW)
    assert found is not None
    assert (found.code, found.until) == ("outside_hours", NOW + timedelta(hours=1))
    assert code(who, now=NOW + timedelta(hours=1)) == "eligible"


def test_the_persons_own_calendar_comes_before_the_teams() -> None:
    nine_to_five = CalendarFactory.create()
    late_shift = CalendarFactory.create(week={"tue": [["18:00", "23:00"]]})
    team = TeamFactory.create(calendar=nine_to_five)
    assert code(rep(team=team)) == "eligible"
    assert code(rep(team=team), now=NIGHT) == "outside_hours"
    assert code(rep(team=team, calendar=late_shift)) == "outside_hours"
    assert code(rep(team=team, calendar=late_shift), now=NIGHT) == "eligible"


def test_a_holiday_is_the_day_in_the_calendars_own_zone() -> None:
    auckland = CalendarFactory.create(
        time_zone="Pacific/Auckland", week={day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed")}
    )
    HolidayFactory.create(calendar=auckland, day=date(2026, 11, 18))
    who = rep(calendar=auckland)
    assert code(who, now=datetime(2026, 11, 17, 10, 59, tzinfo=UTC)) == "eligible"
    assert code(who, now=datetime(2026, 11, 17, 11, 0, tzinfo=UTC)) == "holiday", "midnight in Auckland"


@pytest.mark.parametrize(
    ("cap", "span"), [("hour_cap", timedelta(hours=1)), ("day_cap", timedelta(days=1)), ("week_cap", timedelta(days=7))]
)
def test_a_rate_cap_counts_what_was_given_in_the_rolling_span(cap: str, span: timedelta) -> None:
    who = rep(**{cap: 2})
    given(who, at=NOW - span + timedelta(seconds=1), released=True)
    assert code(who) == "eligible"
    given(who, at=NOW, released=True)
    found = reason(who)
    assert found is not None
    assert (found.code, found.words) == (
        "rate_cap",
        f"was given 2 of 2 in the last {cap.removesuffix('_cap')}",
    )
    assert code(who, now=NOW + timedelta(seconds=1)) == "eligible", "the first one fell out of the span"


def test_a_load_cap_counts_what_is_open() -> None:
    who = rep(load_cap=2)
    given(who, at=NOW - timedelta(days=40))
    given(who, at=NOW - timedelta(days=30), released=True)
    assert code(who) == "eligible"
    given(who, at=NOW - timedelta(days=20))
    found = reason(who)
    assert found is not None
    assert (found.code, found.words) == ("load_cap", "has 2 of 2 open")


def test_a_blank_cap_is_no_limit_and_nought_means_none() -> None:
    busy = rep()
    for _ in range(30):
        given(busy, at=NOW)
    assert code(busy) == "eligible"
    assert code(rep(load_cap=0)) == "load_cap"
    assert code(rep(day_cap=0)) == "rate_cap"


def test_the_tightest_cap_binds() -> None:
    who = rep(hour_cap=5, day_cap=5, week_cap=5, load_cap=1)
    given(who, at=NOW)
    assert code(who) == "load_cap"
    Rep.objects.update(load_cap=9, week_cap=1)
    assert code(who) == "rate_cap"


def test_somebody_is_free_again_after_absence_pause_and_night() -> None:
    who = rep(
        calendar=CalendarFactory.create(),
        paused_since=NOW,
        paused_until=NOW + timedelta(hours=3),
    )
    AbsenceFactory.create(rep=who, starts_at=NOW, ends_at=NOW + timedelta(hours=9))
    assert next_free(loaded(who), NOW) == datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


def test_two_absences_in_a_row_are_one_time_away() -> None:
    who = rep()
    AbsenceFactory.create(rep=who, starts_at=NOW, ends_at=NOW + timedelta(days=1))
    AbsenceFactory.create(rep=who, starts_at=NOW + timedelta(days=1), ends_at=NOW + timedelta(days=2))
    assert next_free(loaded(who), NOW) == NOW + timedelta(days=2)


def test_of_somebody_paused_without_an_end_it_cannot_be_told_when_they_are_free() -> None:
    assert next_free(loaded(rep(paused_since=NOW)), NOW) is None


def test_any_number_of_people_is_loaded_in_a_handful_of_queries(django_assert_max_num_queries: Any) -> None:
    team = TeamFactory.create(calendar=CalendarFactory.create())
    for _ in range(12):
        AbsenceFactory.create(rep=rep(team=team, calendar=CalendarFactory.create()))
    with django_assert_max_num_queries(4):
        people = list(with_availability(Rep.objects.all(), now=NOW))
        assert [why_not(one, Ask(now=NOW)) is None for one in people] == [False] * 12
