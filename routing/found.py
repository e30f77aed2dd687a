"""What lint and checks found, as problems of a version: each with the record that shows it, none told twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from routing.checks import Failure
from routing.facts import Facts
from routing.lint_findings import Finding
from routing.rule_words import Names
from routing.soundness import Problem

CHECK, VERSION = "check", "version"
"""Kinds of problems that are mended elsewhere than at a part: a saved check by its name, and the version as a whole."""


def problems_of(rule_set_id: int, findings: Iterable[Finding], failures: Iterable[Failure]) -> list[Problem]:
    """Lint's findings and failing checks in their order; two queries.

    A gap is the version's to mend, since no rule is at fault. A record that lint shows already, and the record of
    a rule that lint finds dead, are not told once more by the check made from it.
    """
    names = Names.of(rule_set_id)
    findings = list(_each_once(findings))
    blocked = {one.code for one in findings if one.blocking}
    problems = [_of_finding(one, names) for one in findings]
    for one in failures:
        if one.is_saved:
            problems.append(Problem(CHECK, one.check, "", one.sentence))
        elif not one.code:
            problems.append(Problem(VERSION, "", "", one.sentence, one.blocking))
        elif one.code not in blocked:
            problems.append(Problem("rule", one.code, "", _with_example(one.sentence, one.facts, names), one.blocking))
    return problems


def _each_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    told: dict[tuple[str, Sequence[str]], list[Facts]] = {}
    for one in findings:
        if one.witness is not None:
            # Rules that overlap with the same ones on the same record are told apart by their own codes.
            alike = told.setdefault((one.kind, (*one.others, "" if one.kind == "gap" else one.code)), [])
            if one.witness in alike:
                continue
            alike.append(one.witness)
        yield one


def _of_finding(one: Finding, names: Names) -> Problem:
    sentence = _with_example(one.sentence, one.witness, names)
    if one.kind == "gap" or (one.kind == "undecided" and not one.code):
        return Problem(VERSION, "", "", sentence, one.blocking)
    return Problem("rule", one.code, "", sentence, one.blocking)


def _with_example(sentence: str, record: Facts | None, names: Names) -> str:
    return f"{sentence} For example {names.record(record)}." if record is not None else sentence
