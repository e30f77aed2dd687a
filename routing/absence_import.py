"""Absences from a calendar file (.ics): read, compared with what is known, and only then taken over.

`read` gives what the file says, `compare` what it would change, `take_over` changes it. Every entry keeps the UID of
its event, and one of a series its start as well, so that the same file twice changes nothing. Wall-clock times without
a zone and whole days are those of the person's own zone.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
from django.db import transaction

from routing import recurrence
from routing.models import Absence, Rep
from routing.recurrence import RecurrenceError

LARGEST = 10 * 1024 * 1024
"""Bytes that a file may have."""

MOST = 500
"""Entries that are taken from one file."""

AHEAD = timedelta(days=366)
"""Series are followed so far from now."""

Event = Any
"""An event as the library has it; its types, a union of all that any property may be, would tell nothing here."""

MOST_SERIES = 200
"""Series that are followed in one file."""

NOT_AS_WRITTEN = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What the library raises, at one place or another, for a property that is not as the standard has it."""

_NOTE = 200


class CalendarFileError(ValueError):
    """A file that cannot be read; the message is one sentence for whoever sent it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One absence that a file tells of: aware UTC instants, the end not included."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An event that was not taken, and why, in a sentence."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """What one entry would do: new, changed or same."""

    entry: Entry
    change: str


def read(raw: bytes, *, zone: str, now: datetime) -> tuple[list[Entry], list[LeftOut]]:
    """What the file tells of that is not over at `now`, by start, and what was left out.

    `zone` is the person's, an IANA name. Raises CalendarFileError for a file that is too large, no calendar, without a
    single event or with more than 500 entries.
    """
    events = _events(raw)
    series = _Series(events)
    entries: dict[str, Entry] = {}
    left_out: list[LeftOut] = []
    for event in events:
        try:
            for entry in _entries(event, ZoneInfo(zone), series=series, now=now):
                if entry.ends_at > now and entry.starts_at < now + AHEAD:
                    entries[entry.uid] = entry
        except (_UnusableError, RecurrenceError) as reason:
            left_out.append(LeftOut(_name(event), str(reason)))
        except NOT_AS_WRITTEN:
            left_out.append(LeftOut(_name(event), "Something in it cannot be read. Enter it by hand."))
        if series.followed > MOST_SERIES:
            raise CalendarFileError(f"The calendar has more than {MOST_SERIES} series. Export only the absences.")
        if len(entries) > MOST:
            raise CalendarFileError(f"The calendar has more than {MOST} absences to come. Export only this person's.")
    return sorted(entries.values(), key=lambda entry: (entry.starts_at, entry.uid)), left_out


def compare(rep: Rep, entries: Sequence[Entry]) -> list[Line]:
    """What each entry would change for the person. One query; writes nothing."""
    known = {absence.uid: absence for absence in Absence.objects.filter(rep=rep, uid__in=[e.uid for e in entries])}
    return [Line(entry, _change(known.get(entry.uid), entry)) for entry in entries]


def take_over(rep: Rep, entries: Sequence[Entry], *, kind: str) -> list[Line]:
    """Writes what `compare` says, all or nothing; a changed entry keeps its kind and its cover."""
    with transaction.atomic():
        Rep.objects.select_for_update(no_key=True).get(pk=rep.pk)
        lines = compare(rep, entries)
        for line in lines:
            if line.change == "new":
                Absence.objects.create(rep=rep, kind=kind, uid=line.entry.uid, **_values(line.entry))
            elif line.change == "changed":
                absence = Absence.objects.get(rep=rep, uid=line.entry.uid)
                for name, value in _values(line.entry).items():
                    setattr(absence, name, value)
                absence.save(update_fields=list(_values(line.entry)))
    return lines


class _UnusableError(Exception):
    """An event that is no absence that could be taken over; the message is a sentence."""


class _Series:
    """The series of one file: which starts of them have an event of their own, and how many were followed."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.moved: dict[str, list[date]] = defaultdict(list)
        self.followed = 0
        for event in events:
            try:
                at = _moment(event, "RECURRENCE-ID")
            except _UnusableError:
                continue  # Told where the event itself is read.
            if at is not None:
                self.moved[_uid(event)].append(at)


