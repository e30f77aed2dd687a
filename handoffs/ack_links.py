"""The link in an e-mail that acknowledges a handoff without signing in.

It is signed, for one person and one assignment, good for seven days and for one use; opening it changes nothing. Its
days are those of the business clock, which outside a demo is the wall's: the same mail sent again must carry the same
link, and the row of the outbox knows no other time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer

from handoffs.models import Delivery, Handoff
from handoffs.via import Via
from routing.models import Assignment, Rep, User

LIFETIME = timedelta(days=7)
SALT = "handoffs.ack_links"
PURPOSES = frozenset({Delivery.Purpose.ALERT, Delivery.Purpose.BRIEFING, Delivery.Purpose.ESCALATION})
LONGEST = 200


class BadLinkError(Exception):
    """The link was never ours, or not as it stands."""


class OldLinkError(BadLinkError):
    """The link was ours, and its time is over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What a link grants: that user `user_id` may acknowledge assignment `number` of the handoff, once."""

    handoff_id: int
    number: int
    user_id: int
    issued_at: datetime

    @property
    def via(self) -> Via:
        return Via(by="link", number=self.number, once=f"link-{self.number}-{self.user_id}")

    @property
    def actor(self) -> str:
        return f"user:{self.user_id}"

    def recipient(self) -> User | None:
        """Whom it was sent to, if they can still sign in."""
        return User.objects.filter(pk=self.user_id, is_active=True).select_related("rep").first()

    def handoff(self) -> Handoff | None:
        """What it is about."""
        related = ("account", "owner", "assignment")
        return Handoff.objects.filter(pk=self.handoff_id).select_related(*related).first()


def link_for(delivery: Delivery) -> str:
    """The address for a mail, the same at every attempt; empty unless it goes to the owner it is about, by name.

    A copy to a list, or to somebody else, gets none.
    """
    if delivery.purpose not in PURPOSES or delivery.handoff_id is None or not delivery.assignment_number:
        return ""
    owner = _owner(delivery)
    if owner is None or owner.user is None or not owner.user.is_active:
        return ""
    if owner.email.lower() != delivery.recipient.lower():
        return ""
    grant = Grant(
        handoff_id=delivery.handoff_id,
        number=delivery.assignment_number,
        user_id=owner.user.pk,
        issued_at=delivery.queued_at,
    )
    return f"{settings.SITE_URL}/a/{written(grant)}/"


def written(grant: Grant) -> str:
    """The token of a grant: numbers and a signature, safe in an address."""
    seconds = int(grant.issued_at.timestamp())
    return _signer().sign(f"{grant.handoff_id}.{grant.number}.{grant.user_id}.{seconds}")


def read(token: str, *, now: datetime) -> Grant:
    """What the token grants. Raises OldLinkError after seven days and BadLinkError for anything that is not ours."""
    if len(token) > LONGEST:
        raise BadLinkError
    try:
        handoff_id, number, user_id, seconds = map(int, _signer().unsign(token).split("."))
    except (BadSignature, ValueError):
        raise BadLinkError from None
    grant = Grant(handoff_id=handoff_id, number=number, user_id=user_id, issued_at=datetime.fromtimestamp(seconds, UTC))
    if now >= grant.issued_at + LIFETIME:
        raise OldLinkError
    return grant


def _signer() -> Signer:
    """Made at each use: it takes the keys of the moment, SECRET_KEY and the SECRET_KEY_FALLBACKS of a rotation."""
    return Signer(salt=SALT, sep="~")


def _owner(delivery: Delivery) -> Rep | None:
    uuid = Handoff.objects.filter(pk=delivery.handoff_id or 0).values("uuid")
    found = Assignment.objects.filter(handoff_uuid__in=uuid, number=delivery.assignment_number)
    assignment = found.select_related("rep__user").first()
    return assignment.rep if assignment else None
