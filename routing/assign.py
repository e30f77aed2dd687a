"""Who takes it: chosen under the pool's lock, debited, and written down with its receipt.

The pool is locked as late as possible; pointers and counts are then read afresh, and the lowest pointer among those
still eligible wins.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import F, Max, Subquery

from routing import turns
from routing.availability import Reason, over_cap, with_load
from routing.decide import Candidate, Draft, retry_at
from routing.matcher import Line
from routing.models import Assignment, Decision, Membership, Pool, Rep, Rule, Turn


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


def assign(draft: Draft, *, handoff_uuid: uuid.UUID, number: int, now: datetime, actor: str) -> Outcome:
    """Chooses, debits and writes Decision and Assignment, in the caller's transaction.

    The pool and the people it may choose from stay locked until commit. `number` counts the handoff's assignments
    from 1.
    """
    if draft.direct is not None:
        reason = _over_cap_by_now(draft, draft.direct, now=now)
        if reason is not None:
            passed = [replace(c, reason=reason) if c.rep.pk == draft.direct.pk else c for c in draft.candidates]
            return _nobody(draft, passed, handoff_uuid=handoff_uuid, now=now)
        return _give(draft, draft.direct, None, handoff_uuid=handoff_uuid, number=number, now=now, actor=actor)
    if draft.pool is None or not draft.eligible:
        return _nobody(draft, draft.candidates, handoff_uuid=handoff_uuid, now=now)
    turns.lock_with_members(draft.pool.pk, [candidate.rep.pk for candidate in draft.eligible])
    fresh, candidates = _reread(draft, now=now)
    ready = [member for member in fresh.members if any(c.rep.pk == member.rep_id and not c.reason for c in candidates)]
    if not ready:
        return _nobody(draft, candidates, handoff_uuid=handoff_uuid, now=now)
    chosen = min(ready, key=_order_for(draft.match.line, candidates))
    draft = replace(draft, candidates=candidates)
    rep = next(c.rep for c in candidates if c.rep.pk == chosen.rep_id)
    return _give(draft, rep, (chosen, fresh.seq), handoff_uuid=handoff_uuid, number=number, now=now, actor=actor)


def _over_cap_by_now(draft: Draft, rep: Rep, *, now: datetime) -> Reason | None:
    """Whether the one person chosen got to a cap since the decision, read under their lock; the pool's comes first."""
    if draft.pool is not None and draft.pool.debits_owner_matches:
        turns.lock(draft.pool.pk)
    if not rep.has_caps or draft.match.line.when_unavailable == Rule.WhenUnavailable.ASSIGN_ANYWAY:
        return None
    Rep.objects.select_for_update(no_key=True).only("pk").get(pk=rep.pk)
    return over_cap(with_load(Rep.objects.filter(pk=rep.pk), now=now).get())


def _reread(draft: Draft, *, now: datetime) -> tuple[_Fresh, tuple[Candidate, ...]]:
    """Pointers, counts and the ledger's end as they are now that the pool is ours: one query."""
    pool_id = draft.pool.pk if draft.pool else 0
    last = Turn.objects.filter(pool_id=pool_id).order_by().values("pool").annotate(last=Max("seq")).values("last")
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
        reasons[rep.pk] = Reason("inactive", "has left the pool") if gone else (None if anyway else over_cap(rep))
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
    """Counts an owner match as a turn, where the pool wants that and the owner is in it. The pool is locked already."""
    member = Membership.objects.filter(pool=pool, rep=rep, is_active=True).first()
    if member is not None:
        seq = turns.next_seq(pool.pk)
        turns.debit(member, seq=seq, now=now, actor=actor, assignment_id=assignment.pk, reason="owner match")


def _nobody(draft: Draft, candidates: Sequence[Candidate], *, handoff_uuid: uuid.UUID, now: datetime) -> Outcome:
    draft = replace(draft, candidates=tuple(candidates))
    held_until = draft.held_until or retry_at([c.rep for c in candidates], candidates, now)
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
