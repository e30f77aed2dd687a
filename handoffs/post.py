"""What one change sends: rows of the outbox and notices inside the product, written together by the caller.

Here is decided which ways a message takes to a person, and when; what it says is the business of `notices`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from handoffs.connectors.outgoing import cut, one_line
from handoffs.connectors.ports import Alert
from handoffs.models import Delivery, Handoff, Notice
from handoffs.wishes import Wish, Wishes, wish_of
from routing.models import Rep, Team

log = logging.getLogger(__name__)

TITLE_LIMIT, TEXT_LIMIT = 200, 300
URGENT = "urgent"


@dataclass(slots=True)
class Post:
    """Rows that go together; nothing is written before `queue`."""

    deliveries: list[Delivery] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def __add__(self, other: Post) -> Post:
        return Post(self.deliveries + other.deliveries, self.notices + other.notices)

    def queue(self) -> None:
        """Writes all rows in the caller's transaction: one statement per kind of row, none for none."""
        Delivery.objects.bulk_create(self.deliveries)
        Notice.objects.bulk_create(self.notices)


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """Something to say to one person about a handoff.

    `number` is the assignment it is about and `mark` tells it from others of the same purpose. It is ready at `ready`;
    about a `deadline` it is not put off beyond that. `text` is the notice's sentence, free of contact data.
    """

    handoff: Handoff
    purpose: Delivery.Purpose
    kind: Notice.Kind
    alert: Alert
    text: str
    number: int
    now: datetime
    ready: datetime
    deadline: datetime | None = None
    mark: str = ""


def to_person(letter: Letter, rep: Rep | None, team: Team | None, *, wishes: Wishes | None = None) -> Post:
    """To a person as they wish, and inside the product; without a person to `team`'s channel, else to RevOps."""
    if rep is None:
        return Post(_to_nobody_named(letter, team))
    wish = wish_of(wishes, rep.pk)
    return Post(directly(letter, rep, wish), notice_of(letter, rep))


def directly(letter: Letter, rep: Rep, wish: Wish) -> list[Delivery]:
    """The rows that go to the person's own addresses: the channels they chose, else the one they have."""
    return [by(channel, letter, rep, wish) for channel in ways(wish, slack=rep.messaging_id, email=rep.email)]


def ways(wish: Wish, *, slack: str, email: str) -> list[Delivery.Channel]:
    """The channels that somebody chose, of those with an address; else the one that there is."""
    addresses = {Delivery.Channel.SLACK: slack, Delivery.Channel.EMAIL: email}
    wanted = {Delivery.Channel.SLACK: wish.wants_slack, Delivery.Channel.EMAIL: wish.wants_email}
    there = [channel for channel, address in addresses.items() if address]
    return [channel for channel in there if wanted[channel]] or there[:1]


def by(channel: Delivery.Channel, letter: Letter, rep: Rep, wish: Wish) -> Delivery:
    """One row to a person by `channel`, held back over quiet hours."""
    address = rep.email if channel == Delivery.Channel.EMAIL else rep.messaging_id
    payload = payload_of(letter.alert, email=rep.email, slack=rep.messaging_id)
    return of_letter(letter, channel, address, payload, due=earliest(letter, wish))


def earliest(letter: Letter, wish: Wish) -> datetime:
    """When the letter goes out to somebody of that wish."""
    return wish.earliest(letter.ready, urgent=letter.alert.priority == URGENT, deadline=letter.deadline)


def _to_nobody_named(letter: Letter, team: Team | None) -> list[Delivery]:
    slack = (team.channel if team else "") or settings.SLACK_REVOPS_CHANNEL
    mail = settings.REVOPS_EMAIL
    if not (slack or mail):
        log.warning("%s: nobody to tell; set SLACK_REVOPS_CHANNEL or REVOPS_EMAIL", letter.handoff.reference)
        return []
    channel, recipient = (Delivery.Channel.SLACK, slack) if slack else (Delivery.Channel.EMAIL, mail)
    return [of_letter(letter, channel, recipient, payload_of(letter.alert, email=mail, slack=slack), due=letter.ready)]


def notice_of(letter: Letter, rep: Rep) -> list[Notice]:
    """Inside the product, quiet hours or not; for whoever can sign in."""
    if rep.user_id is None:
        return []
    return [
        Notice(
            user_id=rep.user_id,
            handoff=letter.handoff,
            assignment_number=letter.number,
            kind=letter.kind,
            title=cut(one_line(letter.alert.title), limit=TITLE_LIMIT),
            text=cut(one_line(letter.text), limit=TEXT_LIMIT),
            shown_from=letter.ready,
        )
    ]


def payload_of(alert: Alert, *, email: str, slack: str) -> dict[str, Any]:
    """An alert as the outbox stores it, with the other ways to the same person."""
    return {
        "alert": asdict(alert),
        "routes": {Delivery.Channel.EMAIL.value: email, Delivery.Channel.SLACK.value: slack},
    }


def of_letter(
    letter: Letter, channel: Delivery.Channel, recipient: str, payload: Mapping[str, Any], *, due: datetime
) -> Delivery:
    """The letter as a row of the outbox."""
    return row(
        letter.handoff,
        letter.purpose,
        channel,
        recipient,
        payload,
        number=letter.number,
        now=letter.now,
        due=due,
        mark=letter.mark,
    )


def row(
    handoff: Handoff,
    purpose: Delivery.Purpose,
    channel: Delivery.Channel,
    recipient: str,
    payload: Mapping[str, Any],
    *,
    number: int,
    now: datetime,
    due: datetime | None = None,
    mark: str = "",
) -> Delivery:
    """A row of the outbox, not yet written; `mark` makes its key differ from others of the same purpose."""
    said = f"{purpose}-{mark}" if mark else purpose
    return Delivery(
        key=f"{handoff.stream}/{number}/{said}/{channel}/{recipient}",
        handoff=handoff,
        assignment_number=number,
        purpose=purpose,
        channel=channel,
        recipient=recipient,
        payload=payload,
        queued_at=now,
        next_at=due or now,
    )
