"""Who takes it. `decide` reads and reasons; `assign` chooses under the pool's lock and writes the receipt.

Everything that does not depend on the chosen person is done by `decide`, outside any transaction. `assign` then locks the
pool, reads pointers and counts afresh, takes the lowest pointer among those still eligible, and debits the turn.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max, OuterRef, Subquery

from routing import turns
from routing.availability import (
    Ask,
    Reason,
    absence_at,
    next_free,
    over_cap,
    why_not,
    with_availability,
    with_load,
)
from routing.facts import Facts
from routing.matcher import OWNER_STRATEGIES, Line, Match, live_rules
from routing.models import Assignment, Decision, Membership, Pool, Rep, Rule, Turn

RETRY_HELD = timedelta(minutes=5)
COVER_CHAIN = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who was looked at, and the reason they were passed over, if they were."""

    rep: Rep
    reason: Reason | None
    weight: int = 1
    pointer: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "rep": self.rep.pk,
            "name": self.rep.name,
            "code": self.reason.code if self.reason else "eligible",
            "words": self.reason.words if self.reason else "can take it",
            "weight": self.weight,
            "pointer": self.pointer,
            "load": getattr(self.rep, "load", None),
        }


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision before the turn is taken: the rule, the pool or the one person, and a reason for every candidate."""

    match: Match
    ask: Ask
    candidates: tuple[Candidate, ...]
    direct: Rep | None = None
    pool: Pool | None = None
    held_until: datetime | None = None
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def eligible(self) -> tuple[Candidate, ...]:
        return tuple(candidate for candidate in self.candidates if candidate.reason is None)

    @property
    def team_id(self) -> int | None:
        """The team that receives it, as far as the rule tells."""
        return self.pool.team_id if self.pool else (self.direct.team_id if self.direct else None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `assign` did. Without an `assignment`, nobody could take it before `held_until`."""

    decision: Decision
    assignment: Assignment | None
    rep: Rep | None
    held_until: datetime | None


@dataclass(slots=True)
class _Fresh:
    """The pool as it is under the lock."""

    members: list[Membership] = field(default_factory=list)
    seq: int = 0


def decide(facts: Facts, *, now: datetime, excluded: frozenset[int] = frozenset()) -> Draft:
    """The first matching rule of the live version and why each of its candidates may or may not take it now.

    Reads the roster; writes nothing. Raises `routing.matcher.NoRulesError` when nothing is live.
    """
    rules = live_rules()
    match = rules.match(facts)
    ask = Ask(now=now, excluded=excluded, segment=match.located.segment)
    skipped: list[str] = []
    for line in _lines_from(match):
        found = replace(match, line=line)
        draft = _decide_owner(found, ask) if line.strategy in OWNER_STRATEGIES else _decide_pool(found, ask)
        if draft is not None:
            return replace(draft, skipped=tuple(skipped))
        skipped.append(f"{line.code} {line.name}")
    raise AssertionError("the catch-all always gives a draft")


def assign(draft: Draft, *, handoff_uuid: uuid.UUID, number: int, now: datetime, actor: str) -> Outcome:
    """Chooses, debits and writes Decision and Assignment, in the caller's transaction.

    With a pool its row is locked until commit. `number` counts the handoff's assignments from 1.
    """
    if draft.direct is not None:
        return _give(
            draft, draft.direct, None, handoff_uuid=handoff_uuid, number=number, now=now, actor=actor
        )
    if draft.pool is None or not draft.eligible:
        return _nobody(draft, draft.candidates, handoff_uuid=handoff_uuid, now=now)
    turns.lock(draft.pool.pk)
    fresh, candidates = _reread(draft, now=now)
    ready = [
        member
        for member in fresh.members
        if any(c.rep.pk == member.rep_id and not c.reason for c in candidates)
    ]
    if not ready:
        return _nobody(draft, candidates, handoff_uuid=handoff_uuid, now=now)
    chosen = min(ready, key=_order_for(draft.match.line, candidates))
    draft = replace(draft, candidates=candidates)
    rep = next(c.rep for c in candidates if c.rep.pk == chosen.rep_id)
    return _give(
        draft, rep, (chosen, fresh.seq), handoff_uuid=handoff_uuid, number=number, now=now, actor=actor
    )


def _lines_from(match: Match) -> Iterator[Line]:
    started = False
    for line in match.rules.lines:
        started = started or line.id == match.line.id
        if started and line.refusal(match.located) is None:
            yield line


