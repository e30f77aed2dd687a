"""The tabs of the inbox: which there are for a reader, what each holds, and how many; no list is counted to its end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Subquery

from handoffs.access import groups_of, managed_teams, own_of, rep_of, sees_all, visible_to
from handoffs.models import Handoff, Standing, State
from handoffs.shipped import REP
from routing.models import Pool, Rep, Rule, RuleSet, User

MINE, ACKNOWLEDGE, TAKE, RISK, SENT = "mine", "acknowledge", "take", "risk", "sent"
TEAM, OPEN, CLOSED = "team", "all", "closed"
FOUND = "found"
"""Everything the reader may see, open or not: where a search without a tab looks."""
TITLES = {
    MINE: "My queue",
    ACKNOWLEDGE: "To acknowledge",
    TAKE: "To take",
    RISK: "At risk",
    SENT: "Sent by me",
    TEAM: "Team",
    OPEN: "All open",
    CLOSED: "Closed",
}
MOST_COUNTED = 1000
"""Counts stop here, so that a count costs the same for any number of handoffs."""
UNCOUNTED = frozenset({CLOSED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Who reads: their roster entry, ids of the teams they manage with all below, and whether they see everything."""

    user: User
    rep: Rep | None
    teams: frozenset[int]
    people: frozenset[int]
    """Ids of everybody in those teams or, for somebody who manages none, in their own."""
    queues: frozenset[int]
    """Ids of the pools of theirs in whose queue something waits, or may by the live rules."""
    sees_all: bool

    @property
    def sees_others(self) -> bool:
        """Whether other people's work is theirs to follow."""
        return self.sees_all or bool(self.teams)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tab:
    """One tab as drawn; `count` is in words, and empty where nothing is counted."""

    key: str
    label: str
    count: str
    query: str
    is_here: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many each tab holds, how many are breached among those at risk, how many came back to the reader, and how
    many the present list has.

    Each figure stops at `MOST_COUNTED` + 1.
    """

    tabs: Mapping[str, int]
    breached: int
    to_answer: int
    here: int


def reader_of(user: User) -> Reader:
    """The reader, in four queries at most."""
    rep = rep_of(user)
    teams = frozenset(managed_teams(rep)) if rep else frozenset[int]()
    near = teams or ({rep.team_id} if rep else ())
    people = frozenset(Rep.objects.filter(team__in=near).values_list("pk", flat=True))
    return Reader(
        user=user, rep=rep, teams=teams, people=people, queues=frozenset(_queues(rep)), sees_all=sees_all(user)
    )


def _queues(rep: Rep | None) -> Iterable[int]:
    if rep is None:
        return ()
    rules = Rule.objects.filter(rule_set__state=RuleSet.State.LIVE, strategy=Rule.Strategy.QUEUE, pool=OuterRef("pk"))
    waiting = Handoff.objects.filter(state=State.UNASSIGNED, queue=OuterRef("pk"))
    mine = Pool.objects.filter(memberships__rep=rep, memberships__is_active=True)
    return mine.filter(Q(Exists(rules)) | Q(Exists(waiting))).values_list("pk", flat=True)


def keys_of(reader: Reader) -> list[str]:
    """The tabs that can hold anything for this reader, in order."""
    drawn = {
        MINE: reader.rep is not None,
        ACKNOWLEDGE: reader.rep is not None,
        TAKE: bool(reader.queues),
        RISK: reader.rep is not None or reader.sees_all,
        SENT: reader.rep is not None,
        TEAM: reader.rep is not None,
        OPEN: reader.sees_others,
        CLOSED: reader.rep is not None or reader.sees_all,
    }
    return [key for key, is_drawn in drawn.items() if is_drawn] or [MINE]


def usual(reader: Reader, *, now: datetime) -> str:
    """The tab a reader starts on: their own work, or, for those who have none and see others', everything open."""
    only_a_rep = reader.rep is not None and groups_of(reader.user) <= {REP} and not reader.user.is_superuser
    if only_a_rep or not reader.sees_others or listed(MINE, reader, now=now).exists():
        return MINE
    return OPEN


def listed(view: str, reader: Reader, *, now: datetime) -> QuerySet[Handoff]:
    """The handoffs of a tab at `now` (UTC), unordered; never any that the reader may not see."""
    is_own = view in {MINE, ACKNOWLEDGE, SENT} or (view == RISK and not reader.sees_others)
    seen = own_of(reader.user) if is_own else visible_to(reader.user)
    return seen.filter(condition(view, reader, now=now))


def condition(view: str, reader: Reader, *, now: datetime) -> Q:
    """What the tab holds at `now` (UTC), among what the reader may see."""
    rep, is_open = reader.rep, Q(standing__lt=Standing.ENDED)
    if view in {OPEN, CLOSED, FOUND}:
        return {OPEN: is_open, CLOSED: Q(standing=Standing.ENDED), FOUND: Q()}[view]
    if view == RISK:
        late = Q(standing=Standing.RUNNING, at_risk_at__lte=now)
        return (
            late
            if reader.sees_all
            else late & (Q(owner=rep) | _team(reader.teams, reader.people if reader.teams else ()))
        )
    if rep is None:
        return Q(pk__in=[])
    return {
        MINE: is_open & (Q(owner=rep) | came_back(reader)),
        ACKNOWLEDGE: Q(owner=rep, standing=Standing.RUNNING, state=State.ASSIGNED),
        TAKE: Q(queue__in=reader.queues, state=State.UNASSIGNED),
        SENT: Q(from_rep=rep) & is_open,
        TEAM: is_open & _team(reader.teams or {rep.team_id}, reader.people),
    }[view]


def came_back(reader: Reader) -> Q:
    """What the reader sent and has to answer: it was returned, or its gaps block it."""
    if reader.rep is None:
        return Q(pk__in=[])
    return Q(from_rep=reader.rep, state__in=(State.BLOCKED, State.REJECTED))


def counts(reader: Reader, *, now: datetime, here: QuerySet[Handoff] | None = None) -> Counts:
    """The figures of the tabs and, if given, of the list `here`: one query, and no long count."""
    wanted = {f"n_{key}": listed(key, reader, now=now) for key in keys_of(reader) if key not in UNCOUNTED}
    wanted["n_breached"] = listed(RISK, reader, now=now).filter(due_at__lte=now)
    wanted["n_answer"] = own_of(reader.user).filter(came_back(reader))
    if here is not None:
        wanted["n_here"] = here
    figures = {name: _count(each) for name, each in wanted.items()}
    found = cast(dict[str, int], User.objects.filter(pk=reader.user.pk).values(**figures).get())
    held = {key: found[f"n_{key}"] for key in TITLES if f"n_{key}" in found}
    return Counts(tabs=held, breached=found["n_breached"], to_answer=found["n_answer"], here=found.get("n_here", 0))


def in_words(count: int) -> str:
    """12, or 1,000+."""
    return f"{MOST_COUNTED:,}+" if count > MOST_COUNTED else f"{count:,}"


def _team(teams: Collection[int], people: Collection[int]) -> Q:
    """Work of the teams: one of their people has it, or it waits for them. Ids rather than joins: they use indexes."""
    return Q(team__in=teams) | Q(owner__in=people)


class _Count(Subquery):
    """How many rows a query gives, as a column."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    empty_result_set_value = 0


def _count(handoffs: QuerySet[Handoff]) -> _Count:
    return _Count(handoffs.order_by().values("pk")[: MOST_COUNTED + 1], output_field=IntegerField())
