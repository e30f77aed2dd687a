"""`manage.py run_handoff`: starts a handoff, runs it, and prints the response."""

from __future__ import annotations

import json
import time
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from handoffs import outbox, pipeline
from handoffs.connectors.ports import ConnectorError
from handoffs.links import handoff_link
from handoffs.models import Account, Deal, Delivery, Handoff, State
from handoffs.now import now, real_now
from handoffs.preparing import prepare
from handoffs.rehearsal import rehearse
from handoffs.responding import response_of
from handoffs.response import render_json, render_markdown
from handoffs.response_facts import ResponseFacts
from handoffs.states import RefusedError
from routing.decide import TeamNotServedError
from routing.matcher import NoRulesError
from routing.models import HandoffType, Team
from sla.clock import NoPolicyError

WRONG_INPUT, BLOCKED, UNASSIGNED, TEMPORARY = 2, 3, 4, 5
POLL_SECONDS = 0.2
LONGEST_RUN = 15.0
LONGEST_WAIT = 3600.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options, resolved to rows."""

    handoff_type: HandoffType
    account: Account
    deal: Deal | None
    from_team: Team | None
    to_team: Team | None


class Command(BaseCommand):
    """The exit code tells how it ended; standard output holds the response and nothing else."""

    help = "Starts a handoff for an account, runs it through the pipeline and prints the response."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name,
            subcommand,
            formatter_class=RawDescriptionHelpFormatter,
            epilog=(
                "exit codes: 0 assigned; 2 wrong input, nothing was done; 3 blocked by missing context;\n"
                "4 nobody can take it yet; 5 an outside system or the database failed, it is kept and tried again"
            ),
            **kwargs,
        )

    def add_arguments(self, parser: CommandParser) -> None:
        types = ", ".join(HandoffType.values)
        parser.add_argument("--type", required=True, metavar="TYPE", help=f"one of {types}")
        parser.add_argument("--account", required=True, metavar="CRM_ID", help="the account's id in the CRM")
        parser.add_argument("--deal", metavar="CRM_ID", default="", help="the deal's id in the CRM, if there is one")
        parser.add_argument("--from-team", metavar="TEAM", default="", help="sending team, by code or name")
        parser.add_argument("--to-team", metavar="TEAM", default="", help="only rules that give it to this team count")
        parser.add_argument("--dry-run", action="store_true", help="show the whole result and write nothing")
        parser.add_argument(
            "--wait",
            type=_seconds,
            default=0.0,
            metavar="S",
            help="send its messages and wait up to S seconds for them",
        )
        parser.add_argument("--format", choices=("markdown", "json"), default="markdown", help="default: markdown")

    def handle(self, **options: Any) -> None:
        try:
            request = _resolve(options)
            self._rehearse(request, options) if options["dry_run"] else self._run(request, options)
        except RefusedError as error:
            raise CommandError(str(error), returncode=WRONG_INPUT) from error
        except DatabaseError as error:
            where = settings.DATABASES["default"].get("HOST") or settings.DATABASES["default"]["NAME"]
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise CommandError(
                f"The database at {where} failed ({first}). Start it or correct DATABASE_URL, then run this again.",
                returncode=TEMPORARY,
            ) from error

    def _rehearse(self, request: Request, options: dict[str, Any]) -> None:
        at = now()
        try:
            with rehearse(_unsaved(request, at), now=at, actor="command") as handoff:
                facts, state = response_of(handoff, rehearsed=True), handoff.state
        except ConnectorError as error:
            raise CommandError(str(error), returncode=WRONG_INPUT if error.permanent else TEMPORARY) from error
        except (NoRulesError, NoPolicyError) as error:
            raise CommandError(str(error), returncode=WRONG_INPUT) from error
        self._note(request)
        already = pipeline.open_handoff(handoff_type=request.handoff_type, account=request.account, deal=request.deal)
        if already is not None:
            self.stderr.write(f"{already.reference} is already open for this trigger: a real run would answer with it.")
        self._print(facts, options)
        self.stderr.write("Dry run: nothing was written and nobody was told.")
        _finish(state)

    def _run(self, request: Request, options: dict[str, Any]) -> None:
        at = now()
        _refuse_unserved_team(request, at)
        handoff, created = pipeline.receive(
            handoff_type=request.handoff_type,
            account=request.account,
            deal=request.deal,
            origin=Handoff.Origin.COMMAND,
            now=at,
            actor="command",
            from_team=request.from_team,
            to_team=request.to_team,
        )
        if not created:
            self.stderr.write(f"{handoff.reference} is already open for this trigger; this is its response.")
        self._note(request)
        handoff = self._see_it_run(handoff, seconds=max(options["wait"], LONGEST_RUN))
        if handoff.package is None:
            ending = (
                "It is parked: correct this, then run it again in the admin."
                if handoff.parked_at
                else ("It is kept and tried again by itself.")
            )
            raise CommandError(
                f"{handoff.reference}: {handoff.last_error or 'it is being run elsewhere.'} {ending}",
                returncode=TEMPORARY,
            )
        self._wait(handoff, options["wait"])
        self.stderr.write(f"{handoff.reference}: {handoff_link(handoff)}")
        self._print(response_of(Handoff.objects.get(pk=handoff.pk)), options)
        _finish(handoff.state)

    def _see_it_run(self, handoff: Handoff, *, seconds: float) -> Handoff:
        """Runs it, or waits while the engine or a worker that was quicker does."""
        until = time.monotonic() + seconds
        while True:
            handoff = pipeline.run(handoff, now=now(), actor="command", real_now=real_now())
            elsewhere = handoff.package is None and handoff.lease_until is not None
            if not elsewhere or time.monotonic() >= until:
                return handoff
            time.sleep(POLL_SECONDS)

    def _note(self, request: Request) -> None:
        """Says what somebody may not have meant; it goes on all the same."""
        account, deal = request.account, request.deal
        if deal is None:
            open_deals = account.deals.filter(is_closed=False).values_list("crm_id", flat=True)[:3]
            if open_deals:
                named = ", ".join(open_deals)
                self.stderr.write(f"Without a deal. {account.crm_id} has open ones: name one with --deal ({named}).")
        elif request.handoff_type == HandoffType.CLOSED_TO_CS and not deal.is_won:
            self.stderr.write(f"Deal {deal.crm_id} is not won yet; it is handed over all the same.")

    def _wait(self, handoff: Handoff, seconds: float) -> None:
        """Sends the handoff's own messages, and looks until they are settled or the time is up."""
        until = time.monotonic() + seconds
        while seconds:
            outbox.deliver_for(handoff, now=now(), clock=real_now)
            soon = now() + timedelta(seconds=max(0.0, until - time.monotonic()))
            if not handoff.deliveries.filter(state=Delivery.State.QUEUED, next_at__lte=soon).exists():
                return
            if time.monotonic() >= until:
                return
            time.sleep(POLL_SECONDS)

    def _print(self, facts: ResponseFacts, options: dict[str, Any]) -> None:
        if options["format"] == "json":
            self.stdout.write(json.dumps(render_json(facts), ensure_ascii=False, indent=2))
        else:
            self.stdout.write(render_markdown(facts), ending="")


