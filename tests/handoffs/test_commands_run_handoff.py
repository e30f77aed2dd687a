"""`manage.py run_handoff`: the response on standard output, its end as exit code, every wrong input a sentence."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from handoffs import pipeline
from handoffs.connectors.embedded_crm import EmbeddedCrm
from handoffs.connectors.ports import AccountRecord, ConnectorError
from handoffs.links import handoff_link
from handoffs.models import Account, Deal, Handoff, State
from handoffs.now import real_now
from handoffs.responding import response_of
from handoffs.response import render_markdown
from routing.models import HandoffType, RuleSet
from tests.factories import NOW, AccountFactory, Company, DealFactory, company, rich_account
from tests.fakes.fixtures import Fake
from tests.handoffs.given import SENDERS

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent.parent


class CrmAway(EmbeddedCrm):
    """A CRM that does not answer."""

    def get_account(self, account_id: str) -> AccountRecord:
        raise ConnectorError("The CRM does not answer.")


@pytest.fixture(autouse=True)
def tuesday_morning() -> Iterator[None]:
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def firm(fake_slack: Fake, fake_resend: Fake) -> Company:
    return company()


def prospect(firm: Company, handoff_type: str = "sql_to_ae", **account: Any) -> list[str]:
    """An account about which all is known, as arguments for the command."""
    account = {"crm_id": "A-OSLO", **account}
    rich = rich_account(handoff_type, sender=firm.reps[SENDERS[handoff_type]], **account)
    deal = ["--deal", rich.deal.crm_id] if rich.deal else []
    return ["--type", handoff_type, "--account", rich.account.crm_id, *deal]


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, and what was said beside it."""
    out, err = StringIO(), StringIO()
    try:
        call_command("run_handoff", *arguments, stdout=out, stderr=err)
        code = 0
    except CommandError as refused:
        code = refused.returncode
        err.write(str(refused))
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, out.getvalue(), err.getvalue()


def everything() -> dict[str, int]:
    """How many rows each of our tables has."""
    ours = (app for label in ("routing", "sla", "handoffs") for app in apps.get_app_config(label).get_models())
    return {model.__name__: model._default_manager.count() for model in ours}


# What goes well.


def test_a_handoff_is_started_run_and_answered_with_the_response_of_its_record(firm: Company) -> None:
    code, out, err = run(*prospect(firm))
    handoff = Handoff.objects.get()
    assert (code, err) == (0, f"{handoff.reference}: {handoff_link(handoff)}\n")
    assert (handoff.state, handoff.owner, handoff.origin) == (State.ASSIGNED, firm.reps["ingrid"], "command")
    assert out == render_markdown(response_of(handoff))
    assert out.startswith("## Handoff Complete ✅\n\n**Type**: SDR → AE (SQL)\n")
    assert "- ⏳ Briefing email sent: queued" in out, "nothing was sent yet, so nothing is ticked"


def test_with_wait_its_own_messages_are_sent_first_and_ticked(
    firm: Company, fake_slack: Fake, fake_resend: Fake
) -> None:
    code, out, _ = run(*prospect(firm), "--wait", "10")
    assert code == 0
    assert out.count("- ✅ ") == 5
    assert len(fake_resend.effects()) == len(fake_slack.effects(path="chat.postMessage")) == 1


def test_as_json_it_carries_the_four_outputs(firm: Company) -> None:
    code, out, _ = run(*prospect(firm), "--format", "json", "--wait", "10")
    answer = json.loads(out)
    assert code == 0
    assert answer["handoff_complete"].startswith("## Handoff Complete ✅")
    assert answer["assigned_owner"] == "Ingrid Solheim"
    assert answer["briefing_sent"] is True
    assert answer["sla_deadline"].startswith("2026-11-17T12:00:0")
    assert answer["reference"] == Handoff.objects.get().reference


def test_a_briefing_that_is_only_queued_is_not_sent(firm: Company) -> None:
    _, out, _ = run(*prospect(firm), "--format", "json")
    assert json.loads(out)["briefing_sent"] is False


def test_a_briefing_that_failed_is_not_sent_and_says_why(firm: Company, fake_resend: Fake) -> None:
    fake_resend.script(valid_keys=["re_other"])
    _, out, _ = run(*prospect(firm), "--format", "json", "--wait", "0.1")
    answer = json.loads(out)
    assert answer["briefing_sent"] is False, "what stood in for it on Slack is not the briefing"
    assert answer["actions"]["briefing_email"].startswith("failed: Resend refused the API key (invalid_api_key)")
    assert answer["actions"]["owner_notified"] == "delivered"


def test_the_same_trigger_again_is_the_same_handoff_and_says_so(firm: Company) -> None:
    arguments = prospect(firm)
    run(*arguments)
    code, out, err = run(*arguments)
    handoff = Handoff.objects.get()
    assert code == 0
    assert err.splitlines()[0] == f"{handoff.reference} is already open for this trigger; this is its response."
    assert out == render_markdown(response_of(handoff))


