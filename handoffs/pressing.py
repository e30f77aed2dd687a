"""Somebody pressed a button under an announcement in chat: who they are, what they may, and what they are answered.

The request is answered at once; sentences for the person and the message's new face go through the outbox.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from handoffs import pipeline, wake
from handoffs.access import may, visible_to
from handoffs.models import Delivery, Handoff, State
from handoffs.states import RefusedError
from handoffs.via import Via
from routing.models import Rep, User

_VALUE = re.compile(r"HO-([1-9][0-9]{0,17})/([1-9][0-9]{0,5})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """One press of Acknowledge: by whom, under which message, when (the provider's stamps), and the button's value."""

    person: str
    conversation: str
    message: str
    at: str
    value: str

    @property
    def once(self) -> str:
        """Names this press and no other; the same request again has the same name."""
        told = f"{self.person}\n{self.conversation}\n{self.message}\n{self.at}\n{self.value}"
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    @property
    def reply_key(self) -> str:
        return f"slack/{self.once}/reply"


def acknowledge(press: Press, *, now: datetime) -> None:
    """Acknowledges for whoever pressed, or queues the sentence that tells them why not; a repeated press does nothing.

    The person must be one active member of the roster who can sign in; what they may is what they may on the pages.
    """
    if Delivery.objects.filter(key=press.reply_key).exists():
        return
    user = _user(press.person)
    if user is None:
        _answer(press, None, "Handoffs does not know you under this Slack account. Ask RevOps to add it.", now=now)
        return
    handoff, number = _about(press.value, user)
    if handoff is None:
        _answer(press, None, "There is no such handoff among those that you see. Nothing was changed.", now=now)
        return
    via = Via(by="slack", number=number, once=press.once)
    if via.was_used(handoff):
        return
    sentence = _refusal(handoff, number, user) or _acknowledged(handoff, user, via, now=now)
    if sentence:
        _answer(press, handoff, sentence, now=now)


def _user(person: str) -> User | None:
    """Who that is; nobody when two people of the roster have the same account."""
    found = list(Rep.objects.filter(messaging_id=person, is_active=True).select_related("user")[:2]) if person else []
    user = found[0].user if len(found) == 1 else None
    return user if user is not None and user.is_active else None


def _about(value: str, user: User) -> tuple[Handoff | None, int]:
    named = _VALUE.fullmatch(value)
    if named is None:
        return None, 0
    seen = visible_to(user).select_related("owner__team", "assignment", "from_rep")
    return seen.filter(pk=int(named.group(1))).first(), int(named.group(2))


def _refusal(handoff: Handoff, number: int, user: User) -> str:
    """Why this person may not, in words; empty when they may."""
    if may(user, "acknowledge", handoff):
        return ""
    if handoff.assignment is not None and handoff.assignment.number != number and handoff.owner is not None:
        return f"{handoff.reference} is now owned by {handoff.owner}. There is nothing left for you to do."
    owner = f"is with {handoff.owner}" if handoff.owner else "has no owner at the moment"
    return f"{handoff.reference} {owner}: only the owner or their manager can acknowledge it."


def _acknowledged(handoff: Handoff, user: User, via: Via, *, now: datetime) -> str:
    try:
        pipeline.acknowledge(handoff, actor=f"user:{user.pk}", now=now, via=via)
    except RefusedError as refused:
        present = Handoff.objects.get(pk=handoff.pk)
        if present.state == State.ACKNOWLEDGED:
            return f"{present.reference} is acknowledged already."
        return str(refused).replace("Look at it again to see where it stands.", "Open the package to see it.")
    return ""


def _answer(press: Press, handoff: Handoff | None, sentence: str, *, now: datetime) -> None:
    reply = Delivery(
        key=press.reply_key,
        handoff=handoff,
        purpose=Delivery.Purpose.REPLY,
        channel=Delivery.Channel.SLACK,
        recipient=press.conversation,
        payload={"text": sentence, "person": press.person},
        queued_at=now,
        next_at=now,
    )
    with transaction.atomic():
        Delivery.objects.bulk_create([reply], ignore_conflicts=True)
        wake.after_commit()