def _decide_owner(match: Match, ask: Ask) -> Draft | None:
    """An owner rule: that person, or what the rule says when they are out. None means: go on to the next rule."""
    owner_id = match.line.owner_in(match.located.facts)
    owner = with_availability(Rep.objects.filter(pk=owner_id), now=ask.now).get()
    reason = why_not(owner, ask)
    candidates = [Candidate(owner, reason)]
    pool = Pool.objects.filter(pk=match.line.pool_id).first() if match.line.pool_id else None
    unavailable = match.line.when_unavailable
    gone = reason is not None and reason.code in {"inactive", "excluded"}
    if reason is None or (unavailable == Rule.WhenUnavailable.ASSIGN_ANYWAY and not gone):
        return Draft(match, ask, tuple(candidates), direct=owner, pool=pool)
    if unavailable == Rule.WhenUnavailable.SKIP:
        return None
    if unavailable == Rule.WhenUnavailable.COVER:
        for stand_in, note in _covers(owner, ask):
            why = why_not(stand_in, ask)
            candidates.append(Candidate(stand_in, why))
            if why is None:
                return Draft(match, ask, tuple(candidates), direct=stand_in, pool=pool, notes=(note,))
    if gone:
        return None
    return Draft(match, ask, tuple(candidates), pool=pool, held_until=_retry_at([owner], candidates, ask.now))


def _covers(owner: Rep, ask: Ask) -> Iterator[tuple[Rep, str]]:
    """The named covers, one after another and never twice, then the team's manager."""
    seen, current = {owner.pk}, owner
    for _ in range(COVER_CHAIN):
        absence = absence_at(current, ask.now)
        next_id = (absence.cover_id if absence else None) or current.cover_id
        if next_id is None or next_id in seen:
            break
        seen.add(next_id)
        current = with_availability(Rep.objects.filter(pk=next_id), now=ask.now).get()
        yield current, f"{current.name} covers for {owner.name}"
    manager_id = owner.team.manager_id
    if manager_id is not None and manager_id not in seen:
        manager = with_availability(Rep.objects.filter(pk=manager_id), now=ask.now).get()
        yield manager, f"{manager.name} manages {owner.name}'s team"


def _decide_pool(match: Match, ask: Ask) -> Draft:
    """A pool rule: the members who cover the territory, or the whole pool when none does."""
    pool = Pool.objects.select_related("team").get(pk=match.line.pool_id)
    members = {
        member.rep_id: member
        for member in Membership.objects.filter(pool=pool, is_active=True)
        if pool.is_active
    }
    reps = list(with_availability(Rep.objects.filter(pk__in=members), now=ask.now))
    territory = match.located.territory
    covering = [rep for rep in reps if not rep.territories or territory in rep.territories]
    notes: tuple[str, ...] = ()
    if territory and not covering and reps:
        notes = (f"nobody in {pool.name} covers {territory}, so the whole pool was asked",)
    asked = covering or reps
    candidates = tuple(
        Candidate(rep, why_not(rep, ask), members[rep.pk].weight, members[rep.pk].pointer)
        for rep in sorted(asked, key=lambda rep: turns.order(members[rep.pk]))
    )
    if match.line.when_unavailable == Rule.WhenUnavailable.ASSIGN_ANYWAY:
        candidates = _anyway(candidates)
    held = None if any(c.reason is None for c in candidates) else _retry_at(asked, candidates, ask.now)
    return Draft(match, ask, candidates, pool=pool, held_until=held, notes=notes)


