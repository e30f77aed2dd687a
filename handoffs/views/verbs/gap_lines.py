"""The gaps of a package as a reader may deal with them: fill, ask, or know who can."""

from __future__ import annotations

from dataclasses import dataclass

from handoffs import filling
from handoffs.access import rep_of
from handoffs.models import Event, Handoff
from handoffs.views.words import Reading
from routing.models import User


@dataclass(frozen=True, kw_only=True, slots=True)
class GapLine:
    """One gap as the page lists it; `ask` is the first name of whom it can be asked of, empty for nobody."""

    key: str
    id: str
    sentence: str
    label: str
    is_blocking: bool
    is_critical: bool
    filled_by: str
    can_fill: bool
    ask: str
    asked: str = ""


def lines_of(handoff: Handoff, user: User, *, may_fill: bool, reading: Reading) -> list[GapLine]:
    """The gaps of the handoff's package as this reader may deal with them; one query, or none without a gap."""
    missing = handoff.package.body["completeness"]["missing"] if handoff.package else []
    is_open = handoff.closed_at is None
    asked = _asked(handoff, reading) if missing and may_fill and is_open else {}
    found = []
    for gap in missing:
        key = str(gap["key"])
        whom = filling.can_fill(handoff, gap["filledBy"], by=rep_of(user)) if may_fill and is_open else None
        found.append(
            GapLine(
                key=key,
                id=f"gap-{key.replace('.', '-')}",
                sentence=gap["sentence"],
                label=gap["label"],
                is_blocking=gap["blocking"],
                is_critical=gap["critical"],
                filled_by=_who(handoff, gap["filledBy"]),
                can_fill=may_fill and is_open and filling.metadata_key(handoff, key) is not None,
                ask=(whom.rep.first_name if whom.rep else whom.name) if whom else "",
                asked=asked.get(key, ""),
            )
        )
    return found


def _asked(handoff: Handoff, reading: Reading) -> dict[str, str]:
    """When each gap was last asked for, where that is so recent that it cannot be asked again."""
    since = reading.now - filling.ASK_AGAIN
    events = Event.objects.filter(stream=handoff.stream, verb="gap_asked", at__gt=since).order_by("seq")
    return {str(event.facts["gap"]): reading.time(event.at) for event in events}


def _who(handoff: Handoff, filled_by: str) -> str:
    """Who can fill it, by name where that is known."""
    is_sender = filled_by == filling.SENDER
    return handoff.from_rep.name if is_sender and handoff.from_rep else f"the {filled_by}" if is_sender else filled_by
