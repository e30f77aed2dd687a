"""Why not somebody else, or another rule: asked on the handoff's page, answered from the receipt of its decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handoffs.views.words import Reading
from routing import receipts
from routing.compiling import compiled
from routing.facts import Facts
from routing.matcher import CompiledRules, Line
from routing.models import Decision, HandoffType, Rep
from routing.rule_words import ONLY_WHERE, Names
from routing.turns import UNIT

PERSON, RULE = "person-", "rule-"


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody or a rule that can be asked about: the value of the form's field, and the name."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The form's choices, what was asked, and the answer in a sentence or two; no answer where nothing was asked."""

    people: list[Choice]
    rules: list[Choice]
    asked: str
    answer: str


def why_not(decision: Decision, handoff_type: HandoffType, reading: Reading, *, asked: str) -> WhyNot:
    """Who and what can be asked about, and the answer to `asked`, one of those values; others have no answer."""
    receipt, rules = decision.receipt, compiled(decision.rule_set_id)
    people = {str(each["rep"]): str(each["name"]) for each in _everybody(receipt)}
    working = Rep.objects.filter(is_active=True, function__in=handoff_type.receiving_functions)
    people = {str(rep.pk): rep.name for rep in working} | people
    people.pop(str((receipt.get("chosen") or {}).get("rep")), None)
    lines = {str(line.id): line for line in rules.lines if line.id != decision.rule_id}
    answer = ""
    if asked.startswith(PERSON) and asked.removeprefix(PERSON) in people:
        rep = asked.removeprefix(PERSON)
        answer = _of_person(decision, rep, people[rep], reading)
    elif asked.startswith(RULE) and asked.removeprefix(RULE) in lines:
        answer = _of_rule(decision, rules, lines[asked.removeprefix(RULE)], reading)
    return WhyNot(
        people=[Choice(f"{PERSON}{pk}", name) for pk, name in sorted(people.items(), key=lambda each: each[1])],
        rules=[Choice(f"{RULE}{pk}", f"{line.code} {line.name}") for pk, line in lines.items()],
        asked=asked if answer else "",
        answer=answer,
    )


def _everybody(receipt: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The candidates of the rule that won, and those of rules that matched before it."""
    yield from receipt["candidates"]
    for skipped in receipt["skipped"]:
        yield from skipped["candidates"]


def _of_person(decision: Decision, rep: str, name: str, reading: Reading) -> str:
    receipt = decision.receipt
    rule = f"{receipt['rule']} {receipt['rule_name']}"
    for candidate in receipt["candidates"]:
        if str(candidate["rep"]) == rep:
            return _of_candidate(receipt, candidate, reading)
    for skipped in receipt["skipped"]:
        for candidate in skipped["candidates"]:
            if str(candidate["rep"]) == rep and skipped["why"] == "other_team":
                return f"Rule {skipped['rule']} leads to {name}, but to another team than was asked for."
            if str(candidate["rep"]) == rep:
                return f"Rule {skipped['rule']} leads to {name}, who {reading.localised(candidate['words'])}."
    if int(rep) in receipt["excluded"]:
        return f"{name} held it before, so nobody asked them again."
    if receipt["pool"] and receipt["order"] != receipts.LISTED:
        territory = receipt["territory"] and Names.of(decision.rule_set_id).value("territory", receipt["territory"])
        where = f" who cover {territory}" if territory else ""
        return f"Rule {rule} asks the members of {receipt['pool']}{where}, and {name} was not among them then."
    names = _listed([str(candidate["name"]) for candidate in receipt["candidates"]])
    return f"Rule {rule} leads to {names or 'nobody'}, and not to {name}."


def _of_candidate(receipt: Mapping[str, Any], candidate: Mapping[str, Any], reading: Reading) -> str:
    name = candidate["name"]
    if not receipts.is_free(candidate):
        return f"{name} {reading.localised(candidate['words'])}."
    whose = (receipt.get("chosen") or {}).get("rep")
    chosen = next((each for each in receipt["candidates"] if each["rep"] == whose), None)
    if receipt["order"] == receipts.QUEUED:
        return f"{name} can take it: it waits in the queue of {receipt['pool']} for whoever takes it first."
    if receipt["covered"] is not None and receipt["order"] != receipts.LISTED:
        covered, cover = receipt["covered"]["name"], receipt["chosen"]["name"]
        return f"{name} could have taken it, but it was {covered}'s turn, for whom {cover} stands in."
    if chosen is None:
        return f"{name} could take it, but it waits for whoever's turn it is."
    if receipt["order"] == receipts.TAKEN:
        return f"{name} could have taken it, but {chosen['name']} did so first."
    if receipt["order"] == receipts.LISTED:
        return f"{name} could have taken it, but {chosen['name']} comes first."
    if receipt["order"] == receipts.LEAST_LOADED and chosen["load"] != candidate["load"]:
        held = f"{name} had {candidate['load']} open, {chosen['name']} {chosen['load']}"
        return f"{name} could have taken it, but others had fewer open for their weight. {held}."
    if chosen["pointer"] != candidate["pointer"]:
        stood = f"{chosen['name']} stood at {_turns(chosen)}, {name} at {_turns(candidate)}"
        return f"{name} could have taken it, but it was {chosen['name']}'s turn. {stood}."
    if chosen["last_debit_seq"] != candidate["last_debit_seq"]:
        why = "has waited longer since their last"
    else:
        why = "is earlier in the list"
    return f"{name} could have taken it. Both stood at {_turns(chosen)}, and {chosen['name']} {why}."


def _turns(candidate: Mapping[str, Any]) -> str:
    """A pointer in turns of somebody with a weight of one."""
    turns = candidate["pointer"] / UNIT
    return f"{turns:.2f}".rstrip("0").rstrip(".") + (" turn" if turns == 1 else " turns")


def _of_rule(decision: Decision, rules: CompiledRules, line: Line, reading: Reading) -> str:
    receipt = decision.receipt
    for skipped in receipt["skipped"]:
        if skipped["rule"] == line.code:
            if skipped["why"] == "other_team":
                return "It matched, but leads to another team than was asked for."
            whom = [f"{each['name']} {reading.localised(each['words'])}" for each in skipped["candidates"]]
            return f"It matched, but {_listed(whom) or 'leads to nobody'}."
    refusal = Names.of(rules.rule_set_id).refusal(line, rules.locate(Facts.from_json(decision.facts)))
    order = [each.id for each in rules.lines]
    if decision.rule_id in order and order.index(line.id) > order.index(decision.rule_id):
        also = f"It would not have matched either: {refusal}." if refusal else "It would have matched as well."
        return f"It comes after {receipt['rule']}, and the first rule that matches decides. {also}"
    if refusal and refusal.startswith(ONLY_WHERE):
        return f"It matches {refusal}."
    return f"It did not match: {refusal}." if refusal else "It would match."


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
