"""The rows of the inbox: a page of a list in its order, and the words of each row."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from django.db.models import Prefetch, QuerySet

from handoffs import wording
from handoffs.access import rep_of
from handoffs.models import IN_ORDER, Handoff, State
from handoffs.views import chips
from handoffs.views.chips import Chip, chip
from handoffs.views.ladder import YOU, what_happens
from handoffs.views.tabs import CLOSED, FOUND
from handoffs.views.words import Reading, initials, tint
from routing.models import Rep, SegmentCode, Team, User
from routing.offices import Offices
from sla.models import Clock, ClockKind

PAGE_SIZE = 50
ORDERS = {
    CLOSED: ("-closed_at", "-id"),
    FOUND: ("standing", "due_at", "-closed_at", "-received_at", "-id"),
}
"""How lists are sorted that hold more than what is open."""
GROUPS = (
    (chips.BREACHED, "Breached", "stop", "bad"),
    (chips.ANSWER, "Waiting for your answer", "warn", "warn"),
    (chips.SOON, "Due in the next hour", "warn", "warn"),
    (chips.LATER, "Later", "clock", "ok"),
    (chips.WAITING, "Waiting on others", "pause", "idle"),
    (chips.CONTACTED, "Contacted", "done", "ok"),
    (chips.DONE, "Closed", "done", "idle"),
)


OWNERS_VERBS = {
    State.ASSIGNED: ("acknowledge", "log_contact", "reject"),
    State.ACKNOWLEDGED: ("log_contact", "reject"),
    State.CONTACTED: ("book_meeting", "close"),
    State.MEETING_BOOKED: ("close",),
}
"""What a row offers its owner, the next step first."""


@dataclass(frozen=True, slots=True)
class Button:
    """What leads to a verb's form: the verb, the last part of its address, icon and words."""

    verb: str
    path: str
    icon: str
    label: str


FORMS = {
    button.verb: button
    for button in (
        Button("log_contact", "contact/", "phone", "Log contact"),
        Button("book_meeting", "meeting/", "cal", "Book meeting"),
        Button("close", "outcome/", "flag", "Record outcome"),
        Button("resubmit", "resubmit/", "play", "Send again"),
    )
}
"""The steps of a row that open a form."""

PLACES = {key: place for place, (key, *_) in enumerate(GROUPS)}
"""The order of the groups on a page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody, or a team, at one end of a handoff."""

    name: str
    initials: str
    tint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Ring:
    """Completeness as a ring: the score, its tone, and the length of the arc on a circle of 62.8."""

    score: int
    tone: str
    arc: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One handoff of the list."""

    handoff: Handoff
    chip: Chip
    kind: str
    route: str
    value: str
    sender: Person
    receiver: Person
    sender_name: str
    receiver_name: str
    facts: tuple[str, ...]
    ring: Ring | None
    happened: str
    ahead: str
    next_step: str
    verbs: tuple[str, ...]

    @property
    def target(self) -> str:
        """The id of its element, which an answer replaces."""
        return f"row-{self.handoff.pk}"

    @property
    def may_acknowledge(self) -> bool:
        """Whether the row's button acknowledges."""
        return "acknowledge" in self.verbs

    @property
    def may_take(self) -> bool:
        """Whether the row's button takes it out of the queue."""
        return "take" in self.verbs

    @property
    def button(self) -> Button | None:
        """The form that the next step opens, if it opens one."""
        return FORMS.get(self.verbs[0]) if self.verbs else None

    @property
    def mark(self) -> str:
        """What a pulse compares: where the row stands, and whether anything of it has changed."""
        return mark(self.handoff, self.chip)


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Rows that stand alike against their clocks."""

    key: str
    title: str
    icon: str
    tone: str
    rows: list[Row]


def page_of(listed: QuerySet[Handoff], view: str, *, page: int) -> list[int]:
    """The numbers of the handoffs on a page (from 1) of a tab's list, in order; the database walks an index to them."""
    start = (page - 1) * PAGE_SIZE
    return list(listed.order_by(*ORDERS.get(view, IN_ORDER)).values_list("pk", flat=True)[start : start + PAGE_SIZE])


def loaded(numbers: Sequence[int]) -> list[Handoff]:
    """Handoffs that were found among what the reader may see, with all that a row shows, in the order given."""
    found = (
        Handoff.objects.filter(pk__in=numbers)
        .select_related("account", "deal", "from_rep", "from_team", "owner", "team", "to_team", "assignment")
        .defer("account__custom", "account__metadata", "deal__metadata")
        .prefetch_related(with_clocks())
        .in_bulk()
    )
    return [found[number] for number in numbers if number in found]


def grouped(handoffs: Iterable[Handoff], user: User, reading: Reading) -> list[Group]:
    """The rows under their headings; empty groups are left out."""
    rep = rep_of(user)
    offices = cache(lambda: Offices.at(reading.now))
    rows = [row(handoff, rep, reading, offices) for handoff in handoffs]
    found = (
        Group(key=key, title=title, icon=icon, tone=tone, rows=[row for row in rows if row.chip.group == key])
        for key, title, icon, tone in GROUPS
    )
    return [group for group in found if group.rows]