def test_the_type_may_be_written_with_hyphens_and_capitals(firm: Company) -> None:
    arguments = prospect(firm)
    arguments[1] = "SQL-to-AE"
    assert run(*arguments)[0] == 0


def test_teams_are_named_by_code_or_by_name(firm: Company) -> None:
    arguments = [*prospect(firm, "mql_to_sales", owner=None), "--from-team", "revops", "--to-team", "sdr"]
    assert run(*arguments)[0] == 0
    handoff = Handoff.objects.get()
    assert (handoff.from_team, handoff.team) == (firm.teams["revops"], firm.teams["sdr"])
    again = [*prospect(firm, name="Aker Freight", crm_id="A-2"), "--to-team", "general ae"]
    code, _, err = run(*again, "--dry-run")
    assert (code, "General AE" in err) == (2, False), "the name is understood, but no rule gives it to that team"


# A dry run.


def test_a_dry_run_shows_the_whole_result_and_writes_nothing(
    firm: Company, fake_slack: Fake, fake_resend: Fake
) -> None:
    arguments = prospect(firm)
    before = everything()
    code, dry, err = run(*arguments, "--dry-run", "--wait", "5")
    assert (code, err) == (0, "Dry run: nothing was written and nobody was told.\n")
    assert everything() == before
    assert (fake_slack.rows(), fake_resend.rows()) == ([], [])
    assert "- ⏳ Briefing email sent: planned, nothing was written" in dry

    # The real one says the same, but for what it did.
    _, real, _ = run(*arguments)
    assert _without_actions(dry) == _without_actions(real)

    # Afterwards a dry run says that it would find that one.
    assert "is already open for this trigger: a real run would answer with it." in run(*arguments, "--dry-run")[2]


def test_what_somebody_may_not_have_meant_is_said(firm: Company) -> None:
    arguments = prospect(firm)
    deal = arguments[arguments.index("--deal") + 1]
    without = arguments[: arguments.index("--deal")]
    assert f"name one with --deal ({deal})" in run(*without, "--dry-run")[2]
    early = ["--type", "closed_to_cs", *without[2:], "--deal", deal, "--dry-run"]
    assert f"Deal {deal} is not won yet" in run(*early)[2]


def test_a_handoff_that_somebody_else_is_running_is_waited_for(firm: Company) -> None:
    arguments = prospect(firm)
    account, deal = Account.objects.get(), Deal.objects.get()
    handoff, _ = pipeline.receive(
        handoff_type=HandoffType.SQL_TO_AE, account=account, deal=deal, origin=Handoff.Origin.CRM, now=NOW, actor="crm"
    )
    # Another worker has it and dies: its lease is over in a moment.
    Handoff.objects.update(lease_until=real_now() + timedelta(seconds=1), attempt=1)
    code, out, _ = run(*arguments)
    assert (code, out) == (0, render_markdown(response_of(Handoff.objects.get(pk=handoff.pk))))


DRY_RUN = "**Dry run**: this is what would happen; nothing was written and nobody was told.\n\n"


def _without_actions(response: str) -> list[str]:
    lines = response.replace(DRY_RUN, "").splitlines()
    return [line for line in lines if not line.startswith(("- ⏳", "- ✅"))]


def test_a_dry_run_of_a_blocked_one_ends_like_the_real_one(firm: Company) -> None:
    arguments = prospect(firm)
    AccountFactory._meta.model.objects.get(crm_id="A-OSLO").contacts.all().delete()
    before = everything()
    code, out, _ = run(*arguments, "--dry-run", "--format", "json")
    assert code == 3
    assert json.loads(out)["handoff_complete"].startswith("## Handoff Blocked ⛔")
    assert everything() == before


# How else it may end.


def test_without_anybody_to_reach_it_is_blocked(firm: Company) -> None:
    arguments = prospect(firm)
    AccountFactory._meta.model.objects.get(crm_id="A-OSLO").contacts.all().delete()
    code, out, _ = run(*arguments)
    assert code == 3
    assert out.startswith("## Handoff Blocked ⛔")
    assert "Handoff Complete" not in out
    assert Handoff.objects.get().state == State.BLOCKED


def test_without_qualification_it_is_blocked(firm: Company) -> None:
    account = AccountFactory.create(crm_id="A-BARE")
    account.contacts.create(crm_id="C-1", email="kim@bare.example", first_name="Kim")
    code, out, _ = run("--type", "sql_to_ae", "--account", "A-BARE")
    assert code == 3
    assert "(blocks the handoff)" in out


