"""The receipt of a decision: everything that the choice rested on, so that it can be explained and made again.

`Decision` has the facts (`Facts.to_json`), the rule-set version, the rule that won, the pool, who was chosen and when.
`Decision.receipt` is a mapping with:

    format         1
    version        number of the rule set; rule, rule_name, strategy, when_unavailable: of the winning rule
    segment, territory   where the version places the facts; null when nowhere
    pool           the pool's name, or null
    ask            {"now": ISO instant, "segment": ..., "skills": [...]}: what people were asked for
    excluded       ids of the people who were left out, the previous holders
    candidates     one mapping per person who was looked at, in the order in which they were asked:
                       rep, name                             whom
                       code, words                           "eligible", or the reason (`routing.reasons`) in words
                       anyway                                whether the rule overlooks that reason
                       weight, pointer, last_debit_seq,
                       position, member                      their place in the pool as it was under its lock; where no
                                                             pool is asked 1, 0, 0, 0 and null
                       load                                  what they had open
    order          how one of those is chosen: "turns" (lowest pointer), "least_loaded" (lowest load per weight, then
                   turns), "listed" (the first), "queued" (nobody: whoever takes it has it), "taken" (the first and
                   nobody else: who took it from the queue, beside whom the others stand as they stood then)
    covered        {"rep", "name"} of the one for whom the chosen one stands in, or null
    stand_ins      where a pool's rule gives it to the cover of whoever's turn it is: those covers, like candidates, in
                   the order in which they were asked; the turn counts for the one who is covered
    returns        turns caught up on coming back from leave, before the choice: [{"rep", "seq", "units"}]
    notes          further remarks in words
    skipped_rules  rules before it that matched and gave it to nobody, in words
    skipped        the same: [{"rule", "why": "out" or "other_team", "candidates": [...]}]
    chosen         {"rep", "name"}; absent when nobody was chosen
    ledger         {"seq", "member", "before", "after", "weight"} of the turn that was taken; absent when none was
    held_until     ISO instant at which it is decided afresh; only when nobody was chosen

`chosen_by` makes the choice again from such a mapping, by the function that made it in the first place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routing import turns
from routing.candidates import Candidate, Draft, Skipped
from routing.models import Membership, Rule
from routing.reasons import PASSING

FORMAT = 1

TURNS, LEAST_LOADED, LISTED, QUEUED, TAKEN = "turns", "least_loaded", "listed", "queued", "taken"


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody between whom and others is chosen: their place in the pool, and what they have open."""

    rep: int
    is_free: bool
    is_out: bool = False
    weight: int = 1
    pointer: int = 0
    last_debit_seq: int = 0
    position: int = 0
    pk: int = 0
    load: int = 0


def choose(
    places: Sequence[Place], *, order: str, otherwise: str = Rule.WhenUnavailable.SKIP, stand_ins: Sequence[Place] = ()
) -> Place | None:
    """Who gets it among those who are free; None when nobody is. The same places always give the same answer.

    `otherwise` is what the rule says where the one whose turn it is is out, and `stand_ins` are the covers of that one.
    """
    free = [place for place in places if place.is_free]
    if order == QUEUED:
        return None
    if order == TAKEN:
        return places[0] if places[0].is_free else None
    if order == LISTED:
        return free[0] if free else None
    first = on_turn(places, order=order)
    if first is not None and first.is_out and otherwise == Rule.WhenUnavailable.HOLD:
        return None
    if first is not None and first.is_out and otherwise == Rule.WhenUnavailable.COVER:
        cover = next((place for place in stand_ins if place.is_free), None)
        if cover is not None:
            return cover
    return on_turn(free, order=order)


def on_turn(places: Sequence[Place], *, order: str) -> Place | None:
    """Whose turn it is among those who are free, or out for a reason that passes."""

    def key(place: Place) -> tuple[int, ...]:
        loaded = (place.load * turns.cost(place.weight),) if order == LEAST_LOADED else ()
        return (*loaded, *turns.order(place))

    return min((place for place in places if place.is_free or place.is_out), key=key, default=None)


