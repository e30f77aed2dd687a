"""Absences from calendar files."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from dateutil.rrule import rrulestr

from routing import absence_import
from routing.absence_import import CalendarFileError, Entry, LeftOut
from routing.models import Absence, Rep
from tests.factories import NOW, RepFactory

pytestmark = pytest.mark.django_db
EACH_OF_SIXTY = ",".join(map(str, range(60)))


def at(month: int, day: int, hour: int = 0, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def file(*events: str, uid: str = "e1") -> bytes:
    parts = []
    for number, event in enumerate(events):
        own = "" if "UID:" in event or uid == "" else f"UID:{uid if number == 0 else f'{uid}-{number}'}\n"
        parts.append(f"BEGIN:VEVENT\n{own}SUMMARY:Away\n{event}\nEND:VEVENT\n")
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n{''.join(parts)}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def read(*events: str, zone: str = "Europe/Oslo", uid: str = "e1") -> tuple[list[Entry], list[LeftOut]]:
    return absence_import.read(file(*events, uid=uid), zone=zone, now=NOW)


def spans(*events: str, zone: str = "Europe/Oslo") -> list[tuple[datetime, datetime]]:
    entries, left_out = read(*events, zone=zone)
    assert left_out == []
    return [(entry.starts_at, entry.ends_at) for entry in entries]


def why(event: str, *, uid: str = "e1") -> str:
    entries, [one] = read(event, uid=uid)
    assert entries == []
    return one.why


def test_a_part_of_a_day_is_read_in_its_own_zone() -> None:
    oslo = "DTSTART;TZID=Europe/Oslo:20261120T090000\nDTEND;TZID=Europe/Oslo:20261120T113000"
    assert spans(oslo, zone="America/New_York") == [(at(11, 20, 8), at(11, 20, 10, 30))]
    utc = "DTSTART:20261120T090000Z\nDURATION:PT2H"
    assert spans(utc) == [(at(11, 20, 9), at(11, 20, 11))]


def test_whole_days_and_times_without_a_zone_are_the_persons_own() -> None:
    days = "DTSTART;VALUE=DATE:20261123\nDTEND;VALUE=DATE:20261128"
    assert spans(days) == [(at(11, 22, 23), at(11, 27, 23))]
    assert spans("DTSTART;VALUE=DATE:20261123") == [(at(11, 22, 23), at(11, 23, 23))]
    assert spans("DTSTART:20261123T090000\nDTEND:20261123T100000") == [(at(11, 23, 8), at(11, 23, 9))]


def test_a_series_keeps_its_wall_clock_over_a_change_of_clocks_and_ends_within_a_year() -> None:
    weekly = (
        "DTSTART;TZID=Europe/Oslo:20260105T090000\nDTEND;TZID=Europe/Oslo:20260105T100000\nRRULE:FREQ=WEEKLY;BYDAY=MO"
    )
    found = spans(weekly)
    assert found[0] == (at(11, 23, 8), at(11, 23, 9)), "what is over is left out"
    assert (at(4, 5, 7, year=2027), at(4, 5, 8, year=2027)) in found
    assert found[-1][0] < NOW + absence_import.AHEAD
    assert len(found) == 52


@pytest.mark.parametrize(
    ("rule", "count"),
    [("FREQ=DAILY;COUNT=3", 3), ("FREQ=DAILY;UNTIL=20261203", 3), ("FREQ=DAILY;UNTIL=20261202T080000Z", 2)],
)
def test_a_series_ends_where_it_says(rule: str, count: int) -> None:
    assert len(spans(f"DTSTART:20261201T090000\nDTEND:20261201T100000\nRRULE:{rule}")) == count


def test_what_is_taken_out_of_a_series_or_moved_is_not_there_twice() -> None:
    series = (
        "UID:s\nDTSTART:20261201T090000Z\nDTEND:20261201T100000Z\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE:20261202T090000Z"
    )
    moved = "UID:s\nRECURRENCE-ID:20261203T090000Z\nDTSTART:20261203T140000Z\nDTEND:20261203T150000Z"
    assert [start for start, _ in spans(series, moved)] == [at(12, 1, 9), at(12, 3, 14), at(12, 4, 9)]


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ("DTSTART:20261201T100000Z\nDTEND:20261201T090000Z", "It ends before it starts."),
        ("DTSTART:20261201T100000Z\nDTEND:20261201T100000Z", "It ends before it starts."),
        ("DTSTART:20261201T100000Z", "It has no end."),
        ("DTEND:20261201T100000Z", "It has no start."),
        ("DTSTART;TZID=Mars/Base:20261201T100000\nDURATION:PT1H", "Its time zone “Mars/Base” is not known."),
        (
            "DTSTART:20261201T100000Z\nDURATION:PT1H\nRRULE:FREQ=SECONDLY",
            "It does not repeat daily, weekly, monthly or yearly. Enter it by hand.",
        ),
        (
            "DTSTART:20261201T100000Z\nDURATION:PT1H\nRRULE:FREQ=NEVER",
            "Its rule for repeating cannot be read. Enter it by hand.",
        ),
        (
            "DTSTART:20261201T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYDAY=XX",
            "Its rule for repeating cannot be read. Enter it by hand.",
        ),
        (
            "DTSTART:20261201T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY",
            "It repeats by several rules. Enter it by hand.",
        ),
        (
            f"DTSTART:20261201T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYSECOND={EACH_OF_SIXTY}",
            "It repeats daily by BYSECOND, which is not followed. Enter it by hand.",
        ),
        (
            "DTSTART:20261201T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=1",
            "It repeats daily by BYMONTHDAY, which is not followed. Enter it by hand.",
        ),
        *(
            (
                f"DTSTART:20200101T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;INTERVAL={interval}",
                "The interval of its series is no number from 1 to 1,000. Enter it by hand.",
            )
            for interval in ("0", "-1", "1,2", "1001")
        ),
        (
            f"DTSTART:20261201T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY={'MO,' * 400}TU",
            "Its rule for repeating is too long. Enter it by hand.",
        ),
        ("DTSTART:20261201T100000Z\nDURATION:foo", "Its duration cannot be read."),
        (
            "DTSTART:20261201T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEXDATE:foo",
            "Something in it cannot be read. Enter it by hand.",
        ),
        (
            "DTSTART:20261201T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEXDATE;VALUE=PERIOD:20261202T100000Z/PT1H",
            "One of its times cannot be read.",
        ),
        ("DTSTART:20261201T100000Z\nDURATION:PT1H\nSTATUS:CANCELLED", "It was cancelled."),
        ("DTSTART:19010101T100000Z\nDURATION:PT1H", "Its dates are far away or it lasts more than three years."),
    ],
)
def test_an_event_that_is_no_absence_is_left_out_with_a_sentence(event: str, sentence: str) -> None:
    assert why(event) == sentence


def test_an_event_without_a_uid_is_left_out() -> None:
    assert why("DTSTART:20261201T100000Z\nDURATION:PT1H", uid="").startswith("It has no UID")


@pytest.mark.parametrize("raw", [b"", b"hello", b"\xff\xfe\x00", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:now"])
def test_a_broken_file_is_one_sentence(raw: bytes) -> None:
    with pytest.raises(CalendarFileError, match=r"^(This is no calendar file|The calendar has no events).*\.$"):
        absence_import.read(raw, zone="UTC", now=NOW)


def test_a_file_that_is_too_large_or_has_too_many_absences_is_one_sentence() -> None:
    with pytest.raises(CalendarFileError, match="larger than 10 MB"):
        absence_import.read(b"x" * (absence_import.LARGEST + 1), zone="UTC", now=NOW)
    many = [f"DTSTART:20261201T100000Z\nDURATION:PT{number}H" for number in range(1, 502)]
    with pytest.raises(CalendarFileError, match="more than 500"):
        absence_import.read(file(*many), zone="UTC", now=NOW)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1",
        "FREQ=YEARLY;BYDAY=SU;BYSETPOS=60;COUNT=3",
    ],
)
def test_a_rule_that_never_comes_true_is_given_up_within_a_fraction_of_what_the_library_would_walk(rule: str) -> None:
    start = at(12, 1, 10).replace(tzinfo=None)
    began = time.process_time()
    assert (
        list(rrulestr(f"{rule};UNTIL=20271231T000000".replace(";COUNT=1", "").replace(";COUNT=3", ""), dtstart=start))
        == []
    )
    walked = time.process_time() - began
    began = time.process_time()
    assert spans(f"DTSTART:20261201T100000Z\nDURATION:PT1H\nRRULE:{rule}") == []
    assert time.process_time() - began < walked / 4


def test_a_series_says_how_often_and_which_of_its_days_and_ends_there() -> None:
    event = "DTSTART:20261201T100000Z\nDURATION:PT1H\nRRULE:"
    assert [start for start, _ in spans(f"{event}FREQ=WEEKLY;BYDAY=TU;INTERVAL=2;COUNT=3")] == [
        at(12, 1, 10), at(12, 15, 10), at(12, 29, 10),
    ]  # fmt: skip
    assert [start for start, _ in spans(f"{event}FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20270131T000000Z")] == [
        at(12, 25, 10), at(1, 29, 10, year=2027),
    ]  # fmt: skip
    assert [start for start, _ in spans("DTSTART:20240229T100000Z\nDURATION:PT1H\nRRULE:FREQ=YEARLY")] == []
    assert len(spans("DTSTART:20010101T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY")) == 366


def test_a_file_of_more_series_than_are_followed_is_one_sentence() -> None:
    once = "DTSTART:20200101T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=1"
    over = "DTSTART:20200101T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20200201T000000Z"
    assert spans(*[once] * absence_import.MOST_SERIES, *[over] * 20) == []
    with pytest.raises(CalendarFileError, match="more than 200 series"):
        absence_import.read(file(*[once] * (absence_import.MOST_SERIES + 1)), zone="UTC", now=NOW)


def rows(rep: Rep) -> list[tuple[datetime, datetime, str]]:
    return list(Absence.objects.filter(rep=rep).order_by("starts_at").values_list("starts_at", "ends_at", "note"))


def test_the_same_file_twice_changes_nothing_and_a_moved_event_moves_its_absence() -> None:
    rep = RepFactory.create()
    entries, _ = read("DTSTART:20261201T100000Z\nDURATION:PT1H")
    assert [line.change for line in absence_import.compare(rep, entries)] == ["new"]
    assert rows(rep) == [], "comparing writes nothing"
    absence_import.take_over(rep, entries, kind="training")
    assert rows(rep) == [(at(12, 1, 10), at(12, 1, 11), "Away")]
    changes = [line.change for line in absence_import.take_over(rep, entries, kind="holiday")]
    assert (changes, Absence.objects.get().kind) == (["same"], "training")
    assert Absence.history.count() == 1  # type: ignore[attr-defined]

    later, _ = read("DTSTART:20261202T100000Z\nDURATION:PT3H")
    assert [line.change for line in absence_import.take_over(rep, later, kind="holiday")] == ["changed"]
    assert rows(rep) == [(at(12, 2, 10), at(12, 2, 13), "Away")]


def test_the_same_event_of_two_people_is_an_absence_of_each() -> None:
    entries, _ = read("DTSTART:20261201T100000Z\nDURATION:PT1H")
    for rep in RepFactory.create_batch(2):
        absence_import.take_over(rep, entries, kind="holiday")
    assert Absence.objects.count() == 2


def test_what_a_file_says_is_cut_to_what_fits() -> None:
    [entry], _ = read(f"UID:{'u' * 9000}\nDTSTART:20261201T100000Z\nDURATION:PT1H\nDESCRIPTION:{'x' * 9000}")
    assert len(entry.uid) <= 255
    assert entry.ends_at - entry.starts_at == timedelta(hours=1)
