"""The log: explicit lines, chained per stream, and the sentences people read.

A line holds ids and field names only. Its hash covers the line and the hash before it, so a line that is changed, dropped
or slipped in is found by `first_broken`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from handoffs.models import Event

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a stream: the number and hash of its last line."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Entry:
    """A line to be written: what happened, and ids and field names that tell of it."""

    verb: str
    facts: Mapping[str, Any]


def head(stream: str) -> Head:
    """Where the stream ends now."""
    last = Event.objects.filter(stream=stream).order_by("-seq").values_list("seq", "hash").first()
    return Head(*last) if last else Head()


def record(stream: str, verb: str, *, actor: str, now: datetime, **facts: Any) -> Event:
    """Writes one line at the end of the stream, in the caller's transaction and under the caller's lock on the subject."""
    return append(stream, [Entry(verb, facts)], actor=actor, now=now, after=head(stream))[-1]


def append(stream: str, entries: Sequence[Entry], *, actor: str, now: datetime, after: Head) -> list[Event]:
    """Writes several lines after a known head in one statement; a head that moved violates the unique number."""
    events = []
    for entry in entries:
        facts = json.loads(json.dumps(dict(entry.facts), default=str))
        event = Event(
            stream=stream,
            seq=after.seq + 1,
            verb=entry.verb,
            actor=actor,
            facts=facts,
            at=now,
            prev_hash=after.hash,
        )
        event.hash = hash_of(event)
        after = Head(event.seq, event.hash)
        events.append(event)
    return Event.objects.bulk_create(events)


def hash_of(event: Event) -> str:
    """SHA-256 over the line's canonical JSON and the hash of the line before."""
    line = {
        "stream": event.stream,
        "seq": event.seq,
        "verb": event.verb,
        "actor": event.actor,
        "facts": event.facts,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "prev": event.prev_hash,
    }
    return hashlib.sha256(json.dumps(line, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def first_broken(stream: str) -> Event | None:
    """The first line that does not follow from the one before, or None when the chain holds."""
    expected = Head()
    for event in Event.objects.filter(stream=stream).order_by("seq").iterator():
        if event.seq != expected.seq + 1 or event.prev_hash != expected.hash or event.hash != hash_of(event):
            return event
        expected = Head(event.seq, event.hash)
    return None
