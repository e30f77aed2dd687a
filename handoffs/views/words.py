"""Turns values into the words of a page: times in the reader's zone, durations, links that are safe to click."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import DomainNameValidator, validate_email

from handoffs import wording
from routing.models import HandoffType

HOUR = timedelta(hours=1)

_a_domain = DomainNameValidator(accept_idna=True)
_PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{4,30}")


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads when: times are shown in `zone`, as near to speech as their distance from `now` allows."""

    zone: ZoneInfo
    now: datetime

    def local(self, at: datetime) -> datetime:
        """The same instant on the reader's own clock."""
        return at.astimezone(self.zone)

    def zone_name(self, at: datetime | None = None) -> str:
        """The short name of the zone at that instant: GMT, CET, UTC+03."""
        return wording.zone_name(self.local(at or self.now))

    def time(self, at: datetime) -> str:
        """14:52 today, Fri 14:52 within six days, 26 Nov 14:52 this year, else 26 Nov 2025 14:52."""
        there, here = self.local(at), self.local(self.now)
        if there.date() == here.date():
            return f"{there:%H:%M}"
        if abs((there.date() - here.date()).days) < 7:
            return f"{wording.weekday_name(there)} {there:%H:%M}"
        return f"{self.day(at)} {there:%H:%M}"

    def exact(self, at: datetime) -> str:
        """The same to the second, for the log."""
        return f"{self.time(at)}:{self.local(at):%S}"

    def moment(self, at: datetime) -> str:
        """The full instant with its zone: Thu 19 Nov 2026, 14:52 GMT."""
        return wording.moment(at, self.zone.key)

    def localised(self, text: str) -> str:
        """`text` with the UTC instants in it on the reader's own clock."""
        return wording.localised(text, self.time)

    def day(self, at: datetime) -> str:
        """19 Nov this year, 12 Aug 2025 otherwise."""
        return self.calendar_day(self.local(at).date())

    def calendar_day(self, day: date) -> str:
        """The same for a calendar day, which has no zone."""
        said = wording.day(day)
        return said.removesuffix(f" {self.local(self.now).year}")

    def days_away(self, day: date) -> str:
        """How far a calendar day is: today, in 99 days, 3 days ago."""
        days = (day - self.local(self.now).date()).days
        if days == 0:
            return "today"
        count = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
        return f"in {count}" if days > 0 else f"{count} ago"


def types_named(sentence: str) -> str:
    """A sentence with handoff types named as people name them; names of people's own making stay as they are."""
    for kind in HandoffType:
        sentence = re.sub(rf"\b{kind.value}\b", kind.short, sentence)
    return sentence


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


def share(part: float, whole: float) -> int:
    """A percentage from 0 to 100 for bars and rings."""
    return max(0, min(100, round(100 * part / whole))) if whole else 0


def initials(name: str) -> str:
    """One or two letters for an avatar."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def tint(name: str) -> str:
    """One of five avatar colours, always the same for the same name."""
    return ("a0", "a1", "a2", "a3", "a4")[sum(map(ord, name)) % 5]
