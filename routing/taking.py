"""Somebody of a pool takes a handoff out of its queue: with the pool locked, within the limits, and it costs a turn."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from routing import caps, receipts, standing, turns
from routing.availability import Ask, on_leave, why_not
from routing.candidates import Candidate
from routing.decide import loaded
from routing.models import Assignment, Decision, Membership, Pool, Rep


class CannotTakeError(Exception):
    """They may not take it; the message is a part of a sentence whose subject is the person."""


def lock(pool: Pool, rep: Rep) -> None:
    """Waits for the pool and the person, until the transaction ends."""
    standing.lock(pool.pk, [rep])


def take(
    pool: Pool, rep: Rep, *, decision: Decision | None, handoff_uuid: uuid.UUID, number: int, now: datetime, actor: str
) -> Assignment:
    """Writes Decision, Assignment and turn, in the caller's transaction, after `lock`.

    Hours do not count, since they are there to take it; the limits of person, team and pool do. `decision` is the one
    that put it into the queue. Raises CannotTakeError.
    """
    [fresh] = caps.loaded([rep.pk], pool=pool, now=now)
    member = Membership.objects.filter(pool=pool, rep=rep, is_active=True).first()
    if member is None or not fresh.is_active or not pool.is_active:
        raise CannotTakeError(f"is not in {pool.name}")
    reason = caps.over_cap(fresh)
    if reason is not None:
        raise CannotTakeError(reason.words)
    seq = turns.next_seq(pool.pk)
    assignment = Assignment.objects.create(
        handoff_uuid=handoff_uuid,
        number=number,
        rep=rep,
        pool=pool,
        decision=_decided(decision, member, seq, pool=pool, rep=rep, now=now) if decision is not None else None,
        assigned_at=now,
    )
    turns.debit(member, seq=seq, now=now, actor=actor, assignment_id=assignment.pk, reason="taken from the queue")
    return assignment


def _decided(waited: Decision, member: Membership, seq: int, *, pool: Pool, rep: Rep, now: datetime) -> Decision:
    """The decision that taking it is: by the facts and the rule that put it into the queue, with a receipt of its own.

    It says how those whom that rule asked stand now, the one who takes it before the others.
    """
    receipt = {
        **waited.receipt,
        "ask": {**waited.receipt["ask"], "now": now.isoformat()},
        "candidates": [receipts.remembered(each) for each in _candidates(waited.receipt, member, now=now)],
        "order": receipts.TAKEN,
        "chosen": {"rep": rep.pk, "name": rep.name},
        "ledger": receipts.ledger_of(member, seq),
    }
    return Decision.objects.create(
        handoff_uuid=waited.handoff_uuid,
        rule_set_id=waited.rule_set_id,
        rule_id=waited.rule_id,
        pool=pool,
        chosen=rep,
        outcome=Decision.Outcome.ASSIGNED,
        facts=waited.facts,
        receipt=receipt,
        decided_at=now,
    )


def _candidates(receipt: Mapping[str, Any], taker: Membership, *, now: datetime) -> list[Candidate]:
    asked = receipt["ask"]
    ask = Ask(
        now=now,
        excluded=frozenset(receipt["excluded"]),
        segment=asked["segment"],
        skills=frozenset(asked["skills"]),
    )
    people = {taker.rep_id, *(each["rep"] for each in receipt["candidates"])}
    members = {
        each.rep_id: each for each in Membership.objects.filter(pool=taker.pool_id, is_active=True, rep__in=people)
    }
    found = [
        Candidate(rep, why_not(rep, ask), members[rep.pk], on_leave=on_leave(rep, now))
        for rep in loaded(members, ask, pool=taker.pool)
    ]
    found.sort(key=lambda each: (each.rep.pk != taker.rep_id, *turns.order(members[each.rep.pk])))
    return [replace(found[0], anyway=found[0].reason is not None), *found[1:]]
