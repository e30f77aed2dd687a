"""What came of a number of triggers, counted from the stand-ins' own ledgers and the rows of the local CRM."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Sum

from handoffs import timeline
from handoffs.connectors.slack_blocks import REPEAT_NOTICE
from handoffs.models import Account, Activity, Deal, Delivery, Event, Handoff, State
from routing.models import Assignment, Membership, Turn
from tests.factories import Rich
from tests.fakes.fixtures import Fake

FOUR = {
    Delivery.Purpose.CRM_UPDATE,
    Delivery.Purpose.CRM_NOTE,
    Delivery.Purpose.ALERT,
    Delivery.Purpose.BRIEFING,
}


@dataclass
class Count:
    """How many of everything, and a sentence for each thing that is wrong."""

    handoffs: int = 0
    keyed: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    repeats: int = 0
    unmarked: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        keyed = f"{len(self.doubled)} doubled of {self.keyed} keyed effects"
        slack = f"{self.repeats} repeats in Slack, {len(self.unmarked)} of them unmarked"
        return f"{self.handoffs} handoffs, {len(self.lost)} lost, {keyed}, {slack}"


def count(triggers: Sequence[tuple[str, Rich]], *, slack: Fake, resend: Fake) -> Count:
    """Counts after everything was drained; `triggers` are the type and the CRM rows of each."""
    found = Count()
    mails = Counter(row["key"] for row in resend.rows(took_effect=True))
    posts = defaultdict(list)
    for row in slack.rows(path="chat.postMessage", took_effect=True):
        posts[row["key"]].append(row)
    expected: set[str] = set()
    for handoff_type, rich in triggers:
        handoffs = list(Handoff.objects.filter(account=rich.account, handoff_type=handoff_type))
        found.handoffs += len(handoffs)
        if not handoffs:
            found.lost.append(f"{handoff_type} of {rich.account.crm_id} never became a handoff")
        if len(handoffs) > 1:
            found.doubled.append(f"{handoff_type} of {rich.account.crm_id} became {len(handoffs)} handoffs")
        for handoff in handoffs:
            _count_rows(handoff, found)
            _count_crm(handoff, rich, found)
            expected |= set(handoff.deliveries.values_list("key", flat=True))
    for key, channel in Delivery.objects.exclude(channel=Delivery.Channel.CRM).values_list("key", "channel"):
        times = mails[key] if channel == Delivery.Channel.EMAIL else len(posts[key])
        if not times:
            found.lost.append(f"{key} says it was delivered, and nobody got it")
        if channel == Delivery.Channel.EMAIL:
            found.keyed += 1
            if times > 1:
                found.doubled.append(f"{key} was mailed {times} times")
    found.doubled += [f"{key} was sent and is not ours" for key in {*mails, *posts} - expected]
    _count_repeats(posts, found)
    _check_ledgers(found)
    return found


def _count_rows(handoff: Handoff, found: Count) -> None:
    name = handoff.reference
    if handoff.state != State.ASSIGNED:
        found.lost.append(f"{name} is {handoff.state}: {handoff.last_error or 'no error noted'}")
    assignments = Assignment.objects.filter(handoff_uuid=handoff.uuid)
    turns = Turn.objects.filter(assignment__in=assignments)
    if assignments.count() > 1 or turns.count() > 1:
        found.doubled.append(f"{name} has {assignments.count()} assignments and {turns.count()} turns")
    deliveries = list(handoff.deliveries.all())
    missing = FOUR - {delivery.purpose for delivery in deliveries}
    if missing:
        found.lost.append(f"{name} has no {', '.join(sorted(missing))}")
    for delivery in deliveries:
        if delivery.state != Delivery.State.DELIVERED:
            found.lost.append(f"{delivery.key} is {delivery.state}: {delivery.last_error or 'no error noted'}")
        lines = Event.objects.filter(verb="delivered", facts__delivery=str(delivery.uuid)).count()
        if lines != 1:
            found.broken.append(f"{delivery.key} has {lines} lines in the log")
    if timeline.first_broken(handoff.stream) is not None:
        found.broken.append(f"the log of {name} does not hold")


def _count_crm(handoff: Handoff, rich: Rich, found: Count) -> None:
    found.keyed += 2
    notes = Activity.objects.filter(account=rich.account, subject=f"Handoff: {handoff.handoff_type}").count()
    if notes == 0:
        found.lost.append(f"{handoff.reference} left no note in the CRM")
    if notes > 1:
        found.doubled.append(f"{handoff.reference} left {notes} notes in the CRM")
    record = Deal.objects.get(pk=rich.deal.pk) if rich.deal else Account.objects.get(pk=rich.account.pk)
    if handoff.package is None or record.metadata.get("handoff_package_id") != str(handoff.package.uuid):
        found.lost.append(f"{handoff.reference} did not leave its package's id on {record.crm_id}")


def _count_repeats(posts: dict[str, list[dict[str, object]]], found: Count) -> None:
    for key, rows in posts.items():
        for repeat in rows[1:]:
            found.repeats += 1
            if REPEAT_NOTICE not in str(repeat["body"]):
                found.unmarked.append(f"{key} was posted again without saying so")


def _check_ledgers(found: Count) -> None:
    for membership in Membership.objects.all():
        total = membership.turns.aggregate(sum=Sum("units"))["sum"] or 0
        if membership.pointer != total:
            found.broken.append(f"the pointer of {membership} is not the sum of its turns")
