import json
from datetime import UTC, date, datetime

import holidays
import pytest

from routing import hours
from routing.calendars import frozen, thawed, working_hours
from routing.hours import ALWAYS
from routing.models import Calendar
from routing.public_holidays import public_holidays
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
    raw = frozen(before, year=2026)
    assert raw["zone"] == "America/Sao_Paulo"
    assert raw["holidays"] == ["2026-12-24"]
    after = thawed(raw)
    assert (after.zone, after.blocks, after.holidays) == (before.zone, before.blocks, before.holidays)


def test_always_open_is_frozen_and_thawed_the_same() -> None:
    assert thawed(frozen(ALWAYS, year=2026)) is ALWAYS
    assert thawed({}) is ALWAYS


def test_public_holidays_are_kept_in_every_year_that_is_asked_about() -> None:
    norway = working_hours(CalendarFactory.create(country="NO"))
    for year in (1999, 2019, 2027, 2041, 2075):
        assert not hours.is_open(norway, datetime(year, 5, 17, 12, 0, tzinfo=UTC)), year
        assert hours.is_holiday(norway, date(year, 5, 17)), year


def test_a_year_at_a_time_finds_the_days_that_all_years_together_find() -> None:
    for country, region in (
        ("NO", ""),
        ("US", "CA"),
        ("DE", "BY"),
        ("GB", "SCT"),
        ("JP", ""),
        ("BR", "SP"),
        ("AU", "NSW"),
    ):
        together = holidays.country_holidays(country, subdiv=region or None, years=range(2020, 2040))
        apart = frozenset().union(*(public_holidays(country, region, year) for year in range(2020, 2040)))
        assert apart == frozenset(together), country


def test_a_running_clock_keeps_the_days_it_started_with_and_finds_those_far_ahead() -> None:
    calendar = CalendarFactory.create(country="NO")
    HolidayFactory.create(calendar=calendar, day=date(2026, 12, 24))
    raw = frozen(working_hours(calendar), year=2026)
    assert raw["pinned"] == [2025, 2030]
    assert {"2026-12-24", "2025-05-17", "2030-05-17"} <= set(raw["holidays"])
    raw["holidays"] = [day for day in raw["holidays"] if day != "2027-05-17"]
    running = thawed(raw)
    assert hours.is_open(running, datetime(2027, 5, 17, 12, 0, tzinfo=UTC)), "pinned without it"
    assert not hours.is_open(running, datetime(2034, 5, 17, 12, 0, tzinfo=UTC)), "beyond what was pinned"


def test_a_clock_from_before_places_were_kept_has_the_days_it_names() -> None:
    raw = {"zone": "UTC", "blocks": [[540, 1020]], "holidays": ["2026-11-16"]}
    assert not hours.is_open(thawed(raw), datetime(2026, 11, 16, 12, 0, tzinfo=UTC))
    assert hours.is_open(thawed(raw), datetime(2026, 11, 23, 12, 0, tzinfo=UTC))


def test_calendars_that_say_the_same_share_what_was_compiled() -> None:
    one, two = (working_hours(CalendarFactory.create(country="NO")) for _ in range(2))
    assert one is two
    hours.is_open(one, TUESDAY_NOON)
    assert two.spans
    raw = frozen(one, year=2026)
    assert thawed(raw) is thawed(json.loads(json.dumps(raw)))


@pytest.mark.parametrize("change", ["week", "day", "country", "zone"])
def test_an_edited_calendar_is_another_one_at_once(change: str) -> None:
    calendar = CalendarFactory.create()
    assert hours.is_open(working_hours(calendar), TUESDAY_NOON)
    if change == "day":
        HolidayFactory.create(calendar=calendar, day=TUESDAY_NOON.date())
    else:
        values = {"week": {"mon": [["09:00", "17:00"]]}, "country": "GB", "zone": "Asia/Tokyo"}
        setattr(calendar, {"zone": "time_zone"}.get(change, change), values[change])
    moment = datetime(2026, 12, 25, 12, 0, tzinfo=UTC) if change == "country" else TUESDAY_NOON
    assert not hours.is_open(working_hours(calendar), moment)


def test_every_edit_of_a_calendar_or_of_a_day_of_it_makes_a_new_version() -> None:
    calendar, other = CalendarFactory.create(), CalendarFactory.create()
    assert calendar.version == 1

    def version(of: Calendar = calendar) -> int:
        return Calendar.objects.get(pk=of.pk).version

    calendar.time_zone = "Europe/Oslo"
    calendar.save(update_fields=["time_zone"])
    assert (version(), calendar.version) == (2, 2)
    stale = Calendar.objects.get(pk=calendar.pk)
    calendar.save()
    stale.save()
    assert version() == 4, "two who read the same version write two"
    day = HolidayFactory.create(calendar=calendar)
    assert version() == 5
    day.calendar = other
    day.save()
    assert (version(), version(other)) == (6, 2), "a day that moved is news to both"
    day.delete()
    assert (version(), version(other)) == (6, 3)


def test_an_edited_calendar_is_read_by_its_new_version_whatever_was_kept_of_the_old() -> None:
    calendar = CalendarFactory.create()
    before = working_hours(calendar)
    day = HolidayFactory.create(calendar=calendar, day=date(2026, 11, 17))
    edited = Calendar.objects.get(pk=calendar.pk)
    assert (edited.version, hours.is_open(working_hours(edited), TUESDAY_NOON)) == (2, False)
    assert hours.is_open(before, TUESDAY_NOON)
    day.delete()
    assert hours.is_open(working_hours(Calendar.objects.get(pk=calendar.pk)), TUESDAY_NOON)
