"""Who takes it: chosen under the pool's lock, debited, and written down with its receipt.

The pool is locked as late as possible; pointers and counts are then read afresh, and the lowest pointer among those
still eligible wins.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from routing import caps, leaves, receipts, standing, turns
from routing.availability import away_or_paused
from routing.candidates import Candidate, Draft
from routing.decide import retry_at, waits_for
from routing.models import Assignment, Decision, Membership, Pool, Rep, Rule
from routing.reasons import HARD, Reason


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
    give = _Give(handoff_uuid=handoff_uuid, number=number, now=now, actor=actor)
    if draft.queue is not None:
        return give.to_queue(draft)
    if draft.direct is not None:
        return give.to_one(draft, draft.direct)
    if draft.pool is None or not draft.can_be_given:
        return give.to_nobody(draft)
    return give.to_next(draft, draft.pool)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Give:
    """One handoff that is to be given at one moment."""

    handoff_uuid: uuid.UUID
    number: int
    now: datetime
    actor: str

    def to_one(self, draft: Draft, rep: Rep) -> Outcome:
        """To the person whom the rule names, unless they left, went away or got to a cap since the decision.

        Then it goes to the next of their pod who is free.
        """
        for each in sorted((c.rep for c in draft.eligible), key=lambda one: (one.team_id, one.pk)):
            standing.lock_one(each, pool=draft.pool)
        reason = standing.out_by_now(rep, pool=draft.pool, now=self.now)
        if reason is not None and not (_is_anyway(draft) and reason.code not in HARD):
            passed = tuple(
                replace(c, reason=reason, anyway=False) if c.rep.pk == rep.pk else c for c in draft.candidates
            )
            draft = replace(draft, candidates=passed, direct=None)
            following = next((c.rep for c in draft.eligible), None)
            return self.to_one(replace(draft, direct=following), following) if following else self.to_nobody(draft)
        member = _counted(draft.pool, rep)
        turn_of = (member, turns.next_seq(member.pool_id)) if member is not None else None
        return self._write(draft, rep, turn_of, receipts.receipt_of(draft), reason="owner match")

    def to_next(self, draft: Draft, pool: Pool) -> Outcome:
        """To whoever of the pool is next among those still free, with the pool and them locked.

        Where the rule says so, the cover of whoever's turn it is takes it, for a turn of the one who is covered, or it
        waits for that one.
        """
        may_wait = draft.match.line.when_unavailable in {Rule.WhenUnavailable.HOLD, Rule.WhenUnavailable.COVER}
        asked = [c.rep for c in draft.candidates if c.is_free or (may_wait and c.is_out)]
        covers = {c.rep.pk: c.rep for chain in draft.stand_ins.values() for c in chain if c.is_free}
        standing.lock(pool.pk, list({**covers, **{rep.pk: rep for rep in asked}}.values()))
        returned = leaves.settle(pool, draft.candidates, now=self.now, actor=self.actor)
        members, seq = standing.read(pool, asked, now=self.now)
        here = {member.rep_id: member for member in members}
        draft = _as_it_stands(draft, here, asked={rep.pk for rep in asked}, now=self.now)
        places, order = [receipts.place_of(c) for c in draft.candidates], receipts.order_of(draft)
        stand_ins = self._stand_ins(draft, receipts.on_turn(places, order=order), pool)
        otherwise = draft.match.line.when_unavailable
        chosen = receipts.choose(
            places, order=order, otherwise=otherwise, stand_ins=[receipts.place_of(c) for c in stand_ins]
        )
        if chosen is None:
            return self.to_nobody(draft)
        rep = next(c.rep for c in (*draft.candidates, *stand_ins) if c.rep.pk == chosen.rep)
        covered = receipts.on_turn(places, order=order) if any(c.is_free for c in stand_ins) else None
        whose = covered.rep if covered is not None else chosen.rep
        if covered is not None:
            theirs = next(c.rep for c in draft.candidates if c.rep.pk == covered.rep)
            draft = replace(draft, covered=theirs, notes=(*draft.notes, f"{rep.name} covers for {theirs.name}"))
        receipt = receipts.receipt_of(draft)
        receipt["stand_ins"] = [receipts.remembered(c) for c in stand_ins]
        names = {c.member.pk: c.rep.pk for c in draft.candidates if c.member is not None}
        receipt["returns"] = [
            {"rep": names[turn.membership_id], "seq": turn.seq, "units": turn.units} for turn in returned
        ]
        reason = f"covered by {rep.name}"[:200] if covered is not None else ""
        return self._write(draft, rep, (here[whose], seq), receipt, reason=reason)

    def _stand_ins(self, draft: Draft, first: receipts.Place | None, pool: Pool) -> list[Candidate]:
        """The covers of whoever's turn it is, if they are out and the rule asks covers; as they stand now."""
        if first is None or not first.is_out:
            return []
        found = []
        for candidate in draft.stand_ins.get(first.rep, ()):
            reason = candidate.reason or standing.out_by_now(candidate.rep, pool=pool, now=self.now)
            found.append(replace(candidate, reason=reason))
        return found

    def to_queue(self, draft: Draft) -> Outcome:
        """Nobody is chosen: it waits until somebody of the pool takes it."""
        decision = self._record(draft, receipts.receipt_of(draft), Decision.Outcome.QUEUED, None)
        return Outcome(decision, None, None, None)

    def to_nobody(self, draft: Draft) -> Outcome:
        """Nobody can take it: when to decide afresh, and why. The same reasons as the last time are one decision."""
        waited_for = waits_for(draft) or draft.candidates
        held_until = draft.held_until or retry_at([c.rep for c in waited_for], waited_for, self.now)
        receipt = {**receipts.receipt_of(draft), "held_until": held_until.isoformat()}
        kind = Decision.Outcome.HELD if draft.held_until else Decision.Outcome.NOBODY
        last = Decision.objects.filter(handoff_uuid=self.handoff_uuid).order_by("-id").first()
        if last is None or not _says_the_same(last, draft, kind, receipt):
            last = self._record(draft, receipt, kind, None)
        return Outcome(last, None, None, held_until)

    def _write(
        self,
        draft: Draft,
        rep: Rep,
        turn_of: tuple[Membership, int] | None,
        receipt: dict[str, Any],
        *,
        reason: str = "",
    ) -> Outcome:
        receipt["chosen"] = {"rep": rep.pk, "name": rep.name}
        if turn_of is not None:
            receipt["ledger"] = receipts.ledger_of(*turn_of)
        decision = self._record(draft, receipt, Decision.Outcome.ASSIGNED, rep)
        assignment = Assignment.objects.create(
            handoff_uuid=self.handoff_uuid,
            number=self.number,
            rep=rep,
            pool=draft.pool,
            decision=decision,
            assigned_at=self.now,
        )
        if turn_of is not None:
            member, seq = turn_of
            turns.debit(member, seq=seq, now=self.now, actor=self.actor, assignment_id=assignment.pk, reason=reason)
        return Outcome(decision, assignment, rep, None)

    def _record(self, draft: Draft, receipt: dict[str, Any], outcome: Decision.Outcome, rep: Rep | None) -> Decision:
        return Decision.objects.create(
            handoff_uuid=self.handoff_uuid,
            rule_set_id=draft.match.rules.rule_set_id,
            rule_id=draft.match.line.id,
            pool=draft.pool,
            chosen=rep,
            outcome=outcome,
            facts=draft.match.located.facts.to_json(),
            receipt=receipt,
            decided_at=self.now,
        )