def chosen_by(receipt: Mapping[str, Any]) -> int | None:
    """The id of the Rep whom the inputs of a stored receipt lead to; None when they lead to nobody."""
    chosen = choose(
        [_stored(candidate) for candidate in receipt["candidates"]],
        order=receipt["order"],
        otherwise=receipt["when_unavailable"],
        stand_ins=[_stored(candidate) for candidate in receipt.get("stand_ins", ())],
    )
    return chosen.rep if chosen else None


def is_free(candidate: Mapping[str, Any]) -> bool:
    """Whether a stored candidate could be given it."""
    return bool(candidate["code"] == "eligible" or candidate["anyway"])


def order_of(draft: Draft) -> str:
    """How one of the draft's candidates is chosen."""
    if draft.direct is None and draft.pool is not None:
        if draft.match.line.strategy == Rule.Strategy.ROUND_ROBIN:
            return TURNS
        if draft.match.line.strategy == Rule.Strategy.LEAST_LOADED:
            return LEAST_LOADED
        if draft.match.line.strategy == Rule.Strategy.QUEUE:
            return QUEUED
    return LISTED


def place_of(candidate: Candidate) -> Place:
    """The candidate as one of those between whom is chosen."""
    member, load = candidate.member, getattr(candidate.rep, "load", 0)
    if member is None:
        return Place(candidate.rep.pk, candidate.is_free, candidate.is_out, load=load)
    return Place(
        rep=candidate.rep.pk,
        is_free=candidate.is_free,
        is_out=candidate.is_out,
        weight=member.weight,
        pointer=member.pointer,
        last_debit_seq=member.last_debit_seq,
        position=member.position,
        pk=member.pk,
        load=load,
    )


def receipt_of(draft: Draft) -> dict[str, Any]:
    """All of the receipt that is known before somebody is chosen."""
    located, line = draft.match.located, draft.match.line
    return {
        "format": FORMAT,
        "version": draft.match.rules.number,
        "rule": line.code,
        "rule_name": line.name,
        "strategy": line.strategy,
        "when_unavailable": line.when_unavailable,
        "segment": located.segment,
        "territory": located.territory,
        "pool": draft.pool.name if draft.pool else None,
        "ask": {
            "now": draft.ask.now.isoformat(),
            "segment": draft.ask.segment,
            "skills": sorted(draft.ask.skills),
        },
        "excluded": sorted(draft.ask.excluded),
        "candidates": [remembered(candidate) for candidate in draft.candidates],
        "order": order_of(draft),
        "covered": {"rep": draft.covered.pk, "name": draft.covered.name} if draft.covered else None,
        "stand_ins": [],
        "returns": [],
        "notes": list(draft.notes),
        "skipped_rules": [skipped.words for skipped in draft.skipped],
        "skipped": [_skipped(skipped) for skipped in draft.skipped],
    }


def ledger_of(member: Membership, seq: int) -> dict[str, int]:
    """The turn that `member`, as they stand before it, is about to take as line `seq`."""
    after = member.pointer + turns.cost(member.weight)
    return {"seq": seq, "member": member.pk, "before": member.pointer, "after": after, "weight": member.weight}


def remembered(candidate: Candidate) -> dict[str, Any]:
    """Somebody who was looked at, as the receipt keeps them."""
    place = place_of(candidate)
    return {
        "rep": candidate.rep.pk,
        "name": candidate.rep.name,
        "code": candidate.reason.code if candidate.reason else "eligible",
        "words": candidate.reason.words if candidate.reason else "can take it",
        "anyway": candidate.anyway,
        "weight": place.weight,
        "pointer": place.pointer,
        "last_debit_seq": place.last_debit_seq,
        "position": place.position,
        "member": place.pk or None,
        "load": getattr(candidate.rep, "load", None),
    }


def _skipped(skipped: Skipped) -> dict[str, Any]:
    return {
        "rule": skipped.line.code,
        "why": "other_team" if skipped.is_other_team else "out",
        "candidates": [remembered(candidate) for candidate in skipped.candidates],
    }


def _stored(candidate: Mapping[str, Any]) -> Place:
    return Place(
        rep=candidate["rep"],
        is_free=is_free(candidate),
        is_out=not is_free(candidate) and candidate["code"] in PASSING,
        weight=candidate["weight"],
        pointer=candidate["pointer"],
        last_debit_seq=candidate["last_debit_seq"],
        position=candidate["position"],
        pk=candidate["member"] or 0,
        load=candidate["load"] or 0,
    )
