"""A run that cannot be finished: tried again, then parked where people see it, and run again by hand."""

from datetime import timedelta
from typing import Never

import pytest
from pytest_django.fixtures import Settings

from handoffs import engine, pipeline, timeline
from handoffs.connectors import configured
from handoffs.connectors.embedded_crm import EmbeddedCrm
from handoffs.connectors.ports import AccountRecord, ConnectorError
from handoffs.models import Handoff, State
from routing.models import RuleSet
from sla.models import Policy
from tests.factories import NOW, Company
from tests.handoffs.given import received

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_connectors")]


class CrmAway(EmbeddedCrm):
    """A CRM that does not answer."""

    def get_account(self, account_id: str) -> Never:
        raise ConnectorError("The CRM does not answer.")


class CrmRefusing(EmbeddedCrm):
    """A CRM that does not let us in."""

    def get_account(self, account_id: str) -> Never:
        raise ConnectorError("The CRM refused the key: put a valid one into CRM_TOKEN.", permanent=True)


class CrmStumbling(EmbeddedCrm):
    """A CRM whose answer for one account nobody was prepared for."""

    def get_account(self, account_id: str) -> AccountRecord:
        if account_id == "A-ODD":
            raise ZeroDivisionError
        return super().get_account(account_id)


def use(settings: Settings, crm: type) -> None:
    settings.CRM_CONNECTOR = f"{crm.__module__}.{crm.__name__}"
    configured.crm.cache_clear()


def test_a_crm_that_does_not_answer_is_asked_again_ever_more_slowly(firm: Company, settings: Settings) -> None:
    use(settings, CrmAway)
    handoff, at, waits = received(firm), NOW, []
    while True:
        handoff = pipeline.run(handoff, now=at, actor="engine")
        if handoff.next_at is None:
            break
        waits.append(handoff.next_at - at)
        at = handoff.next_at
    assert waits[:7] == [
        *(timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=15)),
        *(timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2)),
    ]
    assert set(waits[7:]) == {timedelta(hours=4)}
    assert timedelta(hours=15) < at - NOW <= timedelta(hours=20)

    # Then it is parked, with the reason, and nothing of it is lost.
    assert (handoff.state, handoff.parked_at, handoff.last_error) == (State.RECEIVED, at, "The CRM does not answer.")
    verbs = [line.verb for line in timeline.sentences(handoff.stream)]
    assert verbs == ["received", *["postponed"] * len(waits), "parked"]
    assert timeline.first_broken(handoff.stream) is None


def test_a_parked_handoff_is_run_again_by_hand_and_has_all_its_tries_again(firm: Company, settings: Settings) -> None:
    use(settings, CrmRefusing)
    handoff = pipeline.run(received(firm), now=NOW, actor="engine")
    assert (handoff.parked_at, handoff.next_at, handoff.failures) == (NOW, None, 1), "asking again cannot help"
    assert handoff.last_error == "The CRM refused the key: put a valid one into CRM_TOKEN."

    # Two days later the key is right, but the CRM is slow to wake.
    later = NOW + timedelta(days=2)
    use(settings, CrmAway)
    pipeline.retry(handoff, actor="user:1", now=later)
    handoff = pipeline.run(handoff, now=later, actor="engine")
    assert (handoff.parked_at, handoff.next_at) == (None, later + timedelta(seconds=5))

    use(settings, EmbeddedCrm)
    handoff = pipeline.run(handoff, now=later + timedelta(seconds=5), actor="engine")
    assert (handoff.state, handoff.failures, handoff.last_error) == (State.ASSIGNED, 0, "")


@pytest.mark.parametrize("what", ["rules", "policy"])
def test_without_rules_or_policy_it_waits_and_says_what_to_do(firm: Company, what: str) -> None:
    if what == "rules":
        RuleSet.objects.update(state=RuleSet.State.ARCHIVED)
    else:
        Policy.objects.update(state=Policy.State.ARCHIVED)
    handoff = pipeline.run(received(firm), now=NOW, actor="engine")
    assert (handoff.state, handoff.next_at) == (State.RECEIVED, NOW + timedelta(seconds=5))
    assert (
        handoff.last_error
        == {
            "rules": "No rules are live, so nothing can be routed. Publish a rule set first.",
            "policy": "No SLA policy is live for sql_to_ae. Publish one, so that its clock can start.",
        }[what]
    )


def test_one_odd_row_stops_no_other(firm: Company, settings: Settings) -> None:
    use(settings, CrmStumbling)
    odd, fine = received(firm, crm_id="A-ODD"), received(firm, "closed_to_cs", name="Aker Freight")
    assert engine.run_due(now=NOW, clock=lambda: NOW) == 2
    odd.refresh_from_db()
    fine.refresh_from_db()
    assert (fine.state, fine.owner) == (State.ASSIGNED, firm.reps["hannah"])
    assert (odd.state, odd.next_at) == (State.RECEIVED, NOW + timedelta(seconds=5))
    assert odd.last_error == "An unexpected error stopped the run (ZeroDivisionError). RevOps can run it again."


def test_a_pass_takes_so_many_and_leaves_the_rest_for_the_next(firm: Company) -> None:
    for name in ("Aker Freight", "Bodin Ports", "Corva Lines"):
        received(firm, name=name)
    assert engine.run_due(now=NOW, clock=lambda: NOW, limit=2) == 2
    assert engine.run_due(now=NOW, clock=lambda: NOW, limit=2) == 1
    assert engine.run_due(now=NOW, clock=lambda: NOW, limit=2) == 0
    assert set(Handoff.objects.values_list("state", flat=True)) == {"assigned"}
