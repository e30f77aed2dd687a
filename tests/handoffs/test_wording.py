"""Words for people: amounts, counts, times and codes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from handoffs import wording


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("240000.00", "USD", "$240,000"),
        ("58000.50", "NOK", "NOK 58,000.50"),
        ("1", "EUR", "€1"),
        ("-1500", "GBP", "-£1,500"),
        ("0", "USD", "$0"),
        ("12", "", "12"),
    ],
)
def test_money_has_cents_only_where_there_are_any(amount: str, currency: str, words: str) -> None:
    assert wording.money(Decimal(amount), currency) == words


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 minutes"), (1, "1 minute"), (45, "45 minutes"), (60, "1 hour"), (90, "90 minutes"), (1440, "24 hours")],
)
def test_a_promise_is_in_hours_where_they_are_whole(minutes: int, words: str) -> None:
    assert wording.duration(minutes) == words


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("UTC", "Thu 19 Nov 2026, 14:52 UTC"),
        ("Europe/London", "Thu 19 Nov 2026, 14:52 GMT"),
        ("Asia/Tokyo", "Thu 19 Nov 2026, 23:52 JST"),
        ("America/Sao_Paulo", "Thu 19 Nov 2026, 11:52 UTC-03"),
        ("Asia/Kathmandu", "Thu 19 Nov 2026, 20:37 UTC+0545"),
    ],
)
def test_a_moment_names_its_zone(zone: str, words: str) -> None:
    assert wording.moment(datetime(2026, 11, 19, 14, 52, tzinfo=UTC), zone) == words


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("organic_search", "Organic search"),
        ("webinar", "Webinar"),
        ("LinkedIn", "LinkedIn"),
        ("mid_market", "Mid market"),
        ("", ""),
    ],
)
def test_a_code_reads_as_words(code: str, words: str) -> None:
    assert wording.words(code) == words


def test_one_is_counted_in_the_singular() -> None:
    assert [wording.counted(number, "seat") for number in (0, 1, 4200)] == ["0 seats", "1 seat", "4,200 seats"]
    assert wording.counted(2, "activity is", "activities are") == "2 activities are"
