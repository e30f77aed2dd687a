"""The gaps of a package as a reader may deal with them: fill, ask, or know who can."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handoffs import filling
from handoffs.access import rep_of
from handoffs.models import Event, Handoff, State
from handoffs.views.words import Reading
from routing.models import Rep, User

IN_BRACKETS = re.compile(r"(.+) \(([^()]+)\)\.")


@dataclass(frozen=True, kw_only=True, slots=True)
class GapLine:
    """One gap as the page lists it; `ask` is the first name of whom it can be asked of, empty for nobody.

    `field` is where the CRM keeps it, for whoever fills it there; `asked` says who was asked lately, and when.
    """

    key: str
    id: str
    sentence: str
    field: str
    label: str
    is_blocking: bool
    is_critical: bool
    filled_by: str
    can_fill: bool
    ask: str
    asked: str = ""


def lines_of(handoff: Handoff, user: User, *, may_fill: bool, reading: Reading) -> list[GapLine]:
    """The gaps of the handoff's package as this reader may deal with them; two queries, or none without a gap.

    A withdrawn handoff has nothing left to fill.
    """
    counts = handoff.package is not None and handoff.state != State.WITHDRAWN
    missing = handoff.package.body["completeness"]["missing"] if handoff.package and counts else []
    is_open = handoff.closed_at is None
    asked = _asked(handoff, missing, reading) if missing and may_fill and is_open else {}
    found = []
    for gap in missing:
        key = str(gap["key"])
        sentence, field = in_two(gap["sentence"])
        whom = filling.can_fill(handoff, gap["filledBy"], by=rep_of(user)) if may_fill and is_open else None
        found.append(
            GapLine(
                key=key,
                id=f"gap-{key.replace('.', '-')}",
                sentence=sentence,
                field=field,
                label=gap["label"],
                is_blocking=gap["blocking"],
                is_critical=gap["critical"],
                filled_by=_who(handoff, gap["filledBy"]) if is_open else "",
                can_fill=may_fill and is_open and filling.metadata_key(handoff, key) is not None,
                ask=(whom.rep.first_name if whom.rep else whom.name) if whom else "",
                asked=asked.get(key, ""),
            )
        )
    return found


def in_two(sentence: str) -> tuple[str, str]:
    """The sentence of a gap, and the field of the CRM that stood in brackets at its end, if one did."""
    found = IN_BRACKETS.fullmatch(sentence)
    return (f"{found[1]}.", found[2]) if found else (sentence, "")


def _asked(handoff: Handoff, missing: Sequence[Mapping[str, Any]], reading: Reading) -> dict[str, str]:
    """Who was last asked for each gap, and when, where that is so recent that it cannot be asked again."""
    since = reading.now - filling.ASK_AGAIN
    events = list(Event.objects.filter(stream=handoff.stream, verb="gap_asked", at__gt=since).order_by("seq"))
    names = dict(Rep.objects.filter(pk__in=[event.facts["rep"] for event in events]).values_list("pk", "first_name"))
    others = {gap["key"]: filling.can_fill(handoff, gap["filledBy"], by=None) for gap in missing}
    found = {}
    for event in events:
        other = others.get(event.facts["gap"])
        name = names.get(event.facts["rep"]) or (other.name if other else "RevOps")
        found[str(event.facts["gap"])] = f"{name} was asked {reading.time(event.at)}"
    return found


def _who(handoff: Handoff, filled_by: str) -> str:
    """Who can fill it, by name where that is known."""
    is_sender = filled_by == filling.SENDER
    return handoff.from_rep.name if is_sender and handoff.from_rep else f"the {filled_by}" if is_sender else filled_by
