"""What people are told on the way of a version of the rules: that it waits for them, is signed, or was sent back.

Each goes inside the product and by the ways that the person chose. The rows are built here and queued by the caller, in
the transaction of the act they tell of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from handoffs import timeline
from handoffs.access import rep_of
from handoffs.connectors.outgoing import cut, one_line
from handoffs.connectors.ports import Alert
from handoffs.links import rules_link
from handoffs.models import Delivery, Notice
from handoffs.post import TEXT_LIMIT, TITLE_LIMIT, Post, payload_of, ways
from handoffs.rule_access import signers
from handoffs.wishes import Wish, wishes_of_users
from routing.models import RuleSet, User

Channel = Delivery.Channel
SUBMITTED = "rules_submitted"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Letter:
    """One thing to say about a version; `mark` tells it from the others."""

    version: RuleSet
    stream: str
    mark: str
    title: str
    text: str
    now: datetime
    kind: Notice.Kind = Notice.Kind.RULES


def to_signers(version: RuleSet, *, stream: str, by: User, now: datetime) -> Post:
    """To everybody who can sign what was just submitted: not to whoever wrote, edited or submitted it."""
    out = {version.author_id, by.pk, *version.editors.values_list("pk", flat=True)}
    asked = {user: _open(version, sides=sorted(sides)) for user, sides in signers(at=now).items() if user.pk not in out}
    letter = _Letter(
        version=version,
        stream=stream,
        mark="sign",
        title=f"Version {version.number} of the rules waits for your signature",
        text=f"{_named(version)}Submitted by {by}.",
        now=now,
        kind=Notice.Kind.TO_SIGN,
    )
    return _to(asked, letter)


def done(version: RuleSet, *, now: datetime, by: User | None = None) -> None:
    """Takes what no longer waits, or not for `by`, from the count of what people have not read."""
    asked = Notice.objects.filter(rule_set=version, kind=Notice.Kind.TO_SIGN, read_at__isnull=True)
    (asked.filter(user=by) if by else asked).update(read_at=now)


def signed(version: RuleSet, *, stream: str, by: User, now: datetime) -> Post:
    """To the author and whoever submitted it, once nothing but publishing is left; `by` signed last, and knows."""
    letter = _Letter(
        version=version,
        stream=stream,
        mark="signed",
        title=f"Version {version.number} of the rules is signed: publish it",
        text=f"{_named(version)}RevOps and sales leadership signed it. It goes live when it is published.",
        now=now,
    )
    return _to(dict.fromkeys(_askers(version, stream=stream, but=by), _open(version)), letter)


def sent_back(version: RuleSet, *, stream: str, by: User, now: datetime) -> Post:
    """To the author and whoever submitted it: `by` asked for changes."""
    letter = _Letter(
        version=version,
        stream=stream,
        mark="changes",
        title=f"Version {version.number} of the rules was sent back",
        text=f"{_named(version)}{by} asked for changes. It is a draft again, and its page says what to change.",
        now=now,
    )
    return _to({user: {} for user in _askers(version, stream=stream, but=by)}, letter)


def _named(version: RuleSet) -> str:
    return f"“{version.title}”. " if version.title else ""


def _open(version: RuleSet, **more: Any) -> dict[str, Any]:
    """What a message says of when it is wanted, as `wanted` reads it: while this submission stands."""
    return {"waits_for_rules": {"version": version.pk, "submission": version.submissions, **more}}


def _askers(version: RuleSet, *, stream: str, but: User) -> list[User]:
    """Who waits for the signatures: the author, and whoever submitted the version last."""
    last = timeline.last(stream, SUBMITTED)
    submitter = last.actor.removeprefix("user:") if last else ""
    asked = Q(pk=version.author_id) | Q(pk=int(submitter) if submitter.isdecimal() else None)
    people = User.objects.filter(asked, is_active=True).exclude(pk=but.pk)
    return list(people.select_related("rep").order_by("pk"))


def _to(people: Mapping[User, Mapping[str, Any]], letter: _Letter) -> Post:
    """The letter to each of them, with when the message is still wanted."""
    wishes = wishes_of_users([user.pk for user in people])
    post = Post()
    for user, wanted in people.items():
        post += Post(_messages(user, letter, wishes.get(user.pk, Wish()), wanted), [_notice(user, letter)])
    return post


def _messages(user: User, letter: _Letter, wish: Wish, wanted: Mapping[str, Any]) -> list[Delivery]:
    rep = rep_of(user)
    addresses = {Channel.SLACK: rep.messaging_id if rep else "", Channel.EMAIL: user.email}
    alert = Alert(channel="", title=letter.title, body=letter.text, action_url=rules_link(letter.version))
    payload = payload_of(alert, email=addresses[Channel.EMAIL], slack=addresses[Channel.SLACK]) | dict(wanted)
    said = f"{letter.version.submissions}/notice-{letter.mark}-{user.pk}"
    return [
        Delivery(
            key=f"{letter.stream}/{said}/{channel}/{addresses[channel]}",
            purpose=Delivery.Purpose.NOTICE,
            channel=channel,
            recipient=addresses[channel],
            payload=payload,
            queued_at=letter.now,
            next_at=wish.earliest(letter.now, urgent=False),
        )
        for channel in ways(wish, slack=addresses[Channel.SLACK], email=addresses[Channel.EMAIL])
    ]


def _notice(user: User, letter: _Letter) -> Notice:
    return Notice(
        user=user,
        rule_set=letter.version,
        kind=letter.kind,
        title=cut(one_line(letter.title), limit=TITLE_LIMIT),
        text=cut(one_line(letter.text), limit=TEXT_LIMIT),
        shown_from=letter.now,
    )
