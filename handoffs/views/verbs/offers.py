"""Which verbs a reader is offered: those that `access` grants them and the handoff's state allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse

from handoffs import states
from handoffs.models import Handoff, State
from handoffs.views.verbs.forms import sender_of
from handoffs.views.verbs.working import CORRECTABLE

# Verb, name of its address, icon, words. In this order; the first that is a step forward is the primary one.
BUTTONS: tuple[tuple[str, str, str, str], ...] = (
    ("take", "take", "inbox", "Take it"),
    ("acknowledge", "acknowledge", "check", "Acknowledge"),
    ("log_contact", "log_contact", "phone", "Log first contact"),
    ("book_meeting", "book_meeting", "cal", "Book meeting"),
    ("close", "close", "flag", "Record outcome"),
    ("add_findings", "add_findings", "edit", "Add findings"),
    ("resubmit", "resubmit", "play", "Send again"),
    ("reject", "reject", "", "Return to {sender}"),
    ("reassign", "reassign", "swap", "Reassign"),
    ("withdraw", "withdraw", "", "Withdraw"),
)
NEXT: Mapping[str, str] = {
    State.ASSIGNED: "acknowledge",
    State.ACKNOWLEDGED: "log_contact",
    State.CONTACTED: "book_meeting",
    State.MEETING_BOOKED: "close",
    State.REJECTED: "resubmit",
    State.UNASSIGNED: "reassign",
}
"""The step forward in each state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One button: a form that acts at once for `acknowledge` and `take`, else a link to the verb's own form."""

    verb: str
    url: str
    icon: str
    label: str
    is_primary: bool
    is_danger: bool
    is_quiet: bool = False


def offers(handoff: Handoff, granted: frozenset[str], *, has_findings: bool) -> list[Offer]:
    """The verbs to draw for a reader who is `granted` these by `access.verbs_of`, the step forward first.

    Findings are asked for while there are none, of those who may log the contact.
    """
    if "log_contact" in granted and not has_findings:
        granted |= {"add_findings"}
    found = [
        Offer(
            verb=verb,
            url=reverse(name, args=[handoff.pk]),
            icon=icon,
            label=_label(verb, words, handoff),
            is_primary=verb == ("take" if "take" in granted else NEXT.get(handoff.state)),
            is_danger=verb in {"reject", "withdraw"},
        )
        for verb, name, icon, words in BUTTONS
        if verb in granted and handoff.state in states.MOVES[verb][0]
    ]
    if "log_contact" in granted and handoff.state in CORRECTABLE:
        found.append(
            Offer(
                verb="correct_contact",
                url=reverse("log_contact", args=[handoff.pk]),
                icon="",
                label="Correct first contact",
                is_primary=False,
                is_danger=False,
                is_quiet=True,
            )
        )
    return sorted(found, key=lambda offer: not offer.is_primary)


def _label(verb: str, words: str, handoff: Handoff) -> str:
    if verb == "reassign" and handoff.owner is None:
        return "Give to somebody"
    return words.format(sender=sender_of(handoff))