def _events(raw: bytes) -> list[Event]:
    if len(raw) > LARGEST:
        raise CalendarFileError("The file is larger than 10 MB. Export only the absences.")
    try:
        calendars = icalendar.Calendar.from_ical(raw, multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except NOT_AS_WRITTEN as error:
        raise CalendarFileError("This is no calendar file that can be read. Export it again, as .ics.") from error
    if not events:
        raise CalendarFileError("The calendar has no events, so there is nothing to take over.")
    return events


def _entries(event: Event, zone: ZoneInfo, *, series: _Series, now: datetime) -> Iterator[Entry]:
    """The event's absence, or those of its series that are not over at `now`, up to a year ahead."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        raise _UnusableError("It was cancelled.")
    uid = _uid(event)
    if not uid:
        raise _UnusableError("It has no UID, so it could not be told from others the next time.")
    start, length, here = _span(event, zone)
    note = _text(event)
    if "RECURRENCE-ID" in event:
        at = _moment(event, "RECURRENCE-ID")
        yield _entry(f"{uid}/{_local(at, here):%Y%m%dT%H%M}", start, length, here, note)
        return
    if "RRULE" not in event:
        yield _entry(uid, start, length, here, note)
        return
    begins, last = _local(now, here) - length, _last(event, here, until=now + AHEAD)
    if last <= begins:
        return
    series.followed += 1
    left = {_local(given, here) for given in [*_dates(event, "EXDATE"), *series.moved.get(uid, [])]}
    ahead = (each for each in recurrence.starts(event["RRULE"], start, last=last) if each > begins)
    for each in islice(ahead, MOST + 1):
        if each not in left:
            yield _entry(f"{uid}/{each:%Y%m%dT%H%M}", each, length, here, note)


def _span(event: Event, zone: ZoneInfo) -> tuple[datetime, timedelta, tzinfo]:
    """Start on the wall clock, length on the wall clock, and the zone of that clock."""
    start, end = _moment(event, "DTSTART"), _moment(event, "DTEND")
    if start is None:
        raise _UnusableError("It has no start.")
    here: tzinfo = start.tzinfo if isinstance(start, datetime) and start.tzinfo else zone
    begins = _local(start, here)
    if end is not None:
        length = _local(end, here) - begins
    elif "DURATION" in event:
        length = event.decoded("DURATION")
        if not isinstance(length, timedelta):
            raise _UnusableError("Its duration cannot be read.")
    elif isinstance(start, datetime):
        raise _UnusableError("It has no end.")
    else:
        length = timedelta(days=1)
    if length <= timedelta(0):
        raise _UnusableError("It ends before it starts.")
    if not date(2000, 1, 1) <= begins.date() <= date(2100, 1, 1) or length > timedelta(days=3 * 366):
        raise _UnusableError("Its dates are far away or it lasts more than three years.")
    return begins, length, here


def _last(event: Event, here: tzinfo, *, until: datetime) -> datetime:
    """The last moment on the wall clock at which one of a series may start."""
    last = _local(until, here)
    for ends in event["RRULE"].get("UNTIL", []) if isinstance(event["RRULE"], icalendar.vRecur) else []:
        if not isinstance(ends, date):
            raise _UnusableError("The end of its series cannot be read.")
        last = min(last, _local(ends, here) + (timedelta(0) if isinstance(ends, datetime) else timedelta(days=1)))
    return last


def _entry(uid: str, start: datetime, length: timedelta, here: tzinfo, note: str) -> Entry:
    if len(uid) > 255:
        uid = hashlib.sha256(uid.encode()).hexdigest()
    begins = start.replace(tzinfo=here).astimezone(UTC)
    ends = (start + length).replace(tzinfo=here).astimezone(UTC)
    return Entry(uid, begins, ends, note)


def _moment(event: Event, name: str) -> Any:
    """A date or a datetime of the event; None when it has none. Raises _UnusableError for one that is neither."""
    if name not in event:
        return None
    try:
        found = event.decoded(name)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _UnusableError("One of its times cannot be read.") from error
    if not isinstance(found, date):
        raise _UnusableError("One of its times cannot be read.")
    zone = event[name].params.get("TZID") if hasattr(event[name], "params") else None
    if zone and isinstance(found, datetime) and found.tzinfo is None:
        raise _UnusableError(f"Its time zone “{zone}” is not known.")
    return found


def _local(moment: date, here: tzinfo) -> datetime:
    """The moment on the wall clock of `here`, without a zone; a day is its midnight."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time())
    return moment.astimezone(here).replace(tzinfo=None) if moment.tzinfo else moment


def _dates(event: Event, name: str) -> Iterator[date]:
    found = event.get(name, [])
    for group in found if isinstance(found, list) else [found]:
        for each in group.dts:
            if not isinstance(each.dt, date):
                raise _UnusableError("One of its times cannot be read.")
            yield each.dt


def _uid(event: Event) -> str:
    return _clean(str(event.get("UID", "")))


def _name(event: Event) -> str:
    return _text(event) or _uid(event)[:_NOTE] or "An event without a name"


def _text(event: Event) -> str:
    return _clean(str(event.get("SUMMARY", "")))[:_NOTE]


def _clean(text: str) -> str:
    return " ".join(text.replace("\0", "").split())


def _change(known: Absence | None, entry: Entry) -> str:
    if known is None:
        return "new"
    same = all(getattr(known, name) == value for name, value in _values(entry).items())
    return "same" if same else "changed"


def _values(entry: Entry) -> Mapping[str, Any]:
    return {"starts_at": entry.starts_at, "ends_at": entry.ends_at, "note": entry.note}
