"""The rows of the inbox: which handoffs a tab holds, in which order, and the words of each row."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Concat

from handoffs import wording
from handoffs.access import groups_of, rep_of
from handoffs.models import OPEN_STATES, Contact, Handoff, State
from handoffs.shipped import REP
from handoffs.views import chips
from handoffs.views.chips import Chip, chip
from handoffs.views.ladder import what_happens
from handoffs.views.words import Reading, initials, tint
from routing.models import Rep, SegmentCode, Team, User
from sla.models import Clock, ClockKind

PAGE_SIZE = 50
MINE, ACKNOWLEDGE, OPEN, CLOSED, FOUND = "mine", "acknowledge", "all", "closed", "found"
FOLLOWED = (State.CONTACTED, State.MEETING_BOOKED)
AT_AN_END = (State.CONVERTED, State.LOST, State.WITHDRAWN)
GROUPS = (
    (chips.BREACHED, "Breached", "stop", "bad"),
    (chips.ANSWER, "Waiting for your answer", "warn", "warn"),
    (chips.SOON, "Due in the next hour", "warn", "warn"),
    (chips.LATER, "Later", "clock", "ok"),
    (chips.WAITING, "Waiting on others", "pause", "idle"),
    (chips.CONTACTED, "Contacted", "done", "ok"),
    (chips.DONE, "Closed", "done", "idle"),
)


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
    from_to: str
    facts: str
    ring: Ring | None
    happened: str
    ahead: str
    next_step: str
    may_acknowledge: bool

    @property
    def target(self) -> str:
        """The id of its element, which an answer replaces."""
        return f"row-{self.handoff.pk}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Rows that stand alike against their clocks."""

    key: str
    title: str
    icon: str
    tone: str
    rows: list[Row]


def counts(seen: QuerySet[Handoff], user: User) -> dict[str, int]:
    """How many of the handoffs that the user may see each tab holds, in one query."""
    found: dict[str, int] = seen.aggregate(
        mine=Count("pk", filter=_mine(user)),
        acknowledge=Count("pk", filter=_to_acknowledge(user)),
        all=Count("pk", filter=~Q(state__in=AT_AN_END)),
        closed=Count("pk", filter=Q(state__in=AT_AN_END)),
    )
    return found


def urgency(handoffs: QuerySet[Handoff], at: datetime) -> tuple[int, int]:
    """How many of them are past their first-contact deadline at `at` (UTC), and how many at risk; one query."""
    clocks = Clock.objects.filter(
        kind=ClockKind.FIRST_CONTACT,
        state=Clock.State.RUNNING,
        assignment__in=handoffs.order_by().values("assignment_id"),
    )
    found = clocks.aggregate(
        breached=Count("pk", filter=Q(deadline_at__lte=at)),
        at_risk=Count("pk", filter=Q(at_risk_at__lte=at, deadline_at__gt=at)),
    )
    return found["breached"], found["at_risk"]


def usual_view(user: User, held: dict[str, int]) -> str:
    """The tab a reader starts on: their own work, or, for those who have none and see others', everything open."""
    only_a_rep = rep_of(user) is not None and groups_of(user) <= {REP} and not user.is_superuser
    return MINE if only_a_rep or held[MINE] else OPEN


def handoffs_of(seen: QuerySet[Handoff], user: User, *, view: str, q: str) -> QuerySet[Handoff]:
    """The handoffs of a tab, or, with a search text, all that match among those the user may see; most urgent first."""
    if q:
        return _ordered(seen.filter(_matches(q)))
    wanted = {
        MINE: _mine(user),
        ACKNOWLEDGE: _to_acknowledge(user),
        OPEN: ~Q(state__in=AT_AN_END),
        CLOSED: Q(state__in=AT_AN_END),
    }[view]
    return _ordered(seen.filter(wanted))


def grouped(handoffs: Iterable[Handoff], user: User, reading: Reading) -> list[Group]:
    """The rows under their headings; empty groups are left out."""
    rep = rep_of(user)
    rows = [row(handoff, rep, reading) for handoff in handoffs]
    found = (
        Group(key=key, title=title, icon=icon, tone=tone, rows=[row for row in rows if row.chip.group == key])
        for key, title, icon, tone in GROUPS
    )
    return [group for group in found if group.rows]


