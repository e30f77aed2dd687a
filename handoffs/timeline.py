"""The log: explicit lines, chained per stream, and the sentences people read.

A line holds ids and field names only. Its hash covers the line and the hash before it, so a line that is changed,
dropped or slipped in is found by `first_broken`.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import transaction

from handoffs.completeness_fields import FIELDS
from handoffs.models import Approval, Delivery, Event, Handoff, Remark, ReturnReason
from handoffs.purposes import name_of
from routing.models import Rep, RoleCode, User
from sla.models import ClockKind, EscalationStep

log = logging.getLogger(__name__)

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
    """Writes one line at the end of the stream, in the caller's transaction and under the caller's lock on the
    subject.
    """
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
    written = Event.objects.bulk_create(events)
    transaction.on_commit(partial(_tell_operators, written))
    return written


def _tell_operators(events: Sequence[Event]) -> None:
    """One log line for each committed line, without its facts."""
    for event in events:
        log.info("%s %s by %s", event.stream, event.verb, event.actor)


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


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log for people: when (UTC), who, and what happened in a sentence."""

    at: datetime
    actor: str
    verb: str
    text: str


def sentences(stream: str, *, last: int | None = None) -> list[Line]:
    """The log of a stream as sentences, oldest first, all or the `last` so many; a few queries for any number."""
    events = list(Event.objects.filter(stream=stream).order_by("-seq")[:last])[::-1]
    people = {str(pk) for event in events for key in ("rep", "previous", "also") if (pk := event.facts.get(key))}
    reps = {str(rep.pk): rep.name for rep in Rep.objects.filter(pk__in=people)}
    users = {f"user:{user.pk}": str(user) for user in User.objects.filter(pk__in=_user_ids(events))}
    told = [event.facts["remark"] for event in events if "remark" in event.facts]
    remarks = {str(remark.uuid): remark.text for remark in Remark.objects.filter(uuid__in=told)} if told else {}
    return [
        Line(
            event.at,
            users.get(event.actor) or ACTORS.get(event.actor, event.actor),
            event.verb,
            _sentence(event, reps, remarks),
        )
        for event in events
    ]


def last(stream: str, verb: str, **facts: Any) -> Event | None:
    """The newest line of that verb, with those facts; None if there is none."""
    with_facts = {f"facts__{name}": value for name, value in facts.items()}
    return Event.objects.filter(stream=stream, verb=verb, **with_facts).order_by("-seq").first()


def last_remark(stream: str, verb: str) -> str:
    """What was written with the last such line; empty where nothing was, or it was erased."""
    line = last(stream, verb)
    uuid = line.facts.get("remark") if line else None
    return Remark.objects.filter(uuid=uuid).values_list("text", flat=True).first() or "" if uuid else ""


ACTORS: Mapping[str, str] = {
    "engine": "Engine",
    "crm": "CRM",
    "outbox": "Outbox",
    "sla": "SLA clock",
    "command": "Command line",
}

