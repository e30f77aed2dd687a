"""The page behind the link in an e-mail: opening it shows, sending its form acknowledges. It needs no sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from handoffs import ack_links, pipeline, wording
from handoffs.ack_links import BadLinkError, Grant, OldLinkError
from handoffs.models import Handoff, State
from handoffs.now import now
from handoffs.states import MovedOnError, RefusedError
from handoffs.via import UsedUpError
from handoffs.views.page import methods, reading_of
from handoffs.views.theme import theme_of
from routing.models import User
from sla.models import Clock, ClockKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the page says: a heading and a sentence, with an icon and a tone; and the status of a refused POST."""

    what: str
    why: str
    icon: str = "info"
    tone: str = "info"
    status: int = 200
    refused: int = 409


FORGED = Answer(
    what="This link does not work",
    why="It is not complete, or it was changed on its way. Nothing was changed. "
    "Copy the whole address from the e-mail, or sign in and acknowledge there.",
    icon="warn",
    tone="warn",
    status=404,
    refused=404,
)
EXPIRED = Answer(
    what="This link is too old",
    why="Links in e-mails work for 7 days. Nothing was changed. Sign in to see where the handoff stands.",
    icon="clock",
    tone="warn",
    status=410,
    refused=410,
)


@methods("GET", "HEAD", "POST")
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """Shows who would acknowledge what, or what became of it; a POST acknowledges and comes back here."""
    try:
        grant = ack_links.read(token, now=now())
    except OldLinkError:
        return _page(request, EXPIRED)
    except BadLinkError:
        return _page(request, FORGED)
    user, handoff = grant.recipient(), grant.handoff()
    if user is None or handoff is None:
        return _page(request, FORGED)
    stands = _how_it_stands(grant, handoff, user)
    if request.method == "POST" and stands is None:
        try:
            pipeline.acknowledge(handoff, actor=grant.actor, now=now(), via=grant.via)
        except RefusedError:  # somebody was quicker: the page says what they did
            return _page(request, _how_it_stands(grant, grant.handoff() or handoff, user) or FORGED)
        return redirect(request.path)
    if stands is not None:
        return _page(request, stands, handoff)
    return _page(request, None, handoff, **_words(handoff, user))


def _how_it_stands(grant: Grant, handoff: Handoff, user: User) -> Answer | None:
    """What became of it; None while it waits for this person."""
    try:
        grant.via.check(handoff)
    except MovedOnError as moved:
        return Answer(what="It has another owner now", why=str(moved), icon="swap")
    except UsedUpError as used:
        if handoff.state == State.ASSIGNED:
            return Answer(what="This link was used before", why=str(used), icon="warn", tone="warn")
    if handoff.state == State.ACKNOWLEDGED and handoff.acknowledged_at:
        at = reading_of(user, now()).moment(handoff.acknowledged_at)
        whose = f"{handoff.reference}, {wording.name(handoff.account.name)},"
        why = f"{whose} was acknowledged {at}. Next comes the first contact."
        return Answer(what="Acknowledged", why=why, icon="done", tone="ok")
    rep = getattr(user, "rep", None)
    if handoff.state == State.ASSIGNED and rep is not None and rep.pk == handoff.owner_id:
        return None
    state = State(handoff.state).label.lower()
    return Answer(what="There is nothing to acknowledge", why=f"{handoff.reference} is {state}. Nothing was changed.")


def _words(handoff: Handoff, user: User) -> dict[str, Any]:
    """No more than the e-mail said: the account, the kind of handoff and the promise."""
    promise = Clock.objects.filter(assignment=handoff.assignment, kind=ClockKind.FIRST_CONTACT).first()
    reading = reading_of(user, now())
    return {
        "first_name": user.first_name or str(user),
        "kind": handoff.type_enum.label,
        "account": handoff.account.name,
        "reference": handoff.reference,
        "due": reading.moment(promise.deadline_at) if promise else "",
    }


def _page(request: HttpRequest, answer: Answer | None, handoff: Handoff | None = None, **words: str) -> HttpResponse:
    status = 200 if answer is None else answer.refused if request.method == "POST" else answer.status
    context = {
        "answer": answer,
        "theme": theme_of(request),
        "company": settings.COMPANY_NAME,
        "open_url": reverse("handoff", args=[handoff.pk]) if handoff else reverse("inbox"),
        **words,
    }
    response = render(request, "ack_link.html", context, status=status)
    # The address is a key: no page may learn it from us. "no-referrer" would make browsers send "Origin: null".
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
