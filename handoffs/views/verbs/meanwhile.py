"""Why a click came too late: who did what since the page was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from handoffs.models import Event, Handoff
from handoffs.states import IllegalMoveError, RefusedError, StaleVersionError
from handoffs.wording import counted
from routing.models import User

DID: Mapping[str, str] = {
    "acknowledged": "acknowledged this",
    "acknowledge_undone": "took the acknowledgement of this back",
    "contacted": "logged first contact with this",
    "contact_corrected": "corrected the first contact of this",
    "findings_added": "added findings to this",
    "meeting_booked": "booked the meeting of this",
    "rejected": "returned this",
    "resubmitted": "sent this again",
    "reassigned": "reassigned this",
    "gap_filled": "filled a gap of this",
    "retried": "put this back in the queue",
    "withdrawn": "withdrew this",
    "converted": "closed this as converted",
    "lost": "closed this as lost",
}
ASIDE = frozenset({"delivered", "delivery_parked", "delivery_retried", "cancelled", "gap_asked", "clock_started"})
"""Lines that follow from others or change nothing that a page shows."""
STEPS = (("second", timedelta(minutes=1)), ("minute", timedelta(hours=1)), ("hour", timedelta(days=1)))


def meanwhile(handoff: Handoff, refusal: RefusedError, *, user: User, version: int | None, now: datetime) -> str:
    """Who did what before the refused click of `user`, from the log's last line; else the refusal's own sentence.

    `version` is what the page was drawn from: while that is the present one, nobody did anything in between. A refusal
    for another reason than what was done meanwhile says it better itself.
    """
    if not isinstance(refusal, IllegalMoveError | StaleVersionError):
        return str(refusal)
    if version == Handoff.objects.values_list("version", flat=True).get(pk=handoff.pk):
        return str(refusal)
    last = Event.objects.filter(stream=handoff.stream).exclude(verb__in=ASIDE).order_by("-seq").first()
    who = _name(last, user) if last is not None and last.verb in DID else ""
    if last is None or not who:
        return str(refusal)
    return f"{who} {DID[last.verb]} {_ago(now - last.at)}. Your click changed nothing."


def _name(line: Event, user: User) -> str:
    """The person of the line; nobody for what happened by itself."""
    kind, _, number = line.actor.partition(":")
    if kind != "user" or not number.isdecimal():
        return ""
    if int(number) == user.pk:
        return "You"
    found = User.objects.filter(pk=int(number)).first()
    return str(found) if found else ""


def _ago(length: timedelta) -> str:
    """8 seconds ago, 5 minutes ago; the largest unit alone."""
    if length < timedelta(seconds=1):
        return "just now"
    unit = timedelta(seconds=1)
    for word, following in STEPS:
        if length < following:
            return f"{counted(length // unit, word)} ago"
        unit = following
    return f"{counted(length // unit, 'day')} ago"