def _resolve(options: dict[str, Any]) -> Request:
    """The rows that the options name. Raises RefusedError with one sentence for the first that names nothing."""
    word = options["type"].strip().lower().replace("-", "_")
    if word not in HandoffType.values:
        raise RefusedError(f"“{options['type']}” is not a handoff type. Use one of {', '.join(HandoffType.values)}.")
    account = Account.objects.filter(crm_id=options["account"]).first()
    if account is None:
        raise RefusedError(f"Account {options['account']} is not in the CRM. Check the id, or create it there first.")
    deal = Deal.objects.filter(crm_id=options["deal"]).first() if options["deal"] else None
    if options["deal"] and deal is None:
        raise RefusedError(f"Deal {options['deal']} is not in the CRM. Check the id, or leave the deal out.")
    return Request(
        handoff_type=HandoffType(word),
        account=account,
        deal=deal,
        from_team=_team(options["from_team"]),
        to_team=_team(options["to_team"]),
    )


def _unsaved(request: Request, at: datetime) -> Handoff:
    return Handoff(
        handoff_type=request.handoff_type,
        account=request.account,
        deal=request.deal,
        from_team=request.from_team,
        to_team=request.to_team,
        origin=Handoff.Origin.COMMAND,
        dedupe_key="rehearsal",
        received_at=at,
    )


def _refuse_unserved_team(request: Request, at: datetime) -> None:
    """Looks before anything is written: a handoff for a team that no rule serves would wait for nothing."""
    if request.to_team is None:
        return
    try:
        prepare(_unsaved(request, at), now=at)
    except TeamNotServedError as error:
        raise RefusedError(str(error)) from error
    except (ConnectorError, NoRulesError, NoPolicyError):
        return  # the run will meet it again, and keeps the handoff


def _team(word: str) -> Team | None:
    if not word:
        return None
    team = Team.objects.filter(code=word).first() or Team.objects.filter(name__iexact=word).first()
    if team is None:
        known = ", ".join(Team.objects.order_by("code").values_list("code", flat=True)[:20])
        raise RefusedError(f"There is no team “{word}”. Use one of {known}.")
    return team


def _seconds(raw: str) -> float:
    try:
        value = float(raw)
    except ValueError:
        value = -1.0
    if not 0 <= value <= LONGEST_WAIT:
        raise ArgumentTypeError(f"“{raw}” is not a number of seconds. Use 0 to 3600.")
    return value


def _finish(state: str) -> None:
    if state == State.BLOCKED:
        raise SystemExit(BLOCKED)
    if state in {State.UNASSIGNED, State.RECEIVED}:
        raise SystemExit(UNASSIGNED)
