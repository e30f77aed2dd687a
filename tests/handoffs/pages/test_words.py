from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handoffs import wording
from handoffs.views.words import Reading, initials, mailto, share, tel, website

NOW = datetime(2026, 11, 19, 14, 20, tzinfo=UTC)
LONDON = Reading(ZoneInfo("Europe/London"), NOW)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=-5), "under 1 m"),
        (timedelta(seconds=59), "under 1 m"),
        (timedelta(minutes=32, seconds=59), "32 m"),
        (timedelta(hours=1, minutes=5), "1 h 05 m"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=47, minutes=59), "47 h 59 m"),
        (timedelta(days=3, hours=4, minutes=59), "3 d 4 h"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_durations_are_said_in_minutes_hours_and_days(span: timedelta, said: str) -> None:
    assert wording.span(span) == said


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 11, 19, 14, 52, tzinfo=UTC), "14:52"),
        (datetime(2026, 11, 20, 14, 52, tzinfo=UTC), "Fri 14:52"),
        (datetime(2026, 11, 13, 9, 0, tzinfo=UTC), "Fri 09:00"),
        (datetime(2026, 11, 26, 9, 0, tzinfo=UTC), "26 Nov 09:00"),
        (datetime(2025, 11, 26, 9, 0, tzinfo=UTC), "26 Nov 2025 09:00"),
    ],
)
def test_a_time_says_no_more_than_is_needed(at: datetime, said: str) -> None:
    assert LONDON.time(at) == said


def test_today_is_the_readers_day() -> None:
    at = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)

    assert LONDON.time(at) == "23:30"
    assert Reading(ZoneInfo("Asia/Tokyo"), NOW).time(at) == "Fri 08:30"


def test_a_zone_without_a_name_is_said_by_its_offset() -> None:
    assert Reading(ZoneInfo("America/Sao_Paulo"), NOW).zone_name() == "UTC-03"


def test_days_say_how_far_they_are() -> None:
    assert LONDON.days_away(date(2026, 11, 19)) == "today"
    assert LONDON.days_away(date(2026, 11, 20)) == "in 1 day"
    assert LONDON.days_away(date(2026, 11, 16)) == "3 days ago"


@pytest.mark.parametrize(
    "domain", ["", "javascript:alert(1)", "evil.example/path", "user@evil.example", "a b.example", "localhost"]
)
def test_what_is_no_domain_is_no_website(domain: str) -> None:
    assert website(domain) == ""


def test_a_domain_becomes_an_https_address() -> None:
    assert website(" Halvorsen.Example ") == "https://halvorsen.example/"


@pytest.mark.parametrize("email", ["", "no address", "a@b.example?bcc=c@d.example", "a@b.example\nBcc: c@d.example"])
def test_what_is_no_address_gets_no_mail_link(email: str) -> None:
    assert mailto(email) == ""


def test_a_mail_link_cannot_carry_headers() -> None:
    assert mailto("a&b?c=d@b.example") == "mailto:a%26b%3Fc%3Dd@b.example"


@pytest.mark.parametrize("phone", ["", "call me", "javascript:alert(1)", "+47 22;ext=<b>"])
def test_what_is_no_number_gets_no_telephone_link(phone: str) -> None:
    assert tel(phone) == ""


def test_a_telephone_link_holds_digits_alone() -> None:
    assert tel("+47 (22) 55-01.84") == "tel:+4722550184"


def test_bars_stay_within_their_track() -> None:
    assert [share(part, 120) for part in (-5, 0, 60, 119.9, 500)] == [0, 0, 50, 100, 100]
    assert share(5, 0) == 0


def test_initials_are_letters_of_a_name() -> None:
    assert [initials(name) for name in ("Ingrid Solheim", "Anna Maria Berg", "Li", "(Bot) Å", "")] == [
        "IS",
        "AB",
        "L",
        "Å",
        "",
    ]
