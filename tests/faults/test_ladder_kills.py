"""kill -9 in a step of the ladder, an alarm, or the beginning of a leave: never lost, never done twice, heard once."""

import signal
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from handoffs import engine, triggers
from handoffs.models import Event, Handoff, State
from sla.models import ClockKind, EscalationStep, StepRun
from tests.factories import AbsenceFactory, company, rich_account
from tests.fakes.fixtures import Fake
from tests.faults.processes import Product

pytestmark = [pytest.mark.fault, pytest.mark.slow]

LADDER_STEPS = ("escalation.decided", "escalation.claimed", "escalation.before_commit")
ALARM_STEPS = ("alarms.claimed", "alarms.before_commit")
LEAVE_STEPS = ("leaving.claimed", "leaving.before_commit")


def started(given: datetime) -> Handoff:
    """The only handoff there is, after all that was due when it was triggered."""
    triggers.start_due(now=given)
    while engine.sweep(now=given, clock=lambda: given):
        pass
    return Handoff.objects.get()


def die_and_go_on(product: Product, step: str) -> None:
    """An engine is killed at the step, and another one does what is due."""
    killed = product.start("manage.py", "engine", "--once", HANDOFFS_FAILPOINT=step)
    assert killed.wait(60) == -signal.SIGKILL, product.output()
    assert product.start("manage.py", "engine", "--once").wait(60) == 0, product.output()


@pytest.mark.parametrize("step", LADDER_STEPS)
def test_a_step_of_the_ladder_is_taken_once_whoever_dies(
    step: str, running_product: Product, fake_slack: Fake, fake_resend: Fake
) -> None:
    # Given three and a half hours ago and due after two: the owner was to hear of it half an hour ago.
    given = timezone.now() - timedelta(hours=3, minutes=30)
    firm = company(now=given)
    rich_account("sql_to_ae", sender=firm.reps["dana"], now=given)
    handoff = started(given)
    assert handoff.state == State.ASSIGNED

    die_and_go_on(running_product, step)

    alerted = StepRun.objects.filter(clock__kind=ClockKind.FIRST_CONTACT, outcome=StepRun.Outcome.DONE)
    assert [run.step.action for run in alerted] == [EscalationStep.Action.ALERT_OWNER]
    assert Event.objects.filter(stream=handoff.stream, verb="owner_alerted").count() == 1
    posts = [row for row in fake_slack.effects(path="chat.postMessage") if "Overdue" in str(row)]
    assert len(posts) == 1


@pytest.mark.parametrize("step", ALARM_STEPS)
def test_an_alarm_is_raised_once_whoever_dies(
    step: str, running_product: Product, fake_slack: Fake, fake_resend: Fake
) -> None:
    given = timezone.now() - timedelta(minutes=40)
    firm = company(now=given)
    firm.pools["cs"].memberships.update(is_active=False)
    rich_account("closed_to_cs", sender=firm.reps["oskar"], now=given)
    handoff = started(given)
    assert handoff.state == State.UNASSIGNED

    die_and_go_on(running_product, step)

    assert Event.objects.filter(stream=handoff.stream, verb="alarmed").count() == 1
    posts = [row for row in fake_slack.effects(path="chat.postMessage") if "Nobody has" in str(row)]
    assert len(posts) == 2, "the manager and RevOps"


@pytest.mark.parametrize("step", LEAVE_STEPS)
def test_what_somebody_on_leave_leaves_behind_moves_once_whoever_dies(
    step: str, running_product: Product, fake_slack: Fake, fake_resend: Fake
) -> None:
    given = timezone.now() - timedelta(minutes=40)
    firm = company(now=given)
    rich_account("sql_to_ae", sender=firm.reps["dana"], now=given)
    handoff = started(given)
    assert handoff.owner == firm.reps["ingrid"]
    begun = given + timedelta(minutes=5)
    AbsenceFactory.create(
        rep=handoff.owner, starts_at=begun, ends_at=begun + timedelta(days=7), cover=firm.reps["mikael"]
    )

    die_and_go_on(running_product, step)

    handoff.refresh_from_db()
    assert (handoff.owner, handoff.assignment.number) == (firm.reps["mikael"], 2)
    assert Event.objects.filter(stream=handoff.stream, verb="owner_away").count() == 1
    briefings = [row for row in fake_resend.effects() if "mikael@" in str(row)]
    assert len(briefings) == 1
