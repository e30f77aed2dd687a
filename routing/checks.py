"""Records with a known answer, tried on a version before it goes live.

Three kinds, each of which catches something else:

- a rule's own record must go to that rule. Fails where an earlier rule takes everything the rule could take, and where
  the matcher passes over a rule that it should have met.
- a record at an edge of a condition must be on the side that the condition's numbers and words say. Fails where reading
  a condition, or placing a record in a segment, is off by one, mixes up *not known* with *any*, or spells a word
  differently than facts do.
- a saved case must go to the rule, pool or person somebody wrote down. Fails where an edit takes a record from whoever
  should have it.

For all of them, up to a bound that keeps publishing short, the matcher's index must answer what reading the rules one
after another answers: this fails where the index is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice

from routing.compiling import compile_now
from routing.facts import Facts
from routing.matcher import OWNER_STRATEGIES, CompiledRules, Line, Match, NoRulesError
from routing.models import Check, HandoffType, Rep
from routing.probes import Probe, edge_probes, own_probes

LINES_READ = 2_000_000
MOST_EDGES = 50_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A check that did not come out as it should. `check` names it; `code` is the rule it is about and `taken_by` the
    one that took the record; either is empty where there is none. `is_saved` if a saved case expects something else
    than the rules do, or cannot be read: then the case may be what is wrong. What was not tried is told too, and does
    not block.
    """

    check: str
    code: str
    taken_by: str
    blocking: bool
    sentence: str
    facts: Facts | None
    is_saved: bool = False


def failures(rule_set_id: int) -> list[Failure]:
    """The checks that fail on a version as it stands, generated ones first, in the order of the rules.

    People are taken as they are now. Raises RuleSet.DoesNotExist.
    """
    rules = compile_now(rule_set_id)
    return [*generated_failures(rules), *saved_failures(rules)]


def generated_failures(rules: CompiledRules) -> Iterator[Failure]:
    """What fails of the records made from the rules themselves, and last what there was no time for; touches no
    table.
    """
    types = HandoffType.values
    own = {probe.line.id: probe for probe in own_probes(rules, types=types)}
    edges = edge_probes(rules, types=types, around={line: probe.facts for line, probe in own.items()})
    # Both ways of reading take longer with more rules, and with more fields.
    lines_read, each = 0, len(rules.lines) + len({item.field for line in rules.lines for item in line.conditions.items})
    for probe in chain(own.values(), islice(edges, MOST_EDGES)):
        failure = _probe_failure(rules, probe)
        if failure is None and lines_read < LINES_READ:
            lines_read += each
            failure = _index_failure(rules, f"record of {probe.line.code}", probe.line.code, probe.facts)
        if failure is not None:
            yield failure
    # Rules take turns, so that one more round has something of each that is not done with.
    waiting = {probe.line.code for probe in islice(edges, len(rules.lines))}
    if waiting:
        yield _not_tried(waiting)


def saved_failures(rules: CompiledRules) -> Iterator[Failure]:
    """What fails of the saved cases that are switched on."""
    functions = dict(Rep.objects.filter(pk__in=rules.named).values_list("pk", "function"))
    for check in Check.objects.filter(is_active=True).select_related("pool", "rep"):
        try:
            facts = check.read()
        except ValueError as error:
            sentence = f"The check “{check.name}” cannot be read: {error}"
            yield replace(_failure(check.name, "", "", sentence, Facts(handoff_type="")), is_saved=True)
            continue
        facts = _with_named(facts, functions)
        failure = _case_failure(rules, check, facts) or _index_failure(rules, check.name, "", facts)
        if failure is not None:
            yield failure


def saved(rule_set_id: int) -> list[Failure]:
    """The saved cases that fail on a version as it stands. Raises RuleSet.DoesNotExist."""
    return list(saved_failures(compile_now(rule_set_id)))


