"""One row that cannot be right must not stop the others, and says itself what is wrong with it."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection

from handoffs import engine, outbox, pipeline, triggers
from handoffs.admin.forms import TypeSettingForm
from handoffs.connectors import configured
from handoffs.connectors.ports import AccountRecord
from handoffs.models import Delivery, Event, Handoff, State, TypeSetting
from routing.append_only import maintenance
from routing.calendars import working_hours
from routing.decide import decide
from routing.facts import Facts
from routing.models import Rep, Rule
from sla.models import Clock, StepRun
from tests.factories import NOW, AccountFactory, ActivityFactory, CalendarFactory, Company, DealFactory
from tests.fakes.fixtures import Fake
from tests.handoffs.given import assigned

pytestmark = pytest.mark.django_db


class BrokenCrm:
    """A CRM connector with a mistake in it."""

    def get_account(self, account_id: str) -> AccountRecord:
        raise ZeroDivisionError(account_id)


@pytest.fixture
def broken_crm(settings: Any) -> Iterator[None]:
    settings.CRM_CONNECTOR = f"{__name__}.BrokenCrm"
    configured.crm.cache_clear()
    yield
    configured.crm.cache_clear()


def test_a_signal_whose_deal_belongs_to_another_account_goes_without_the_deal(firm: Company) -> None:
    odd, healthy = (AccountFactory.create(is_customer=True) for _ in range(2))
    ActivityFactory.create(account=odd, deal=DealFactory.create(), kind="expansion_signal", occurred_at=NOW)
    ActivityFactory.create(account=healthy, kind="expansion_signal", occurred_at=NOW)
    assert triggers.start_due(now=NOW) == 2
    assert odd.handoffs.get().deal is None


def test_a_trigger_that_cannot_be_received_does_not_stop_the_next(
    firm: Company, caplog: pytest.LogCaptureFixture
) -> None:
    odd, healthy = (AccountFactory.create(score=90, scored_at=NOW - timedelta(hours=n)) for n in (2, 1))
    with connection.cursor() as cursor:  # a row that the database refuses
        cursor.execute(
            f"ALTER TABLE handoffs_handoff ADD CONSTRAINT odd CHECK (dedupe_key NOT LIKE '%%:{odd.crm_id}:%%')"
        )
    assert triggers.start_due(now=NOW) == 1
    assert [odd.handoffs.count(), healthy.handoffs.count()] == [0, 1]
    assert "could not be received" in caplog.text


def test_an_error_nobody_foresaw_makes_the_next_attempt_look_whether_the_message_went(
    firm: Company, fake_slack: Fake
) -> None:
    assigned(firm)
    alert = Delivery.objects.get(purpose="alert")
    Delivery.objects.exclude(pk=alert.pk).update(state="cancelled", next_at=None)
    alert.payload = {}
    alert.save()

    outbox.deliver_due(now=NOW, clock=lambda: NOW, limit=1)
    alert.refresh_from_db()
    assert alert.last_error == "An unexpected error stopped it (KeyError)."
    alert.attempt += 1  # as the next attempt's claim does
    assert alert.maybe_sent


def test_a_pass_that_took_its_time_starts_nothing_more(firm: Company) -> None:
    assigned(firm)
    ticks = iter(NOW + timedelta(seconds=6 * n) for n in range(100))
    assert outbox.deliver_due(now=NOW, clock=lambda: next(ticks), limit=20) <= 1


@pytest.mark.usefixtures("broken_crm")
def test_an_error_nobody_foresaw_is_a_sentence_and_an_exit_code_on_the_command_line(firm: Company) -> None:
    account = AccountFactory.create(score=90)
    with time_machine.travel(NOW), pytest.raises(CommandError) as refusal:
        call_command("run_handoff", "--type", "mql_to_sales", "--account", account.crm_id, stdout=StringIO())
    assert refusal.value.returncode == 5
    assert "An unexpected error stopped the run (ZeroDivisionError)" in str(refusal.value)
    handoff = Handoff.objects.get()
    assert (handoff.state, handoff.lease_until, handoff.failures) == (State.RECEIVED, None, 1)


def test_a_weight_for_a_field_that_is_none_is_refused_where_it_is_typed(firm: Company) -> None:
    setting = TypeSetting.objects.get(handoff_type="sql_to_ae")
    form = TypeSettingForm({"field_weights": '{"qualification.budgett": 3}'}, instance=setting)
    assert not form.is_valid()
    assert "qualification.budgett" in form.errors["field_weights"][0]


@pytest.mark.parametrize(("country", "region", "wrong"), [("XX", "", "XX"), ("DE", "ZZ", "ZZ")])
def test_a_calendar_refuses_a_place_without_known_holidays(country: str, region: str, wrong: str) -> None:
    calendar = CalendarFactory.create()
    calendar.country, calendar.region = country, region
    with pytest.raises(ValidationError, match=wrong):
        calendar.full_clean()
    assert not working_hours(calendar).holidays, "one that got in all the same keeps no holidays"


def test_a_person_whom_a_rule_names_is_judged_by_what_they_do_today(firm: Company) -> None:
    ingrid = firm.reps["ingrid"]
    with maintenance():
        Rule.objects.filter(code="R-010").update(named_rep=ingrid)
    facts = Facts(handoff_type="sql_to_ae", employee_count=4200)
    assert decide(facts, now=NOW).match.line.code == "R-010"
    Rep.objects.filter(pk=ingrid.pk).update(function="sdr")
    assert decide(facts, now=NOW).match.line.code != "R-010"


def test_one_call_of_the_engine_starts_more_than_a_batch(firm: Company) -> None:
    AccountFactory.create_batch(triggers.BATCH + 3, score=90)
    out = StringIO()
    with time_machine.travel(NOW):
        call_command("engine", "--once", stdout=out)
    assert out.getvalue().startswith(f"Started {triggers.BATCH + 3}, ")


def test_a_return_keeps_what_was_written_out_of_the_log(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.reject(handoff, reason="incomplete", comment="Call Astrid at home", actor="user:1", now=NOW)
    assert handoff.remarks.get().text == "Call Astrid at home"
    assert not Event.objects.filter(stream=handoff.stream, facts__icontains="Astrid").exists()


def test_a_ladder_that_cannot_be_climbed_does_not_stop_the_next(
    firm: Company, caplog: pytest.LogCaptureFixture
) -> None:
    odd, healthy = assigned(firm, name="Aker Freight"), assigned(firm, name="Bergen Cold Chain")
    broken = Clock.objects.get(handoff_uuid=odd.uuid, kind="first_contact")
    broken.ladder = [{**rung, "action": "sing"} for rung in broken.ladder]
    broken.save()
    at = NOW + timedelta(minutes=84)
    for _ in range(2):
        engine.climb_due(now=at, clock=lambda: at)
    taken = StepRun.objects.filter(clock__kind="first_contact").values_list("clock__handoff_uuid", flat=True)
    assert list(taken) == [healthy.uuid]
    broken.refresh_from_db()
    assert broken.next_step_at == at + timedelta(minutes=5)
    assert caplog.text.count("could not be climbed") == 1