def row(handoff: Handoff, rep: Rep | None, reading: Reading) -> Row:
    """The words of one handoff (from `handoffs_of`) for a reader who is `rep`, or nobody on the roster."""
    clock = present_clock(handoff)
    is_owner = rep is not None and handoff.owner_id == rep.pk
    is_sender = rep is not None and handoff.from_rep_id == rep.pk
    shown = chip(handoff, clock, reading, is_sender=is_sender and not is_owner)
    role = handoff.type_enum.escalation_role
    is_breached = shown.group == chips.BREACHED and clock is not None
    happened, ahead = what_happens(clock, reading, role=role, is_owner=is_owner) if is_breached and clock else ("", "")
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
        from_to=f"{'you' if is_sender else sender.name} to {'you' if is_owner else receiver.name}",
        facts=" · ".join(filter(None, (handoff.reference, str(segment), account.industry))),
        ring=ring(handoff.completeness, is_flagged=handoff.is_flagged),
        happened=happened,
        ahead=ahead,
        next_step=_next_step(handoff, is_sender=is_sender),
        may_acknowledge=is_owner and handoff.state == State.ASSIGNED,
    )


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


def _mine(user: User) -> Q:
    rep = rep_of(user)
    if rep is None:
        return Q(pk__in=[])
    owned = Q(owner=rep, state__in=(*OPEN_STATES, *FOLLOWED))
    return owned | Q(from_rep=rep, state__in=(State.BLOCKED, State.REJECTED))


def _to_acknowledge(user: User) -> Q:
    rep = rep_of(user)
    return Q(owner=rep, state=State.ASSIGNED) if rep else Q(pk__in=[])


def _matches(q: str) -> Q:
    number = re.fullmatch(r"(?:ho-?)?([0-9]{1,18})", q, flags=re.IGNORECASE)
    if number:
        return Q(pk=int(number[1])) | Q(deal__crm_id__icontains=q)
    people = (
        Contact.objects.filter(account=OuterRef("account"))
        .annotate(whole=Concat("first_name", Value(" "), "last_name"))
        .filter(Q(whole__icontains=q) | Q(email__icontains=q))
    )
    names = Q(account__name__icontains=q) | Q(account__domain__icontains=q)
    ids = Q(deal__name__icontains=q) | Q(deal__crm_id__iexact=q) | Q(account__crm_id__iexact=q)
    return names | ids | Q(Exists(people))


def _ordered(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Work with a running clock first, by deadline; then what waits, what was contacted, what has ended."""
    rank = Case(
        When(state__in=(State.ASSIGNED, State.ACKNOWLEDGED), then=0),
        When(state__in=OPEN_STATES, then=1),
        When(state__in=FOLLOWED, then=2),
        default=3,
    )
    first_contact = Clock.objects.filter(assignment_id=OuterRef("assignment_id"), kind=ClockKind.FIRST_CONTACT)
    deadline = Case(
        When(state__in=(State.ASSIGNED, State.ACKNOWLEDGED), then=Subquery(first_contact.values("deadline_at")[:1]))
    )
    return (
        handoffs.order_by(rank, deadline, "-closed_at", "-received_at", "-pk")
        .select_related("account", "deal", "from_rep", "from_team", "owner", "team", "to_team", "assignment")
        .defer("account__custom", "account__metadata", "deal__metadata")
        .prefetch_related(with_clocks())
    )


def _next_step(handoff: Handoff, *, is_sender: bool) -> str:
    """What the last column says where there is no button."""
    sender = "you" if is_sender else (handoff.from_rep.first_name if handoff.from_rep else "the sender")
    return {
        State.RECEIVED: "Being prepared",
        State.BLOCKED: f"Waits for {sender}",
        State.UNASSIGNED: "Waits for an owner",
        State.ASSIGNED: "Not acknowledged",
        State.ACKNOWLEDGED: "Make first contact",
        State.REJECTED: f"Returned to {sender}",
        State.CONTACTED: "Book a meeting",
        State.MEETING_BOOKED: "Hold the meeting",
    }.get(State(handoff.state), "")
