"""`manage.py lint_rules`: what is wrong with a version of the rules."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from routing import checks, linting
from routing.checks import Failure
from routing.lint_findings import Finding
from routing.models import RuleSet

WRONG_INPUT, BLOCKING = 2, 3


class Command(BaseCommand):
    """The exit code tells whether the version may be published; standard output holds what was found."""

    help = "Finds rules that nothing reaches or that lead to nobody, gaps, overlaps, and checks that fail."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name,
            subcommand,
            formatter_class=RawDescriptionHelpFormatter,
            # Here --version is one of the rules; Django's own is asked for without a command.
            conflict_handler="resolve",
            epilog=(
                "exit codes: 0 nothing that blocks publishing; 2 wrong input;\n"
                "3 a dead rule, an empty target or a failing check blocks publishing"
            ),
            **kwargs,
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", nargs="?", type=_number, metavar="N", help="version; default: the live one")
        parser.add_argument("--version", type=_number, metavar="N", help="the same")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")

    def handle(self, **options: Any) -> None:
        rule_set = _version(options["number"] or options["version"])
        findings, failures = linting.findings(rule_set.pk), checks.failures(rule_set.pk)
        if options["format"] == "json":
            self.stdout.write(json.dumps(_as_json(rule_set, findings, failures), indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(_as_text(rule_set, findings, failures)))
        blocking = sum(finding.blocking for finding in findings) + sum(failure.blocking for failure in failures)
        if blocking:
            raise CommandError(f"{_counted(blocking, 'finding')} {_way_out(rule_set)}", returncode=BLOCKING)


def _number(typed: str) -> int:
    """The number of a version, as 3 or v3."""
    number = typed.removeprefix("v")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise ArgumentTypeError(f"“{typed}” is not the number of a version; write 3, or v3")
    return int(number)


def _way_out(rule_set: RuleSet) -> str:
    name = f"v{rule_set.number}"
    if rule_set.state == RuleSet.State.LIVE:
        return f"of {name}, which is live, would keep it from being published today. Begin a draft and mend it there."
    if rule_set.state == RuleSet.State.ARCHIVED:
        return f"of {name}, which is archived, would keep it from being published again."
    return f"of {name} must be mended before it can be published."


def _version(number: int | None) -> RuleSet:
    found = linting.by_number(number)
    if found is None:
        numbers = [f"v{known}" for known in RuleSet.objects.values_list("number", flat=True)[:5]]
        there = f"there are {', '.join(numbers)}" if numbers else "there are no versions at all"
        wanted = f"There is no version {number}" if number is not None else "No version is live"
        raise CommandError(f"{wanted}; {there}. Name one by its number.", returncode=WRONG_INPUT)
    return found


def _as_text(rule_set: RuleSet, findings: Sequence[Finding], failures: Sequence[Failure]) -> list[str]:
    if not findings and not failures:
        return [f"v{rule_set.number} is sound: nothing to report."]
    lines = []
    told: list[Finding | Failure] = [*findings, *failures]
    for each in told:
        lines.append(f"{'blocks ' if each.blocking else 'note   '} {each.sentence}")
        known = each.witness if isinstance(each, Finding) else each.facts
        if known is not None:
            shown = {name: value for name, value in known.to_json().items() if value not in (None, [], {})}
            lines.append(f"        for example {json.dumps(shown, ensure_ascii=False)}")
    return lines


def _as_json(rule_set: RuleSet, findings: Sequence[Finding], failures: Sequence[Failure]) -> dict[str, Any]:
    return {
        "version": rule_set.number,
        "state": rule_set.state,
        "findings": [
            {
                "kind": finding.kind,
                "rule": finding.code,
                "blocking": finding.blocking,
                "sentence": finding.sentence,
                "others": list(finding.others),
                "witness": finding.witness.to_json() if finding.witness else None,
            }
            for finding in findings
        ],
        "checks": [
            {
                "check": failure.check,
                "rule": failure.code,
                "taken_by": failure.taken_by,
                "blocking": failure.blocking,
                "sentence": failure.sentence,
                "facts": failure.facts.to_json() if failure.facts else None,
            }
            for failure in failures
        ],
    }


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
