"""Who takes it: chosen under the pool's lock, debited, and written down with its receipt.

The pool is locked as late as possible; pointers and counts are then read afresh, and the lowest pointer among those
still eligible wins.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from routing import standing, turns
from routing.availability import Reason, over_cap, with_load
from routing.decide import Candidate, Draft, retry_at
from routing.matcher import Line
from routing.models import Assignment, Decision, Membership, Pool, Rep, Rule


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `assign` did. Without an `assignment`, nobody could take it before `held_until`."""

    decision: Decision
    assignment: Assignment | None
    rep: Rep | None
    held_until: datetime | None


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
    standing.lock(draft.pool.pk, [candidate.rep for candidate in draft.eligible])
    members, seq = standing.read(draft.pool.pk, [candidate.rep for candidate in draft.eligible], now=now)
    draft = replace(draft, candidates=_as_they_stand(draft, members))
    free = {candidate.rep.pk: candidate.rep for candidate in draft.eligible}
    ready = [member for member in members if member.rep_id in free]
    if not ready:
        return _nobody(draft, draft.candidates, handoff_uuid=handoff_uuid, now=now)
    chosen = min(ready, key=_order_for(draft.match.line, free))
    rep = free[chosen.rep_id]
    return _give(draft, rep, (chosen, seq), handoff_uuid=handoff_uuid, number=number, now=now, actor=actor)


def _over_cap_by_now(draft: Draft, rep: Rep, *, now: datetime) -> Reason | None:
    """Whether the one person chosen got to a cap since the decision, read under their lock; the pool's comes first."""
    if draft.pool is not None and draft.pool.debits_owner_matches:
        turns.lock(draft.pool.pk)
    if not rep.has_caps or draft.match.line.when_unavailable == Rule.WhenUnavailable.ASSIGN_ANYWAY:
        return None
    Rep.objects.select_for_update(no_key=True).only("pk").get(pk=rep.pk)
    return over_cap(with_load(Rep.objects.filter(pk=rep.pk), now=now).get())


def _as_they_stand(draft: Draft, members: Sequence[Membership]) -> tuple[Candidate, ...]:
    """The candidates with the pointers and the reasons of this moment."""
    here = {member.rep_id: member for member in members}
    anyway = draft.match.line.when_unavailable == Rule.WhenUnavailable.ASSIGN_ANYWAY

    def again(candidate: Candidate) -> Candidate:
        if candidate.reason is not None:
            return candidate
        member = here.get(candidate.rep.pk)
        if member is None:
            return replace(candidate, reason=Reason("inactive", "has left the pool"))
        return replace(candidate, reason=None if anyway else over_cap(candidate.rep), pointer=member.pointer)

    return tuple(map(again, draft.candidates))


def _order_for(line: Line, reps: Mapping[int, Rep]) -> Any:
    if line.strategy == Rule.Strategy.LEAST_LOADED:
        loads = {pk: getattr(rep, "load", 0) for pk, rep in reps.items()}
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
