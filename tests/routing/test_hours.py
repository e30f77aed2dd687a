"""Calendar arithmetic: golden vectors, properties, and a walk over minutes as an independent judge."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.hours import ALWAYS, WEEKDAYS, HoursError, WorkingHours, add, elapsed, is_open, next_opening

MINUTE = timedelta(minutes=1)
OFFICE_WEEK = {day: [["09:00", "17:00"]] for day in WEEKDAYS[:5]}


def office(zone: str = "UTC", holidays: frozenset[date] = frozenset()) -> WorkingHours:
    return WorkingHours.from_week(zone=zone, week=OFFICE_WEEK, holidays=holidays)


def local(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


SAO_PAULO = WorkingHours.from_week(
    zone="America/Sao_Paulo", week={day: [["08:00", "12:00"], ["13:30", "18:00"]] for day in WEEKDAYS[:5]}
)


@pytest.mark.parametrize(
    ("hours", "zone", "start", "target", "deadline"),
    [
        (office(), "UTC", "2026-01-30T16:30", 1, "2026-02-02T09:30"),
        (SAO_PAULO, "America/Sao_Paulo", "2026-11-20T12:30", 1, "2026-11-20T14:30"),
        (SAO_PAULO, "America/Sao_Paulo", "2026-11-20T11:30", 1, "2026-11-20T14:00"),
        (ALWAYS, "Europe/Berlin", "2026-03-28T12:00", 24, "2026-03-29T13:00+02:00"),
        (office("America/New_York"), "America/New_York", "2026-03-06T16:00", 2, "2026-03-09T10:00-04:00"),
    ],
)
def test_the_deadline_is_the_earliest_instant_at_which_the_target_has_passed(
    hours: WorkingHours, zone: str, start: str, target: int, deadline: str
) -> None:
    expected = datetime.fromisoformat(deadline)
    expected = expected if expected.tzinfo else expected.replace(tzinfo=ZoneInfo(zone))
    assert add(hours, local(zone, start), timedelta(hours=target)) == expected


def test_a_pause_over_the_weekend_adds_only_the_open_time_that_was_left() -> None:
    hours = office()
    used = elapsed(hours, local("UTC", "2026-01-30T16:00"), local("UTC", "2026-01-30T16:30"))
    deadline = add(hours, local("UTC", "2026-02-02T10:00"), timedelta(hours=4) - used)
    assert deadline == local("UTC", "2026-02-02T13:30")


def test_a_target_that_fills_the_day_ends_with_the_day_and_not_with_the_next_opening() -> None:
    start = local("UTC", "2026-01-30T09:00")
    assert add(office(), start, timedelta(hours=8)) == local("UTC", "2026-01-30T17:00")


def test_no_amount_ends_where_it_starts_even_when_closed() -> None:
    start = local("UTC", "2026-01-31T12:00")
    assert add(office(), start, timedelta(0)) == start


def test_answers_are_in_utc() -> None:
    start = local("Asia/Tokyo", "2026-11-20T08:00")
    hours = office("Asia/Tokyo")
    assert next_opening(hours, start).tzinfo is UTC
    assert add(hours, start, MINUTE).tzinfo is UTC
    assert add(ALWAYS, start, MINUTE).tzinfo is UTC


def test_a_block_includes_its_start_and_not_its_end() -> None:
    assert is_open(office(), local("UTC", "2026-11-20T09:00"))
    assert not is_open(office(), local("UTC", "2026-11-20T17:00"))
    assert is_open(office(), local("UTC", "2026-11-20T16:59:59.999999"))


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    friday = date(2026, 11, 20)
    week = {"thu": [["22:00", "06:00"]], "fri": [["22:00", "06:00"]]}
    hours = WorkingHours.from_week(zone="Europe/Oslo", week=week, holidays=[friday])
    assert is_open(hours, local("Europe/Oslo", "2026-11-20T05:59"))
    assert not is_open(hours, local("Europe/Oslo", "2026-11-20T23:00"))
    assert not is_open(hours, local("Europe/Oslo", "2026-11-21T03:00"))


def test_a_sunday_night_shift_runs_into_monday() -> None:
    hours = WorkingHours.from_week(zone="UTC", week={"sun": [["20:00", "04:00"]]})
    assert is_open(hours, local("UTC", "2026-11-23T03:00"))
    assert next_opening(hours, local("UTC", "2026-11-23T04:00")) == local("UTC", "2026-11-29T20:00")


def test_a_night_shift_runs_through_new_year() -> None:
    hours = WorkingHours.from_week(zone="Pacific/Auckland", week={"thu": [["22:00", "10:00"]]})
    assert is_open(hours, local("Pacific/Auckland", "2027-01-01T00:30"))
    evenings = WorkingHours.from_week(zone="America/Los_Angeles", week={"thu": [["15:00", "23:00"]]})
    assert is_open(evenings, datetime(2027, 1, 1, 0, 30, tzinfo=UTC))


def test_a_holiday_is_skipped() -> None:
    hours = office(holidays=frozenset({date(2026, 12, 25)}))
    assert next_opening(hours, local("UTC", "2026-12-24T17:00")) == local("UTC", "2026-12-28T09:00")


def test_a_day_off_that_lasts_a_year_is_survived() -> None:
    closed = frozenset(date(2027, 1, 1) + timedelta(days=n) for n in range(1200))
    hours = office(holidays=closed)
    assert next_opening(hours, local("UTC", "2026-12-31T17:00")) == local("UTC", "2030-04-15T09:00")
    assert add(hours, local("UTC", "2026-12-31T16:00"), timedelta(hours=2)) == local("UTC", "2030-04-15T10:00")


def test_a_calendar_that_never_opens_again_says_so() -> None:
    first = date(2026, 11, 23)
    hours = WorkingHours.from_week(
        zone="UTC",
        week={"mon": [["09:00", "17:00"]]},
        holidays=[first + timedelta(weeks=n) for n in range(3400)],
    )
    with pytest.raises(ValueError, match="does not open within 64 years"):
        next_opening(hours, local("UTC", "2026-11-20T12:00"))
    with pytest.raises(ValueError, match="choose a shorter target"):
        add(hours, local("UTC", "2026-11-20T12:00"), MINUTE)


def test_the_hour_skipped_in_spring_is_not_worked() -> None:
    hours = WorkingHours.from_week(zone="Europe/Berlin", week={"sun": [["01:00", "05:00"]]})
    start = local("Europe/Berlin", "2026-03-29T00:00")
    assert elapsed(hours, start, start + timedelta(hours=12)) == timedelta(hours=3)


def test_a_block_that_begins_in_the_skipped_hour_begins_with_the_jump() -> None:
    hours = WorkingHours.from_week(zone="Europe/Berlin", week={"sun": [["02:30", "05:00"]]})
    opening = next_opening(hours, local("Europe/Berlin", "2026-03-29T00:00"))
    assert opening == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_the_hour_shown_twice_in_autumn_is_worked_twice_inside_a_block() -> None:
    hours = WorkingHours.from_week(zone="Europe/Berlin", week={"sun": [["01:00", "05:00"]]})
    start = local("Europe/Berlin", "2026-10-25T00:00")
    assert elapsed(hours, start, start + timedelta(hours=12)) == timedelta(hours=5)


def test_touching_blocks_leave_no_hole_when_their_border_is_shown_twice() -> None:
    week = {"sun": [["00:00", "02:30"], ["02:30", "06:00"]]}
    hours = WorkingHours.from_week(zone="Europe/Berlin", week=week)
    start = local("Europe/Berlin", "2026-10-25T00:00")
    assert elapsed(hours, start, start + timedelta(hours=12)) == timedelta(hours=7)


def test_a_day_that_a_zone_skipped_altogether_has_no_open_time() -> None:
    hours = WorkingHours.from_week(zone="Pacific/Apia", week={day: [["00:00", "24:00"]] for day in WEEKDAYS})
    start, end = datetime(2011, 12, 30, 0, tzinfo=UTC), datetime(2011, 12, 31, 0, tzinfo=UTC)
    assert elapsed(hours, start, end) == timedelta(hours=24)


def test_nothing_passes_backwards() -> None:
    start = local("UTC", "2026-11-20T12:00")
    assert elapsed(office(), start, start - timedelta(hours=1)) == timedelta(0)
    assert elapsed(ALWAYS, start, start - timedelta(hours=1)) == timedelta(0)


def test_always_counts_every_minute() -> None:
    start = local("UTC", "2026-11-21T03:00")
    assert is_open(ALWAYS, start)
    assert next_opening(ALWAYS, start) == start
    assert elapsed(ALWAYS, start, start + timedelta(days=2)) == timedelta(days=2)


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 20, 12)  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="pass an aware datetime"):
        is_open(office(), naive)


@pytest.mark.parametrize("amount", [timedelta(minutes=-1), timedelta.max])
def test_an_impossible_amount_is_refused(amount: timedelta) -> None:
    for hours in (office(), ALWAYS):
        with pytest.raises(ValueError, match=r"cannot be added|choose a shorter target"):
            add(hours, local("UTC", "2026-11-20T12:00"), amount)


@pytest.mark.parametrize(
    ("zone", "week", "holidays", "field", "sentence"),
    [
        ("Mars/Olympus", OFFICE_WEEK, (), "zone", "The time zone 'Mars/Olympus' is unknown"),
        ("../etc/passwd", OFFICE_WEEK, (), "zone", "is unknown"),
        ("", OFFICE_WEEK, (), "zone", "is unknown"),
        ("UTC", {}, (), "week", "has no open hour"),
        ("UTC", {"mon": []}, (), "week", "has no open hour"),
        ("UTC", {"monday": [["09:00", "17:00"]]}, (), "week", "The weekday 'monday' is unknown"),
        ("UTC", {"mon": [["09:00", "25:00"]]}, (), "week", "The time '25:00' on mon"),
        ("UTC", {"mon": [["nine", "17:00"]]}, (), "week", "The time 'nine' on mon"),
        ("UTC", {"mon": [["09:00"]]}, (), "week", "needs a start and an end"),
        ("UTC", {"mon": ["09:00-17:00"]}, (), "week", "needs a start and an end"),
        ("UTC", {"mon": [["09:00", "09:00"]]}, (), "week", "has no length"),
        (
            "UTC",
            {"mon": [["09:00", "12:00"], ["11:59", "17:00"]]},
            (),
            "week",
            "mon 09:00-12:00 and mon 11:59-17:00",
        ),
        ("UTC", {"sun": [["22:00", "06:00"]], "mon": [["05:00", "09:00"]]}, (), "week", "overlap"),
        ("UTC", {"mon": [["22:00", "06:00"]], "tue": [["05:00", "09:00"]]}, (), "week", "overlap"),
        ("UTC", OFFICE_WEEK, ("2026-12-25",), "holidays", "is not a date"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_with_its_field(
    zone: str, week: dict[str, list[list[str]]], holidays: tuple[date, ...], field: str, sentence: str
) -> None:
    with pytest.raises(HoursError, match=sentence) as refusal:
        WorkingHours.from_week(zone=zone, week=week, holidays=holidays)
    assert refusal.value.field == field
    assert str(refusal.value).endswith(".")


def test_blocks_made_by_hand_are_checked_like_those_of_a_week() -> None:
    for blocks in (((0, 0),), ((-1, 60),), ((0, 24 * 60 + 1),), ((7 * 24 * 60, 7 * 24 * 60 + 1),)):
        with pytest.raises(HoursError, match="impossible"):
            WorkingHours(blocks=blocks)


def test_equal_calendars_are_equal_whatever_the_order_of_their_blocks() -> None:
    one = WorkingHours.from_week(zone="UTC", week={"mon": [["13:00", "17:00"], ["08:00", "12:00"]]})
    two = WorkingHours.from_week(zone="UTC", week={"mon": [["08:00", "12:00"], ["13:00", "17:00"]]})
    assert one == two
    assert hash(one) == hash(two)


# The judge walks over minutes with the highest clock reading so far, which is the rule for boundaries stated
# naively: a clock that is set back neither reopens a block that ended nor closes one that began.

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
]
AROUND = [
    datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 7), (3, 28), (4, 4), (10, 3), (10, 24), (10, 31))
]


@st.composite
def calendars(draw: st.DrawFn) -> WorkingHours:
    week: dict[str, list[list[str]]] = {}
    for day in WEEKDAYS:
        marks = sorted(draw(st.sets(st.integers(0, 47), max_size=4)))
        pairs = zip(marks[::2], marks[1::2], strict=False)
        week[day] = [[f"{a // 2:02}:{a % 2 * 30:02}", f"{b // 2:02}:{b % 2 * 30:02}"] for a, b in pairs]
    if not any(week.values()):
        week["wed"] = [["10:00", "11:00"]]
    if draw(st.booleans()) and not week["sun"] and not week["mon"]:
        week["sun"] = [["21:00", "05:00"]]
    holidays = draw(st.frozensets(st.sampled_from([at.date() + timedelta(days=n) for at in AROUND for n in range(3)])))
    return WorkingHours.from_week(zone=draw(st.sampled_from(ZONES)), week=week, holidays=holidays)


def instants() -> st.SearchStrategy[datetime]:
    return st.builds(lambda at, minutes: at + minutes * MINUTE, st.sampled_from(AROUND), st.integers(0, 3 * 1440))


amounts = st.builds(lambda minutes: minutes * MINUTE, st.integers(0, 60 * 60))


def naive_minutes(hours: WorkingHours, start: datetime, count: int) -> list[bool]:
    zone = ZoneInfo(hours.zone)
    reading = datetime.min  # noqa: DTZ901 - a reading of a wall clock has no zone
    answers = []
    for minute in range(-4 * 60, count):
        reading = max(reading, (start + minute * MINUTE).astimezone(zone).replace(tzinfo=None, fold=0))
        if minute >= 0:
            answers.append(naively_open(hours, reading))
    return answers


def naively_open(hours: WorkingHours, reading: datetime) -> bool:
    for day in (reading.date(), reading.date() - timedelta(days=1)):
        if day in hours.holidays:
            continue
        minutes = (reading - datetime.combine(day, time())) // MINUTE + day.weekday() * 1440
        if any(start // 1440 == day.weekday() and start <= minutes < end for start, end in hours.blocks):
            return True
    return False


@settings(deadline=None)
@given(hours=calendars(), start=instants())
def test_two_days_agree_with_a_walk_over_minutes(hours: WorkingHours, start: datetime) -> None:
    walked = naive_minutes(hours, start, 2 * 1440)
    assert [is_open(hours, start + n * MINUTE) for n in range(0, len(walked), 15)] == walked[::15]
    assert elapsed(hours, start, start + len(walked) * MINUTE) == sum(walked) * MINUTE
    if any(walked):
        assert next_opening(hours, start) == start + walked.index(True) * MINUTE


@settings(deadline=None)
@given(hours=calendars(), start=instants(), amount=amounts)
def test_the_deadline_is_the_first_minute_by_which_the_amount_has_passed(
    hours: WorkingHours, start: datetime, amount: timedelta
) -> None:
    deadline = add(hours, start, amount)
    assert elapsed(hours, start, deadline) == amount
    if deadline > start:
        assert elapsed(hours, start, deadline - timedelta(microseconds=1)) < amount


@settings(deadline=None)
@given(hours=calendars(), start=instants(), first=amounts, second=amounts)
def test_more_working_time_never_ends_earlier_and_adds_up(
    hours: WorkingHours, start: datetime, first: timedelta, second: timedelta
) -> None:
    assert add(hours, start, first) <= add(hours, start, first + second)
    assert add(hours, add(hours, start, first), second) == add(hours, start, first + second)


@settings(deadline=None)
@given(hours=calendars(), start=instants(), later=amounts, amount=amounts)
def test_a_later_start_never_ends_earlier(
    hours: WorkingHours, start: datetime, later: timedelta, amount: timedelta
) -> None:
    assert add(hours, start, amount) <= add(hours, start + later, amount)


@settings(deadline=None)
@given(hours=calendars(), at=instants())
def test_the_next_opening_is_open_and_nothing_before_it_is(hours: WorkingHours, at: datetime) -> None:
    opening = next_opening(hours, at)
    assert opening >= at
    assert is_open(hours, opening)
    assert elapsed(hours, at, opening) == timedelta(0)
