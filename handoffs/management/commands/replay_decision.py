"""`manage.py replay_decision`: makes a stored decision again from its receipt and compares."""

from __future__ import annotations

import json
from argparse import RawDescriptionHelpFormatter
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from handoffs.models import Handoff, State
from routing.models import Decision
from routing.replay import NotReplayableError, Replayed, replay
from routing.turns import UNIT

WRONG_INPUT, DIFFERS = 2, 3
UNDECIDED: Mapping[str, str] = {
    State.RECEIVED: "was just received, so nobody has been looked for yet. Try again in a minute.",
    State.BLOCKED: "is blocked, so nobody has been looked for.",
    State.UNASSIGNED: "waits, and nobody has been looked for yet. Try again in a minute.",
}
"""Why there is no decision about a handoff, by its state; any other was given by hand or ended before."""


class Command(BaseCommand):
    """The exit code says whether every decision came out the same."""

    help = "Makes a stored decision again from its facts, rules and receipt alone; today's roster is not read."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name,
            subcommand,
            formatter_class=RawDescriptionHelpFormatter,
            epilog="exit codes: 0 the same as stored; 2 wrong input; 3 it differs from what is stored",
            **kwargs,
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "decision", metavar="ID", help="number of a decision, or a handoff such as HO-12 for all of its decisions"
        )
        parser.add_argument("--format", choices=("text", "json"), default="text", help="text, or one JSON object each")

    def handle(self, *args: Any, **options: Any) -> None:
        differs = False
        for decision in _decisions(options["decision"]):
            try:
                replayed = replay(decision)
            except NotReplayableError as error:
                raise CommandError(str(error), returncode=WRONG_INPUT) from error
            differs = differs or not replayed.is_same
            show = _as_json if options["format"] == "json" else _as_text
            self.stdout.write(show(decision, replayed))
        if differs:
            raise CommandError(
                "What is stored does not follow from its own inputs: somebody altered it.", returncode=DIFFERS
            )


def _decisions(asked: str) -> list[Decision]:
    """The decision of that number, or all of a handoff, the first one first."""
    number = asked.upper().removeprefix("HO-")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise CommandError(
            f"“{asked}” is neither the number of a decision nor a handoff. Write 12, or HO-12.", returncode=WRONG_INPUT
        )
    if asked.upper().startswith("HO-"):
        handoff = Handoff.objects.filter(pk=int(number)).first()
        if handoff is None:
            raise CommandError(f"There is no handoff {asked.upper()}.", returncode=WRONG_INPUT)
        found = list(Decision.objects.filter(handoff_uuid=handoff.uuid).order_by("id"))
        missing = f"{handoff.reference} {UNDECIDED.get(handoff.state, 'was never decided by a rule.')}"
    else:
        found = list(Decision.objects.filter(pk=int(number)))
        missing = (
            f"There is no decision {number}. The administration lists their numbers under Decisions; "
            "or name the handoff, such as HO-12."
        )
    if not found:
        raise CommandError(missing, returncode=WRONG_INPUT)
    return found


def _as_text(decision: Decision, replayed: Replayed) -> str:
    receipt, match = decision.receipt, replayed.match
    lines = [f"Decision {decision.pk} of {decision.decided_at:%d %b %Y %H:%M:%S} UTC, rules v{receipt['version']}"]
    lines.append(f"  segment {match.located.segment or 'none'}, territory {match.located.territory or 'none'}")
    lines += [f"  - {line.code} {line.name}: {why}" for line, why in match.passed_over()]
    lines += [f"  - {name}: matched, and gave it to nobody" for name in receipt["skipped_rules"]]
    lines.append(f"  > {replayed.line.code} {replayed.line.name} takes it ({replayed.line.strategy})")
    for candidate in receipt["candidates"]:
        mark = ">" if candidate["rep"] == replayed.rep else "-"
        so_far = f", {_turns(candidate)}" if candidate["member"] else ""
        lines.append(f"    {mark} {candidate['name']}: {candidate['words']}{so_far}")
    outcome = "the same as stored" if replayed.is_same else "NOT what is stored"
    lines.append(f"  {decision.get_outcome_display()}: {outcome}")
    return "\n".join([*lines, *(f"  ! {difference}" for difference in replayed.differences)])


def _turns(candidate: Mapping[str, Any]) -> str:
    """Turns had by then, which weigh less for whoever has more weight."""
    had = f"{candidate['pointer'] / UNIT:,.2f}".rstrip("0").rstrip(".")
    return f"{had} turn{'' if had == '1' else 's'} so far, weight {candidate['weight']}"


def _as_json(decision: Decision, replayed: Replayed) -> str:
    return json.dumps(
        {
            "decision": decision.pk,
            "handoff": str(decision.handoff_uuid),
            "version": decision.receipt["version"],
            "rule": replayed.line.code,
            "segment": replayed.match.located.segment,
            "territory": replayed.match.located.territory,
            "rep": replayed.rep,
            "same": replayed.is_same,
            "differences": list(replayed.differences),
            "passed_over": [{"rule": line.code, "why": why} for line, why in replayed.match.passed_over()],
            "receipt": decision.receipt,
        },
        ensure_ascii=False,
    )
