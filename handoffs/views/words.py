"""Turns values into the words of a page: times in the reader's zone, durations, money, links that are safe to click."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import DomainNameValidator, validate_email

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}

_a_domain = DomainNameValidator(accept_idna=True)
_PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{4,30}")


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads when: times are shown in `zone`, as near to speech as their distance from `now` allows."""

    zone: ZoneInfo
    now: datetime

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def zone_name(self, at: datetime | None = None) -> str:
        """The short name of the zone at that instant: GMT, CET, UTC+03."""
        name = self.local(at or self.now).strftime("%Z")
        return f"UTC{name}" if name[:1] in "+-" else name

    def time(self, at: datetime) -> str:
        """14:52 today, Fri 14:52 within six days, 26 Nov 14:52 this year, else 26 Nov 2025 14:52."""
        there, here = self.local(at), self.local(self.now)
        if there.date() == here.date():
            return f"{there:%H:%M}"
        if abs((there.date() - here.date()).days) < 7:
            return f"{there:%a %H:%M}"
        return f"{self.day(at)} {there:%H:%M}"

    def moment(self, at: datetime) -> str:
        """The full instant with its zone: Thu 19 Nov 2026, 14:52 GMT."""
        there = self.local(at)
        return f"{there:%a} {there.day} {there:%b %Y, %H:%M} {self.zone_name(at)}"

    def day(self, at: datetime) -> str:
        """19 Nov this year, 12 Aug 2025 otherwise."""
        return self.date(self.local(at).date())

    def date(self, day: date) -> str:
        """The same for a calendar day, which has no zone."""
        year = "" if day.year == self.local(self.now).year else f" {day.year}"
        return f"{day.day} {day:%b}{year}"

    def days_away(self, day: date) -> str:
        """How far a calendar day is: today, in 99 days, 3 days ago."""
        days = (day - self.local(self.now).date()).days
        if days == 0:
            return "today"
        count = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
        return f"in {count}" if days > 0 else f"{count} ago"


def duration(span: timedelta) -> str:
    """A length of time, never negative: under 1 m, 32 m, 1 h 15 m, 3 d 4 h."""
    if span < MINUTE:
        return "under 1 m"
    days, rest = divmod(span, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    if days >= 2:
        return f"{days} d {hours} h" if hours else f"{days} d"
    hours += days * 24
    if not hours:
        return f"{minutes} m"
    return f"{hours} h {minutes:02} m" if minutes else f"{hours} h"


def target(minutes: int) -> str:
    """A promise in whole words: 2 hours, 1 hour, 90 minutes, 3 days."""
    for size, name in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        # A day is said as 24 hours, the way promises are made; from two on, days.
        if minutes % size == 0 and (name != "day" or minutes >= 2 * size):
            count = minutes // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{minutes} minutes"


def money(amount: Decimal | str | None, currency: str) -> str:
    """$240,000 or NOK 58,000; cents only if there are any; empty when nothing is known."""
    if amount is None or amount == "":
        return ""
    try:
        value = Decimal(amount)
    except InvalidOperation:
        return str(amount)
    number = f"{value:,.0f}" if value == value.to_integral_value() else f"{value:,.2f}"
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{number}" if symbol else f"{currency} {number}".strip()


def website(domain: str) -> str:
    """An https address for a syntactically valid domain, else empty: no scheme of theirs is ever followed."""
    host = domain.strip().lower()
    try:
        _a_domain(host)
    except ValidationError:
        return ""
    return f"https://{host}/"


def mailto(email: str) -> str:
    """A mailto: link for a valid address, else empty. No header can be smuggled in."""
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return f"mailto:{quote(email, safe='@+')}"


def tel(phone: str) -> str:
    """A tel: link for something that looks like a telephone number, else empty."""
    if not _PHONE.fullmatch(phone):
        return ""
    return "tel:" + re.sub(r"[^0-9+]", "", phone)


def share(part: timedelta | int, whole: timedelta | int) -> int:
    """A percentage from 0 to 100 for bars and rings."""
    if not whole:
        return 0
    return max(0, min(100, round(100 * (part / whole))))  # type: ignore[operator]


def initials(name: str) -> str:
    """One or two letters for an avatar."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def tint(name: str) -> str:
    """One of five avatar colours, always the same for the same name."""
    return ("a0", "a1", "a2", "a3", "a4")[sum(map(ord, name)) % 5]
