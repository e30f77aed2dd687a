"""A stored decision made again from its own inputs alone: the version's rules, the facts, and the receipt.

Nothing of today's roster is read, so the answer stays the same whatever happened since; and an input that was altered
gives another answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from routing import receipts, turns
from routing.compiling import compiled
from routing.facts import Facts
from routing.matcher import CompiledRules, Line, Match, NoRulesError
from routing.models import Decision


class NotReplayableError(Exception):
    """The receipt does not hold what a replay needs; the message says why."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the stored inputs lead to, a rule and a Rep's id or None, and where that differs from what is stored."""

    match: Match
    line: Line
    rep: int | None
    differences: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        return not self.differences


def replay(decision: Decision) -> Replayed:
    """Matches and chooses again. Raises NotReplayableError for a receipt of an unknown format."""
    receipt = decision.receipt
    if receipt.get("format") != receipts.FORMAT:
        raise NotReplayableError(
            f"The receipt of decision {decision.pk} has the format {receipt.get('format')}, which another release "
            f"wrote. Replay it with that one: this one reads format {receipts.FORMAT}."
        )
    rules = compiled(decision.rule_set_id)
    try:
        match = rules.match(Facts.from_json(decision.facts))
        line = _rule(match, decision)
    except NoRulesError as error:
        raise NotReplayableError(str(error)) from error
    rep = receipts.chosen_by(receipt)
    return Replayed(match, line, rep, tuple(_differences(decision, rules, match, line, rep)))


def _rule(match: Match, decision: Decision) -> Line:
    """The first rule that takes the facts and, by the receipt, had somebody to give it to."""
    skipped = {
        each["rule"]
        for each in decision.receipt["skipped"]
        if each["why"] == "other_team" or not any(map(receipts.is_free, each["candidates"]))
    }
    return next((line for line in match.onward() if line.code not in skipped), match.line)


def _differences(decision: Decision, rules: CompiledRules, match: Match, line: Line, rep: int | None) -> Iterator[str]:
    receipt = decision.receipt
    if line.id != decision.rule_id:
        stored = next((each.code for each in rules.lines if each.id == decision.rule_id), "none of this version")
        yield f"The rule is {line.code}, and {stored} is stored."
    for name, placed in (("segment", match.located.segment), ("territory", match.located.territory)):
        if placed != receipt[name]:
            yield f"The {name} is {placed or 'none'}, and {receipt[name] or 'none'} is stored."
    if rep != decision.chosen_id:
        yield f"It goes to {_name(decision, rep)}, and {_name(decision, decision.chosen_id)} is stored."
    yield from _ledger(decision)


def _ledger(decision: Decision) -> Iterator[str]:
    """Whether the turn that was written follows from the pointer and weight of the one who took it."""
    ledger = decision.receipt.get("ledger")
    if ledger is None:
        return
    if ledger["after"] - ledger["before"] != turns.cost(ledger["weight"]):
        yield f"A turn of weight {ledger['weight']} does not lead from {ledger['before']} to {ledger['after']}."
    for candidate in decision.receipt["candidates"]:
        if candidate["member"] == ledger["member"] and candidate["pointer"] != ledger["before"]:
            yield f"The ledger begins at {ledger['before']}, and the pointer it began with was {candidate['pointer']}."


def _name(decision: Decision, rep: int | None) -> str:
    if rep is None:
        return "nobody"
    everybody = [*decision.receipt["candidates"], *decision.receipt.get("stand_ins", ())]
    named = (each["name"] for each in everybody if each["rep"] == rep)
    return str(next(named, f"person {rep}"))