SENTENCES: Mapping[str, str] = {
    "received": "Handoff received: {origin}",
    "compiled": "Package compiled, {score}% complete",
    "blocked": "Blocked: the sender was asked to fill the gaps",
    "unassigned": "Nobody could take it under rule {rule}; held, and decided again later",
    "assigned": "Given to {rep_name} by rule {rule}, rules v{rules}",
    "reassigned": "Reassigned from {previous_name} to {rep_name}",
    "clock_started": "SLA clock started",
    "warned": "{waits_for} is at risk: {rep_name} was told",
    "reminded": "{waits_for} is overdue: {rep_name} was reminded",
    "owner_alerted": "{waits_for} is overdue: {rep_name} was alerted",
    "role_alerted": "{waits_for} is overdue: {rep_name} was alerted as {role}",
    "escalated": "Not contacted in time: went from {previous_name} to {rep_name}",
    "left": "Not contacted in time: stays with {rep_name}, for there is nobody else",
    "superseded": "Overtaken by a later step: {action}",
    "queued": "Put into the queue of {pool} by rule {rule}",
    "taken": "Taken from the queue by {rep_name}",
    "alarmed": "Nobody had it for half an hour: {rep_name} and {also_name} were told",
    "owner_away": "{previous_name} is away: went to {rep_name}",
    "owner_away_nobody": "{previous_name} is away, and there is nobody else to give it to",
    "owner_away_proposed": "{previous_name} is away: their manager was asked whether to reassign it",
    "put_off": "Reassigning waits for the next opening",
    "postponed": "Could not be looked at; will be tried again",
    "parked": "Parked: trying again by itself would not help",
    "retried": "Put back in the queue by hand",
    "acknowledged": "Acknowledged{how}",
    "acknowledge_undone": "Acknowledgement taken back",
    "contacted": "First contact made",
    "contact_corrected": "First contact was earlier than noted before",
    "findings_added": "Findings of the first contact added",
    "meeting_booked": "Meeting booked",
    "rejected": "Returned to the sender: {reason}",
    "resubmitted": "Sent again",
    "gap_filled": "Gap filled: {gap}",
    "gap_asked": "Asked to have a gap filled: {gap}",
    "withdrawn": "Withdrawn",
    "converted": "Converted",
    "lost": "Closed as lost",
    "delivered": "{purpose}: delivered by {channel}",
    "delivery_parked": "{purpose}: parked after failing by {channel}",
    "delivery_retried": "{purpose}: put back in the queue by hand, by {channel}",
    "cancelled": "{purpose}: no longer needed by {channel}",
    "rules_begun": "Begun as a copy of v{based_on}",
    "rules_edited": "Edited: {what}",
    "rules_submitted": "Submitted for signatures",
    "rules_taken_back": "Taken back to a draft; signatures are void",
    "rules_signed": "Signed for {side}",
    "rules_changes_asked": "Changes asked for by {side}; a draft again",
    "rules_published": "Went live in place of v{replaced}",
    "rules_archived": "Replaced by v{by_version}",
    "rules_rebased": "Brought up to date with v{onto}; signatures are void",
    "rules_gone_back": "Made from v{source}, under the signatures it had",
    "rules_live_again": "Made from v{source}, which was live before",
}

# The words of these facts; other values are said as they are stored.
LABELS: Mapping[str, Mapping[str, str]] = {
    "origin": {choice.value: str(choice.label) for choice in Handoff.Origin},
    "channel": {choice.value: str(choice.label) for choice in Delivery.Channel},
    "waits_for": {choice.value: str(choice.label) for choice in ClockKind},
    "reason": {choice.value: str(choice.label).lower() for choice in ReturnReason},
    "gap": {key: field.label for key, field in FIELDS.items()},
    "action": {choice.value: str(choice.label).lower() for choice in EscalationStep.Action},
    "role": {choice.value: str(choice.label) for choice in RoleCode},
    "side": {choice.value: str(choice.label) for choice in Approval.Side},
}


# How it came, for what may come from outside the pages.
WAYS_IN: Mapping[str, str] = {"link": " by the link in an e-mail", "slack": " in Slack"}


def _sentence(event: Event, reps: Mapping[str, str], remarks: Mapping[str, str]) -> str:
    facts = {
        key: LABELS.get(key, {}).get(str(value)) or str(value).replace("_", " ") for key, value in event.facts.items()
    }
    facts["rep_name"] = reps.get(str(event.facts.get("rep")), "somebody")
    facts["also_name"] = reps.get(str(event.facts.get("also")), "nobody else")
    facts["previous_name"] = reps.get(str(event.facts.get("previous")), "nobody")
    facts["purpose"] = name_of(str(event.facts.get("purpose", "")), str(event.facts.get("about", "")))
    facts["how"] = WAYS_IN.get(str(event.facts.get("via")), "")
    pattern = SENTENCES.get(event.verb, event.verb.replace("_", " ").capitalize())
    text = pattern.format_map(defaultdict(lambda: "not stated", facts))
    remark = remarks.get(str(event.facts.get("remark")), "")
    return text[:1].upper() + text[1:] + (f": {remark}" if remark else "")


def _user_ids(events: Sequence[Event]) -> set[int]:
    marks = (event.actor.removeprefix("user:") for event in events if event.actor.startswith("user:"))
    return {int(mark) for mark in marks if mark.isdigit()}