def _anyway(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """With "assign anyway", hours and caps do not count when nobody else is left; leaving the roster does."""
    if any(c.reason is None for c in candidates):
        return candidates
    hard = {"inactive", "excluded", "segment_mismatch"}
    return tuple(c if c.reason and c.reason.code in hard else replace(c, reason=None) for c in candidates)


def _retry_at(reps: Sequence[Rep], candidates: Sequence[Candidate], now: datetime) -> datetime:
    """When to decide afresh: at the first opening, or soon where the reason may lift at any time."""
    codes = {candidate.reason.code for candidate in candidates if candidate.reason}
    if not codes or codes & {"rate_cap", "load_cap"}:
        return now + RETRY_HELD
    openings = [free for rep in reps if (free := next_free(rep, now)) is not None and free > now]
    return min(openings, default=now + RETRY_HELD)


def _reread(draft: Draft, *, now: datetime) -> tuple[_Fresh, tuple[Candidate, ...]]:
    """Pointers, counts and the ledger's end as they are now that the pool is ours: one query."""
    pool_id = draft.pool.pk if draft.pool else 0
    last = (
        Turn.objects.filter(pool_id=pool_id)
        .order_by()
        .values("pool")
        .annotate(last=Max("seq"))
        .values("last")
    )
    eligible = {candidate.rep.pk: candidate for candidate in draft.eligible}
    reps = with_load(
        Rep.objects.filter(pk__in=eligible, memberships__pool_id=pool_id).annotate(
            member_id=F("memberships__pk"),
            weight=F("memberships__weight"),
            position=F("memberships__position"),
            pointer=F("memberships__pointer"),
            last_debit_seq=F("memberships__last_debit_seq"),
            member_active=F("memberships__is_active"),
            last_seq=Subquery(last),
        ),
        now=now,
    )
    fresh = _Fresh()
    reasons: dict[int, Reason | None] = {}
    for rep in reps:
        row: Any = rep
        fresh.seq = (row.last_seq or 0) + 1
        fresh.members.append(
            Membership(
                pk=row.member_id,
                pool_id=pool_id,
                rep_id=rep.pk,
                weight=row.weight,
                position=row.position,
                pointer=row.pointer,
                last_debit_seq=row.last_debit_seq,
            )
        )
        eligible[rep.pk].rep.load = row.load  # type: ignore[attr-defined]
        gone = not rep.is_active or not row.member_active
        anyway = draft.match.line.when_unavailable == Rule.WhenUnavailable.ASSIGN_ANYWAY
        reasons[rep.pk] = (
            Reason("inactive", "has left the pool") if gone else (None if anyway else over_cap(rep))
        )
    pointers = {member.rep_id: member.pointer for member in fresh.members}
    candidates = tuple(
        replace(c, reason=c.reason or reasons.get(c.rep.pk), pointer=pointers.get(c.rep.pk, c.pointer))
        for c in draft.candidates
    )
    return fresh, candidates


def _order_for(line: Line, candidates: Sequence[Candidate]) -> Any:
    if line.strategy == Rule.Strategy.LEAST_LOADED:
        loads = {c.rep.pk: getattr(c.rep, "load", 0) for c in candidates}
        return lambda member: (loads[member.rep_id] * turns.cost(member.weight), *turns.order(member))
    return turns.order


def _give(
    draft: Draft,
    rep: Rep,
    turn_of: tuple[Membership, int] | None,
    *,
    handoff_uuid: uuid.UUID,
    number: int,
    now: datetime,
    actor: str,
) -> Outcome:
    receipt = _receipt(draft)
    receipt["chosen"] = {"rep": rep.pk, "name": rep.name}
    if turn_of is not None:
        member, seq = turn_of
        after = member.pointer + turns.cost(member.weight)
        receipt["ledger"] = {"seq": seq, "before": member.pointer, "after": after, "weight": member.weight}
    decision = _record(draft, receipt, Decision.Outcome.ASSIGNED, rep, handoff_uuid=handoff_uuid, now=now)
    assignment = Assignment.objects.create(
        handoff_uuid=handoff_uuid,
        number=number,
        rep=rep,
        pool=draft.pool,
        decision=decision,
        assigned_at=now,
    )
    if turn_of is not None:
        turns.debit(turn_of[0], seq=turn_of[1], now=now, actor=actor, assignment_id=assignment.pk)
    elif draft.pool is not None and draft.pool.debits_owner_matches:
        _debit_owner(draft.pool, rep, assignment, now=now, actor=actor)
    return Outcome(decision, assignment, rep, None)


def _debit_owner(pool: Pool, rep: Rep, assignment: Assignment, *, now: datetime, actor: str) -> None:
    """Counts an owner match as a turn, where the pool wants that and the owner is in it."""
    turns.lock(pool.pk)
    member = Membership.objects.filter(pool=pool, rep=rep, is_active=True).first()
    if member is not None:
        seq = turns.next_seq(pool.pk)
        turns.debit(member, seq=seq, now=now, actor=actor, assignment_id=assignment.pk, reason="owner match")


def _nobody(
    draft: Draft, candidates: Sequence[Candidate], *, handoff_uuid: uuid.UUID, now: datetime
) -> Outcome:
    draft = replace(draft, candidates=tuple(candidates))
    held_until = draft.held_until or _retry_at([c.rep for c in candidates], candidates, now)
    receipt = {**_receipt(draft), "held_until": held_until.isoformat()}
    kind = Decision.Outcome.HELD if draft.held_until else Decision.Outcome.NOBODY
    decision = _record(draft, receipt, kind, None, handoff_uuid=handoff_uuid, now=now)
    return Outcome(decision, None, None, held_until)


def _receipt(draft: Draft) -> dict[str, Any]:
    located = draft.match.located
    return {
        "version": draft.match.rules.number,
        "rule": draft.match.line.code,
        "rule_name": draft.match.line.name,
        "strategy": draft.match.line.strategy,
        "segment": located.segment,
        "territory": located.territory,
        "pool": draft.pool.name if draft.pool else None,
        "candidates": [candidate.to_json() for candidate in draft.candidates],
        "excluded": sorted(draft.ask.excluded),
        "notes": list(draft.notes),
        "skipped_rules": list(draft.skipped),
    }


def _record(
    draft: Draft,
    receipt: dict[str, Any],
    outcome: Decision.Outcome,
    rep: Rep | None,
    *,
    handoff_uuid: uuid.UUID,
    now: datetime,
) -> Decision:
    return Decision.objects.create(
        handoff_uuid=handoff_uuid,
        rule_set_id=draft.match.rules.rule_set_id,
        rule_id=draft.match.line.id,
        pool=draft.pool,
        chosen=rep,
        outcome=outcome,
        facts=draft.match.located.facts.to_json(),
        receipt=receipt,
        decided_at=now,
    )