def test_with_nobody_available_it_is_unassigned(firm: Company) -> None:
    firm.pools["ae_enterprise"].memberships.update(is_active=False)
    code, out, _ = run(*prospect(firm))
    assert code == 4
    assert out.startswith("## Handoff Unassigned ⏳")
    assert Handoff.objects.get().state == State.UNASSIGNED


def test_without_live_rules_it_is_kept_and_tried_again(firm: Company) -> None:
    RuleSet.objects.update(state=RuleSet.State.ARCHIVED)
    code, out, err = run(*prospect(firm))
    handoff = Handoff.objects.get()
    assert (code, out) == (5, "")
    assert err == (
        f"{handoff.reference}: No rules are live, so nothing can be routed. Publish a rule set first. "
        "It is kept and tried again by itself."
    )
    assert handoff.next_at is not None


def test_with_the_crm_away_it_is_kept_and_tried_again(
    firm: Company, settings: Settings, fresh_connectors: None
) -> None:
    settings.CRM_CONNECTOR = "tests.handoffs.test_commands_run_handoff.CrmAway"
    code, out, err = run(*prospect(firm))
    assert (code, out) == (5, "")
    assert err.endswith("The CRM does not answer. It is kept and tried again by itself.")
    assert Handoff.objects.get().last_error == "The CRM does not answer."


def test_a_dry_run_with_the_crm_away_keeps_nothing(firm: Company, settings: Settings, fresh_connectors: None) -> None:
    settings.CRM_CONNECTOR = "tests.handoffs.test_commands_run_handoff.CrmAway"
    assert run(*prospect(firm), "--dry-run") == (5, "", "The CRM does not answer.")
    assert not Handoff.objects.exists()


# Wrong input.


@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["real", "dry"])
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"--type": "sales"},
            "“sales” is not a handoff type. Use one of mql_to_sales, sql_to_ae, closed_to_cs, expansion_to_sales.",
        ),
        ({"--account": "A-404"}, "Account A-404 is not in the CRM. Check the id, or create it there first."),
        ({"--deal": "D-404"}, "Deal D-404 is not in the CRM. Check the id, or leave the deal out."),
        (
            {"--from-team": "nightshift"},
            "There is no team “nightshift”. Use one of ae_enterprise, ae_general, am, cs, marketing, revops, sdr.",
        ),
        (
            {"--to-team": "nightshift"},
            "There is no team “nightshift”. Use one of ae_enterprise, ae_general, am, cs, marketing, revops, sdr.",
        ),
        (
            {"--to-team": "cs"},
            "No rule of v1 gives this handoff to the team cs. Leave the team out, or add a rule for it.",
        ),
    ],
    ids=["type", "account", "deal", "from team", "to team", "a team that no rule serves"],
)
def test_a_wrong_option_is_a_sentence_an_exit_code_and_nothing_else(
    firm: Company, changes: dict[str, str], sentence: str, dry: list[str]
) -> None:
    arguments = prospect(firm)
    options = dict(zip(arguments[::2], arguments[1::2], strict=True)) | changes
    before = everything()
    code, out, err = run(*(part for pair in options.items() for part in pair), *dry)
    assert (code, out, err) == (2, "", sentence)
    assert everything() == before


@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["real", "dry"])
def test_a_deal_of_another_account_is_refused(firm: Company, dry: list[str]) -> None:
    arguments = prospect(firm)
    arguments[5] = DealFactory.create(crm_id="D-OTHER", account=AccountFactory.create(crm_id="A-OTHER")).crm_id
    before = everything()
    code, out, err = run(*arguments, *dry)
    assert (code, out) == (2, "")
    assert "D-OTHER" in err
    assert "A-OSLO" in err
    assert everything() == before


@pytest.mark.parametrize(
    "option",
    [
        ["--format", "xml"],
        ["--wait", "soon"],
        ["--wait", "-1"],
        ["--wait", "4000"],
        ["--wait", "nan"],
        ["--colour", "red"],
    ],
)
def test_an_impossible_option_is_refused_before_anything_is_done(firm: Company, option: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("run_handoff", *prospect(firm), *option)
    assert not Handoff.objects.exists()


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a person calls it."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_on_the_command_line_a_wrong_type_ends_with_two_and_no_trace() -> None:
    ended = manage("run_handoff", "--type", "sales", "--account", "A-1")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.strip().startswith("CommandError: “sales” is not a handoff type. Use one of mql_to_sales")
    assert "Traceback" not in ended.stderr


def test_on_the_command_line_a_database_that_is_down_ends_with_five_and_the_way_out() -> None:
    ended = manage("run_handoff", "--type", "sql_to_ae", "--account", "A-1", DATABASE_URL="postgres://x@127.0.0.1:1/x")
    assert ended.returncode == 5
    assert "The database at 127.0.0.1 failed" in ended.stderr
    assert "Start it or correct DATABASE_URL, then run this again." in ended.stderr
    assert "Traceback" not in ended.stderr