def tried(check: Check, rule_set_id: int) -> Failure | None:
    """What would fail if the version were published with this case, saved or not; None if it comes out right.

    Raises ValueError for facts that cannot be read, RuleSet.DoesNotExist.
    """
    rules = compile_now(rule_set_id)
    functions = dict(Rep.objects.filter(pk__in=rules.named).values_list("pk", "function"))
    return _case_failure(rules, check, _with_named(check.read(), functions))


def _with_named(facts: Facts, functions: Mapping[int, str]) -> Facts:
    """The facts with those of the people whom rules name who work in a receiving function."""
    receiving = HandoffType(facts.handoff_type).receiving_functions
    return replace(facts, named=frozenset(pk for pk, function in functions.items() if function in receiving))


def _probe_failure(rules: CompiledRules, probe: Probe) -> Failure | None:
    code = probe.line.code
    if probe.condition is not None:
        if probe.condition.holds(rules.locate(probe.facts)) is probe.inside:
            return None
        side = "inside" if probe.inside else "outside"
        sentence = f"A record {side} “{probe.condition.words()}” of {_named(probe.line)} is not read as such."
        return _failure(f"edge of {code}", code, "", f"{sentence} Write the condition again.", probe.facts)
    winner = _winner(rules, probe.facts)
    if probe.line.is_catch_all or (winner is not None and winner.line.id == probe.line.id):
        return None
    instead = f"goes to {_taker(winner)} instead. Move {code} up, or narrow the other."
    sentence = f"The record made for {_named(probe.line)} {instead}"
    return _failure(f"record of {code}", code, winner.line.code if winner else "", sentence, probe.facts)


def _index_failure(rules: CompiledRules, check: str, code: str, facts: Facts) -> Failure | None:
    """The index against the rules read one after another."""
    winner, located = _winner(rules, facts), rules.locate(facts)
    read = next((line for line in rules.lines if line.refusal(located) is None), None)
    if (winner.line if winner else None) == read:
        return None
    sentence = (
        f"The matcher gives a record to {_taker(winner)}, while reading the rules in order gives it to "
        f"{_named(read) if read else 'nobody'}. Do not publish; tell whoever runs Handoffs."
    )
    return _failure(check, code, winner.line.code if winner else "", sentence, facts)


def _case_failure(rules: CompiledRules, check: Check, facts: Facts) -> Failure | None:
    winner = _winner(rules, facts)
    expected = check.rule_code or str(check.pool or check.rep)
    if winner is not None and _is_expected(check, winner.line, facts):
        return None
    sentence = (
        f"The check “{check.name}” expects {expected}, but {_taker(winner)} takes the record. Change the rules, or the "
        "check if it is out of date."
    )
    taken_by = winner.line.code if winner else ""
    return replace(_failure(check.name, check.rule_code, taken_by, sentence, facts), is_saved=True)


def _is_expected(check: Check, line: Line, facts: Facts) -> bool:
    if check.rule_code:
        return line.code == check.rule_code
    if check.pool_id is not None:
        return line.pool_id == check.pool_id and line.strategy not in OWNER_STRATEGIES
    return line.strategy in OWNER_STRATEGIES and line.owner_in(facts) == check.rep_id


def _winner(rules: CompiledRules, facts: Facts) -> Match | None:
    try:
        return rules.match(facts)
    except NoRulesError:
        return None


def _taker(winner: Match | None) -> str:
    return _named(winner.line) if winner else "nobody"


def _named(line: Line) -> str:
    return f"{line.code} {line.name}".strip()


def _not_tried(codes: Collection[str]) -> Failure:
    one = len(codes) == 1
    return Failure(
        check="edges",
        code="",
        taken_by="",
        blocking=False,
        sentence=f"{min(codes) if one else f'{len(codes):,} rules'} {'has' if one else 'have'} more values than "
        f"are tried at the edges of their conditions: {MOST_EDGES:,} were, one of every rule in turn.",
        facts=None,
    )


def _failure(check: str, code: str, taken_by: str, sentence: str, facts: Facts) -> Failure:
    return Failure(check=check, code=code, taken_by=taken_by, blocking=True, sentence=sentence, facts=facts)