def _counted(pool: Pool | None, rep: Rep) -> Membership | None:
    """The owner's own place in the pool, where it counts owner matches as turns. The pool is locked already."""
    if pool is None or not pool.debits_owner_matches:
        return None
    return Membership.objects.filter(pool=pool, rep=rep, is_active=True).first()


def _is_anyway(draft: Draft) -> bool:
    return draft.match.line.when_unavailable == Rule.WhenUnavailable.ASSIGN_ANYWAY


def _as_it_stands(draft: Draft, here: Mapping[int, Membership], *, asked: AbstractSet[int], now: datetime) -> Draft:
    """The draft with the pointers and the reasons of this moment, of those who were `asked`."""

    def again(candidate: Candidate) -> Candidate:
        if candidate.rep.pk not in asked:
            return candidate
        member = here.get(candidate.rep.pk)
        if member is None:
            return replace(candidate, reason=Reason("inactive", "has left the pool"), anyway=False)
        reason = candidate.reason or away_or_paused(candidate.rep, now) or caps.over_cap(candidate.rep)
        return replace(candidate, reason=reason, member=member)

    found = [again(candidate) for candidate in draft.candidates]
    if _is_anyway(draft) and not any(candidate.is_free for candidate in found):
        found = [replace(candidate, anyway=candidate.rep.pk in here) for candidate in found]
    return replace(draft, candidates=tuple(found))


def _says_the_same(last: Decision, draft: Draft, outcome: Decision.Outcome, receipt: Mapping[str, Any]) -> bool:
    """Whether the last decision gave it to nobody by the same rule, of the same facts and for the same reasons."""
    same_rule = last.rule_set_id == draft.match.rules.rule_set_id and last.rule_id == draft.match.line.id
    if not same_rule or last.outcome != outcome or last.facts != draft.match.located.facts.to_json():
        return False
    return _reasons(last.receipt) == _reasons(receipt)


def _reasons(receipt: Mapping[str, Any]) -> set[tuple[int, str]]:
    return {(candidate["rep"], candidate["code"]) for candidate in receipt["candidates"]}
