"""Words for people: times, durations, amounts and codes as a reader would write them; independent of the locale."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

_SYMBOLS: Mapping[str, str] = {"USD": "$", "EUR": "€", "GBP": "£"}
_TURNING = frozenset({"R", "AL", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI"})
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def spoken(name: str) -> str:
    """A code inside a sentence: organic_search becomes organic search."""
    return " ".join(name.replace("_", " ").split())


def words(name: str) -> str:
    """A code on its own: organic_search becomes Organic search; what has capitals already is left alone."""
    said = spoken(name)
    return capital(said) if said == said.lower() else said


def capital(said: str) -> str:
    """The same with its first letter large."""
    return said[:1].upper() + said[1:]


def name(said: str) -> str:
    """A name for a sentence of plain text: one with right-to-left letters is kept from turning the words around it."""
    turns = any(unicodedata.bidirectional(letter) in _TURNING for letter in said)
    return f"\u2068{said}\u2069" if turns else said


def sentence(said: str) -> str:
    """Somebody's words with a full stop, where they ended without a mark; empty stays empty."""
    words = said.strip()
    return words if not words or words[-1] in ".!?…:;" else f"{words}."


def day(at: date) -> str:
    """12 Aug 2026; of an instant, its day in UTC."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def money(amount: Decimal, currency: str) -> str:
    """$240,000 or NOK 58,000.50: cents only where there are any."""
    whole = amount == amount.to_integral_value()
    figure = f"{abs(amount):,.0f}" if whole else f"{abs(amount):,.2f}"
    symbol = _SYMBOLS.get(currency, f"{currency} ".lstrip())
    return f"{'-' if amount < 0 else ''}{symbol}{figure}"


def counted(number: int, one: str, many: str = "") -> str:
    """1 seat, 4,200 seats."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def weekday(at: date) -> str:
    """Thu 19 Nov 2026."""
    return f"{weekday_name(at)} {day(at)}"


def weekday_name(at: date) -> str:
    """Thu."""
    return _DAYS[at.weekday()]


def zone_name(local: datetime) -> str:
    """The short name of an aware instant's zone: GMT, CET, UTC+03."""
    name = local.tzname() or str(local.tzinfo)
    return f"UTC{name}" if name[:1] in {"+", "-"} else name


def moment(at: datetime, zone: str) -> str:
    """Thu 19 Nov 2026, 14:52 GMT: an aware instant on the clocks of `zone`, an IANA name."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{weekday(local)}, {local:%H:%M} {zone_name(local)}"


def duration(minutes: int) -> str:
    """A promise: 2 hours, 1 hour, 90 minutes."""
    hours, rest = divmod(minutes, 60)
    return counted(minutes, "minute") if rest or not hours else counted(hours, "hour")


def span(length: timedelta) -> str:
    """A length of time, never negative: under 1 m, 32 m, 1 h 15 m, 3 d 4 h."""
    if length < timedelta(minutes=1):
        return "under 1 m"
    days, rest = divmod(length, timedelta(days=1))
    hours, rest = divmod(rest, timedelta(hours=1))
    minutes = rest // timedelta(minutes=1)
    if days >= 2:
        return f"{days} d {hours} h" if hours else f"{days} d"
    hours += days * 24
    if not hours:
        return f"{minutes} m"
    return f"{hours} h {minutes:02} m" if minutes else f"{hours} h"


_IN_UTC = re.compile(r"\b(\d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}) UTC\b")


def localised(text: str, said: Callable[[datetime], str]) -> str:
    """`text` with each instant that was written down as "18 Nov 2026 08:00 UTC" replaced by what `said` makes of it."""

    def there(found: re.Match[str]) -> str:
        return said(datetime.strptime(f"{found[1]} +0000", "%d %b %Y %H:%M %z").astimezone(UTC))

    return _IN_UTC.sub(there, text)
