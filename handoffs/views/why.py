"""Why this person: the rules that were tried, in order, and every candidate with one reason, from the receipt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handoffs.views.words import Reading
from routing import receipts
from routing.compiling import compiled
from routing.facts import Facts
from routing.matcher import OWNER_STRATEGIES, CompiledRules, Line
from routing.models import Decision
from routing.rule_words import ONLY_WHERE, Names

PASSED_SHOWN = 4
"""Rules shown before the one that matched; the earlier ones are folded."""
OUT: Mapping[str, str] = {
    "excluded": "Its person held it before",
    "inactive": "Its person has left",
    "segment_mismatch": "Its person does not serve the segment",
    "skill_mismatch": "Its person does not have the skill",
    "absent": "Its person is away",
    "holiday": "Its person has a public holiday",
    "paused": "Its person asked for no new work",
    "outside_hours": "Its person is off work",
    "rate_cap": "Its person was given as many as they take in that time",
    "load_cap": "Its person has as many open as they take",
}
"""Why the person whom a rule names did not get it, by the code of the receipt."""
LATER_RULES = 1
"""Rules shown after the one that matched."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One line of the trace; `verdict` is passed, hit, out, chosen, free or not reached."""

    verdict: str
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """The decision explained; `passed` holds the rules so far up that they are folded away."""

    version: int
    at: str
    passed: list[Step]
    rules: list[Step]
    candidates: list[Step]
    notes: list[str]
    outcome: str


def why(decision: Decision, reading: Reading) -> Why:
    """Explains a stored decision: refusals are recomputed from its facts and its version, which never change."""
    receipt = decision.receipt
    stands_in = _stands_in(receipt)
    rules = _rules(compiled(decision.rule_set_id), decision, stands_in=bool(stands_in))
    unfolded = max(0, next((n for n, step in enumerate(rules) if step.verdict == "hit"), 0) - PASSED_SHOWN)
    return Why(
        version=receipt["version"],
        at=reading.time(decision.decided_at),
        passed=rules[:unfolded],
        rules=rules[unfolded:],
        candidates=_candidates(receipt, stands_in, reading),
        notes=[f"{note[:1].upper()}{note[1:]}." for note in receipt["notes"] if note != stands_in] + _of_queue(receipt),
        outcome=decision.get_outcome_display(),
    )


def _rules(rules: CompiledRules, decision: Decision, *, stands_in: bool) -> list[Step]:
    names = Names.of(rules.rule_set_id)
    located = rules.locate(Facts.from_json(decision.facts))
    skipped = set(decision.receipt["skipped_rules"])
    steps: list[Step] = []
    after = 0
    for line in rules.lines:
        name = f"{line.code} {line.name}"
        if after:
            steps.append(Step(verdict="not reached", name=name, reason="Not reached"))
            after += 1
        elif line.id == decision.rule_id:
            conditions = ", ".join(str(names.condition(item)) for item in line.conditions.items)
            said = f"{_why_out(decision.receipt)}, so another stands in" if stands_in else _without_conditions(line)
            steps.append(Step(verdict="hit", name=name, reason=_sentence(conditions or said)))
            after = 1
        else:
            refusal = names.refusal(line, located)
            is_match = refusal is None or name in skipped
            reason = _passed_over(line, decision) if is_match else _no_match(refusal or "")
            steps.append(Step(verdict="passed", name=name, reason=_sentence(reason)))
        if after > LATER_RULES:
            break
    return steps


def _no_match(refusal: str) -> str:
    return refusal if refusal.startswith(ONLY_WHERE) else f"No match: {refusal}"


def _stands_in(receipt: Mapping[str, Any]) -> str:
    """The note that says for whom the chosen person stands in; empty when they do not."""
    name = (receipt.get("chosen") or {}).get("name", "")
    return next((note for note in receipt["notes"] if name and note.startswith(f"{name} ")), "")


def _why_out(receipt: Mapping[str, Any]) -> str:
    """Why the rule's own person, who is asked first, did not get it."""
    return OUT.get(next((str(candidate["code"]) for candidate in receipt["candidates"]), ""), "Its person is out")


def _passed_over(line: Line, decision: Decision) -> str:
    """Why a rule that matched gave it to nobody."""
    owner = line.owner_in(Facts.from_json(decision.facts)) if line.strategy in OWNER_STRATEGIES else None
    held_it = owner is not None and owner in decision.receipt["excluded"]
    return f"Matched, but {'its person held it before' if held_it else 'its person was out'}"


def _candidates(receipt: Mapping[str, Any], stands_in: str, reading: Reading) -> list[Step]:
    chosen = (receipt.get("chosen") or {}).get("rep")
    steps = []
    members = {each["rep"] for each in receipt["candidates"]}
    covers = [each for each in receipt.get("stand_ins", ()) if each["rep"] not in members]
    for candidate in (*receipt["candidates"], *covers):
        load = f" {candidate['load']} open then." if candidate["load"] is not None else ""
        if candidate["rep"] == chosen:
            turn = f"{stands_in}." if stands_in else _turn(receipt)
            steps.append(Step(verdict="chosen", name=f"{candidate['name']}, chosen", reason=f"{turn}{load}"))
        elif candidate["code"] == "eligible":
            steps.append(Step(verdict="free", name=candidate["name"], reason=f"{_free(receipt)}{load}"))
        else:
            steps.append(
                Step(
                    verdict="out",
                    name=candidate["name"],
                    reason=f"{_out(receipt)}: {reading.localised(candidate['words'])}",
                )
            )
    return steps


def _without_conditions(line: Line) -> str:
    if line.strategy in OWNER_STRATEGIES:
        return "Its person is set and works in the receiving role"
    return "Takes what no rule before it took"


def _of_queue(receipt: Mapping[str, Any]) -> list[str]:
    """Who is offered the button, which is more than those who were free when it was put there."""
    if receipt.get("order") != receipts.QUEUED or not receipt["pool"]:
        return []
    return [f"Every member of {receipt['pool']} may take it within their limits, also whoever was out at that moment."]


def _free(receipt: Mapping[str, Any]) -> str:
    said = {receipts.QUEUED: "May take it from the queue.", receipts.TAKEN: "Could have taken it as well."}
    return said.get(receipt["order"], "Could take it, later in turn.")


def _out(receipt: Mapping[str, Any]) -> str:
    return "Was out" if receipt.get("order") in {receipts.QUEUED, receipts.TAKEN} else "Skipped"


def _turn(receipt: Mapping[str, Any]) -> str:
    if receipt.get("order") == receipts.TAKEN:
        return "Took it from the queue."
    if "ledger" not in receipt or receipt.get("order") == "listed":
        return "Named by the rule."
    strategy = receipt["strategy"]
    return "Fewest open handoffs for their weight." if strategy == "least_loaded" else "First in turn among those free."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
