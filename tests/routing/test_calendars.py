from datetime import UTC, date, datetime

import pytest

from routing import hours
from routing.calendars import frozen, thawed, working_hours
from routing.hours import ALWAYS
from tests.factories import AlwaysOpenFactory, CalendarFactory, HolidayFactory

pytestmark = pytest.mark.django_db

TUESDAY_NOON = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)


def test_no_calendar_and_one_that_never_closes_are_always_open() -> None:
    assert working_hours(None) is ALWAYS
    assert working_hours(AlwaysOpenFactory.create()) is ALWAYS


def test_a_stored_week_is_open_in_its_own_zone() -> None:
    berlin = working_hours(CalendarFactory.create(time_zone="Europe/Berlin"))
    assert hours.is_open(berlin, datetime(2026, 11, 17, 8, 0, tzinfo=UTC)), "nine in Berlin"
    assert not hours.is_open(berlin, datetime(2026, 11, 17, 7, 59, tzinfo=UTC))
    assert not hours.is_open(berlin, datetime(2026, 11, 17, 16, 0, tzinfo=UTC)), "five in Berlin"


def test_a_company_day_is_shut() -> None:
    calendar = CalendarFactory.create()
    HolidayFactory.create(calendar=calendar, day=date(2026, 11, 17))
    assert not hours.is_open(working_hours(calendar), TUESDAY_NOON)
    assert hours.next_opening(working_hours(calendar), TUESDAY_NOON) == datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


def test_public_holidays_of_the_calendars_country_and_region_are_shut() -> None:
    constitution_day = datetime(2027, 5, 17, 12, 0, tzinfo=UTC)
    assert not hours.is_open(working_hours(CalendarFactory.create(country="NO")), constitution_day)
    assert hours.is_open(working_hours(CalendarFactory.create(country="SE")), constitution_day)
    epiphany = datetime(2027, 1, 6, 12, 0, tzinfo=UTC)
    assert not hours.is_open(working_hours(CalendarFactory.create(country="DE", region="BY")), epiphany)
    assert hours.is_open(working_hours(CalendarFactory.create(country="DE", region="BE")), epiphany)


def test_hours_are_frozen_into_json_and_thawed_the_same() -> None:
    calendar = CalendarFactory.create(
        time_zone="America/Sao_Paulo", week={"mon": [["08:00", "12:00"], ["22:00", "06:00"]]}
    )
    HolidayFactory.create(calendar=calendar, day=date(2026, 12, 24))
    before = working_hours(calendar)
    raw = frozen(before)
    assert raw["zone"] == "America/Sao_Paulo"
    assert raw["holidays"] == ["2026-12-24"]
    assert thawed(raw) == before


def test_always_open_is_frozen_and_thawed_the_same() -> None:
    assert thawed(frozen(ALWAYS)) is ALWAYS
    assert thawed({}) is ALWAYS
