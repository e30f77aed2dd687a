"""Random rosters, absences, pauses, weights and limits: turns stay fair, limits hold, nobody absent is given work.

`HANDOFFS_PICKS` says how many picks there are in all; `make faults` asks for 10,000.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from routing import compiling, turns
from routing.assign import Outcome
from routing.decide import decide
from routing.models import Assignment, Membership, Pool, Rep, Turn
from tests.factories import NOW, AbsenceFactory
from tests.routing.desk import FACTS, assert_pointers_equal_their_ledger, give, pool_of, publish

PICKS = int(os.environ.get("HANDOFFS_PICKS", "400"))
AT_ONCE = 50
"""Picks of one roster."""

pytestmark = pytest.mark.django_db

People = st.lists(
    st.fixed_dictionaries(
        {
            "weight": st.one_of(st.just(1), st.integers(1, 20)),
            "load_cap": st.one_of(st.none(), st.integers(0, 6)),
            "hour_cap": st.one_of(st.none(), st.integers(0, 6)),
        }
    ),
    min_size=2,
    max_size=6,
)
Events = st.lists(
    st.tuples(
        st.sampled_from(["", "", "", "", "away", "pause", "resume", "release", "weight"]),
        st.integers(0, 5),
        st.integers(1, 20),
    ),
    min_size=AT_ONCE,
    max_size=AT_ONCE,
)
Shared = st.fixed_dictionaries({"team": st.one_of(st.none(), st.integers(0, 20)), "allowance": st.integers(0, 4)})


@dataclass
class Mirror:
    """One person as the test itself keeps count of them."""

    rep: Rep
    weight: int
    load_cap: int | None
    hour_cap: int | None
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)
    paused: bool = False
    open: list[Assignment] = field(default_factory=list)
    given: list[datetime] = field(default_factory=list)
    always_free: bool = True
    was_passed: bool = False

    def is_away(self, at: datetime) -> bool:
        return self.paused or any(start <= at < end for start, end in self.spans)

    def is_present(self, at: datetime, *, team_cap: int | None) -> bool:
        """Whether they were there to take turns when the pool was last asked, and are now."""
        return not (self.was_passed or self.is_away(at) or 0 in {self.load_cap, self.hour_cap, team_cap})

    def is_full(self, at: datetime) -> bool:
        last_hour = sum(at - timedelta(hours=1) < each <= at for each in self.given)
        return (self.load_cap is not None and len(self.open) >= self.load_cap) or (
            self.hour_cap is not None and last_hour >= self.hour_cap
        )


@given(people=People, events=Events, shared=Shared)
@settings(
    max_examples=max(1, PICKS // AT_ONCE),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_turns_are_fair_limits_hold_and_nobody_absent_is_chosen(
    people: list[dict[str, Any]], events: list[tuple[str, int, int]], shared: dict[str, Any]
) -> None:
    with rolled_back():
        mirrors, pool = roster(people, shared)
        for minute, (event, place, amount) in enumerate(events):
            now = NOW + timedelta(minutes=3 * minute)
            happen(mirrors[place % len(mirrors)], event, amount, now)
            check_pick(mirrors, give(decide(FACTS, now=now), now=now), pool, now)
        assert_pointers_equal_their_ledger()
        lines = list(Turn.objects.order_by("seq").values_list("seq", flat=True))
        assert lines == list(range(1, len(lines) + 1))


def rolled_back() -> Any:
    """A savepoint that is taken back at the end; compiled rules are kept by ids that come again."""

    class Again:
        def __enter__(self) -> None:
            compiling.compiled.cache_clear()
            self.frame = transaction.atomic()
            self.frame.__enter__()

        def __exit__(self, *error: object) -> None:
            transaction.set_rollback(True)
            self.frame.__exit__(*error)

    return Again()


def roster(people: list[dict[str, Any]], shared: dict[str, Any]) -> tuple[list[Mirror], Pool]:
    letters = "ABCDEF"[: len(people)]
    pool = pool_of(letters, **{letter: one["weight"] for letter, one in zip(letters, people, strict=True)})
    Pool.objects.filter(pk=pool.pk).update(return_allowance=shared["allowance"])
    pool.team.load_cap = shared["team"]
    pool.team.save()
    publish(catch_all=pool)
    mirrors = []
    for letter, one in zip(letters, people, strict=True):
        Rep.objects.filter(first_name=letter, team=pool.team).update(load_cap=one["load_cap"], hour_cap=one["hour_cap"])
        mirrors.append(Mirror(rep=Rep.objects.get(first_name=letter, team=pool.team), **one))
    pool.refresh_from_db()
    return mirrors, pool


def happen(one: Mirror, event: str, amount: int, now: datetime) -> None:
    if event == "away":
        span = (now, now + timedelta(minutes=5 * amount))
        AbsenceFactory.create(rep=one.rep, starts_at=span[0], ends_at=span[1])
        one.spans.append(span)
    elif event in {"pause", "resume"}:
        one.paused = event == "pause"
        Rep.objects.filter(pk=one.rep.pk).update(paused_since=now if one.paused else None)
    elif event == "weight":
        one.weight, one.always_free = amount, False
        Membership.objects.filter(rep=one.rep).update(weight=amount)
    elif event == "release":
        for assignment in one.open:
            Assignment.objects.filter(pk=assignment.pk).update(released_at=now, release_reason="contacted")
        one.open.clear()


def check_pick(mirrors: list[Mirror], outcome: Outcome, pool: Pool, now: datetime) -> None:
    team_cap = pool.team.load_cap
    is_team_full = team_cap is not None and sum(len(one.open) for one in mirrors) >= team_cap
    free = [one for one in mirrors if not (is_team_full or one.is_away(now) or one.is_full(now))]
    for one in mirrors:
        one.always_free = one.always_free and one in free
    if outcome.rep is None:
        assert free == [], "somebody was free and got nothing"
        return
    [chosen] = [one for one in mirrors if one.rep.pk == outcome.rep.pk]
    assert chosen in free, "somebody absent or at a limit was chosen"
    assert outcome.assignment is not None
    chosen.open.append(outcome.assignment)
    chosen.given.append(now)
    places = {each["rep"]: each for each in outcome.decision.receipt["candidates"]}
    assert places[chosen.rep.pk]["pointer"] == min(places[one.rep.pk]["pointer"] for one in free)
    check_returns(mirrors, outcome, pool, now)
    pointers = dict(Membership.objects.filter(pool=pool).values_list("rep_id", "pointer"))
    for ahead, behind in pairs([one for one in mirrors if one.always_free]):
        assert pointers[ahead.rep.pk] - pointers[behind.rep.pk] <= turns.cost(ahead.weight), "more than a turn ahead"


def check_returns(mirrors: list[Mirror], outcome: Outcome, pool: Pool, now: datetime) -> None:
    """Whoever came back stands at max(own, lowest of those present - the allowance), and nobody else is moved."""
    receipt = outcome.decision.receipt
    stood = {each["rep"]: each["pointer"] for each in receipt["candidates"]}
    present = [stood[one.rep.pk] for one in mirrors if one.is_present(now, team_cap=pool.team.load_cap)]
    returned = {line["rep"]: line for line in receipt["returns"]}
    for one in mirrors:
        is_back = one.was_passed and not one.is_away(now)
        one.was_passed = one.is_away(now)
        if not (is_back and present):
            assert one.rep.pk not in returned, "moved without having come back"
            continue
        behind = min(present) - pool.return_allowance * turns.cost(one.weight)
        if one.rep.pk in returned:
            line = Turn.objects.get(pool=pool, seq=returned[one.rep.pk]["seq"])
            assert (line.kind, line.units > 0, line.pointer_after) == (Turn.Kind.RETURN, True, behind)
        else:
            assert stood[one.rep.pk] >= behind, "came back further behind than the allowance"


def pairs(people: list[Mirror]) -> Iterator[tuple[Mirror, Mirror]]:
    return ((ahead, behind) for ahead in people for behind in people if ahead is not behind)