def row(handoff: Handoff, rep: Rep | None, reading: Reading, offices: Callable[[], Offices]) -> Row:
    """The words of one handoff (from `handoffs_of`) for a reader who is `rep`, or nobody on the roster.

    `offices` tell whom the ladder alerts; they are asked for only where a promise was missed.
    """
    clock = present_clock(handoff)
    is_owner = rep is not None and handoff.owner_id == rep.pk
    is_sender = rep is not None and handoff.from_rep_id == rep.pk
    shown = chip_of(handoff, rep, reading)
    happened, ahead = "", ""
    if shown.group == chips.BREACHED and clock is not None:
        role, holders = handoff.type_enum.escalation_role, _holders(handoff, clock, rep, offices())
        happened, ahead = what_happens(clock, reading, role=role, is_owner=is_owner, holders=holders)
    sender = person(handoff.from_rep, handoff.from_team)
    receiver = person(handoff.owner, handoff.team or handoff.to_team)
    deal, account = handoff.deal, handoff.account
    segment = dict(SegmentCode.choices).get(handoff.segment or account.tier, handoff.segment)
    return Row(
        handoff=handoff,
        chip=shown,
        kind=handoff.type_enum.short,
        route=handoff.get_handoff_type_display().split(" (")[0],
        value=wording.money(deal.amount, deal.currency) if deal and deal.amount is not None else "",
        sender=sender,
        receiver=receiver,
        sender_name="you" if is_sender else sender.name,
        receiver_name="you" if is_owner else receiver.name,
        facts=tuple(filter(None, (handoff.reference, str(segment), account.industry))),
        ring=ring(handoff.completeness, is_flagged=handoff.is_flagged),
        happened=happened,
        ahead=ahead,
        next_step=_next_step(handoff, is_sender=is_sender),
        verbs=_verbs(handoff, rep, is_owner=is_owner, is_sender=is_sender),
    )


def chip_of(handoff: Handoff, rep: Rep | None, reading: Reading) -> Chip:
    """The chip of one handoff (from `loaded`) for a reader who is `rep`."""
    is_senders = rep is not None and handoff.from_rep_id == rep.pk and handoff.owner_id != rep.pk
    return chip(handoff, present_clock(handoff), reading, is_sender=is_senders)


def mark(handoff: Handoff, chip: Chip) -> str:
    """Group, tone, version of the handoff and a sum over the chip's words, as one short token."""
    words = zlib.crc32(f"{chip.label}|{chip.words}|{chip.note}".encode()) & 0xFFFF
    return f"{chip.group}-{chip.tone}-{handoff.version}-{words:x}"


def present_clock(handoff: Handoff) -> Clock | None:
    """The clock that counts now, from those loaded: resubmission while returned, else first contact."""
    if handoff.assignment is None:
        return None
    wanted = ClockKind.RESUBMIT if handoff.state == State.REJECTED else ClockKind.FIRST_CONTACT
    return next((clock for clock in handoff.assignment.clocks.all() if clock.kind == wanted), None)


def with_clocks() -> Prefetch[str]:
    """Loads the clocks of the present assignment with their intervals and steps: three queries for any number."""
    clocks = Clock.objects.prefetch_related("intervals", "step_runs")
    return Prefetch("assignment__clocks", queryset=clocks)


def person(rep: Rep | None, team: Team | None) -> Person:
    """A person, else their team, else nobody yet."""
    name = rep.name if rep else team.name if team else "nobody yet"
    return Person(name=name, initials=initials(name), tint=tint(name) if rep else "team")


def ring(score: int | None, *, is_flagged: bool) -> Ring | None:
    """The ring of a score from 0 to 100: ok from 90 without gaps, bad under 70; none before there is a package."""
    if score is None:
        return None
    tone = "bad" if score < 70 else "warn" if is_flagged or score < 90 else "ok"
    return Ring(score=score, tone=tone, arc=round(0.628 * score, 1))


def _holders(handoff: Handoff, clock: Clock, rep: Rep | None, offices: Offices) -> dict[str, str]:
    """Who holds the roles of the clock's ladder for the owner, "You" for the reader."""
    roles = {step["role"] or handoff.type_enum.escalation_role for step in clock.ladder}
    found = {role: offices.holder(role, near=handoff.owner) for role in roles}
    return {role: YOU if holder == rep else holder.name for role, holder in found.items() if holder}


def _verbs(handoff: Handoff, rep: Rep | None, *, is_owner: bool, is_sender: bool) -> tuple[str, ...]:
    """What the row offers the reader; everything else is on the handoff's own page."""
    if handoff.state == State.UNASSIGNED and handoff.queue_id is not None:
        return ("take",) if rep is not None and handoff.queue_id in rep.pool_ids else ()
    if is_owner and handoff.state in OWNERS_VERBS:
        return OWNERS_VERBS[State(handoff.state)]
    return ("resubmit",) if is_sender and handoff.state == State.REJECTED else ()


def _next_step(handoff: Handoff, *, is_sender: bool) -> str:
    """What the last column says where there is no button."""
    sender = "you" if is_sender else (handoff.from_rep.first_name if handoff.from_rep else "the sender")
    return {
        State.RECEIVED: "Being prepared",
        State.BLOCKED: f"Waits for {sender}",
        State.UNASSIGNED: "Waits to be taken" if handoff.queue_id else "Waits for an owner",
        State.ASSIGNED: "Not acknowledged",
        State.ACKNOWLEDGED: "Make first contact",
        State.REJECTED: f"Returned to {sender}",
        State.CONTACTED: "Book a meeting",
        State.MEETING_BOOKED: "Hold the meeting",
    }.get(State(handoff.state), "")
