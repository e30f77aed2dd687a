"""Gaps: what may be filled from here, who is asked for the rest, and how often."""

from datetime import timedelta
from typing import Never

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from handoffs import engine, filling, pipeline, timeline
from handoffs.connectors import configured
from handoffs.connectors.embedded_crm import EmbeddedCrm
from handoffs.connectors.ports import ConnectorError
from handoffs.models import Delivery, Handoff, State
from handoffs.states import BadValueError, RefusedError, StaleVersionError
from tests.factories import NOW, Company, company
from tests.handoffs.given import LATER, assigned, received

BUDGET = "qualification.budget"


class CrmThatOnlyTakes(EmbeddedCrm):
    """A CRM that stores what it is given, and then cannot be read."""

    def get_account(self, account_id: str) -> Never:
        raise ConnectorError("The CRM does not answer.")


class CrmThatShutsTheDoor(EmbeddedCrm):
    """A CRM that stores what it is given, and then lets nobody in."""

    def get_account(self, account_id: str) -> Never:
        raise ConnectorError("The CRM refused the key: put a valid one into CRM_TOKEN.", permanent=True)


def use(settings: Settings, crm: type[EmbeddedCrm]) -> None:
    settings.CRM_CONNECTOR = f"{crm.__module__}.{crm.__name__}"
    configured.crm.cache_clear()


@pytest.fixture
def firm(db: None) -> Company:
    return company()


def without(firm: Company, *keys: str) -> Handoff:
    """Assigned to Ingrid, with these keys of the deal unknown."""
    handoff = received(firm)
    assert handoff.deal is not None
    known = handoff.account.metadata | handoff.deal.metadata
    handoff.account.metadata = {}
    handoff.account.save()
    handoff.deal.metadata = {key: value for key, value in known.items() if key not in keys}
    handoff.deal.save()
    return pipeline.run(handoff, now=NOW, actor="engine")


def ask(firm: Company, handoff: Handoff, *, who: str = "ingrid", minutes: int = 0, gap: str = BUDGET) -> str:
    at = LATER + timedelta(minutes=minutes)
    return pipeline.ask_gap(handoff, gap=gap, by=firm.reps[who], actor="user:1", now=at).name


@pytest.mark.django_db
def test_the_owner_asks_the_sender_once_an_hour(firm: Company) -> None:
    handoff = without(firm, "budget_confirmed")

    assert ask(firm, handoff) == "Dana Whitfield"
    with pytest.raises(RefusedError, match="Dana Whitfield was asked for this less than an hour ago"):
        ask(firm, handoff, minutes=59)
    assert ask(firm, handoff, minutes=60) == "Dana Whitfield"

    asked = Delivery.objects.filter(purpose="notice")
    assert [row.recipient for row in asked] == ["U0DANA", "U0DANA"]
    assert asked[0].payload["alert"]["title"] == "Ingrid Solheim asks about Halvorsen Marine Logistics"
    assert asked[0].payload["alert"]["lines"] == ["The budget is not confirmed (budget_confirmed on the deal)."]
    assert [line.text for line in timeline.sentences(handoff.stream)][-1] == "Asked to have a gap filled: budget"


@pytest.mark.django_db
def test_the_sender_asks_nobody_for_what_they_alone_know(firm: Company) -> None:
    handoff = without(firm, "budget_confirmed")

    with pytest.raises(RefusedError, match=r"You are who can fill this\. Fill it here or in the CRM\."):
        ask(firm, handoff, who="dana")
    assert not Delivery.objects.filter(purpose="notice").exists()


@pytest.mark.django_db
def test_what_is_not_missing_is_neither_asked_for_nor_filled(firm: Company) -> None:
    handoff = assigned(firm)

    with pytest.raises(RefusedError, match="This is not missing"):
        ask(firm, handoff)
    with pytest.raises(RefusedError, match="Budget is not missing any more"):
        pipeline.fill_gap(handoff, gap=BUDGET, value="$1", actor="user:1", now=LATER)
    assert handoff.deal is not None
    before = dict(handoff.deal.metadata)
    handoff.deal.refresh_from_db()
    assert handoff.deal.metadata == before


@pytest.mark.django_db
def test_a_gap_is_not_filled_on_what_has_changed_meanwhile(firm: Company) -> None:
    handoff = without(firm, "budget_confirmed")

    with pytest.raises(StaleVersionError):
        pipeline.fill_gap(handoff, gap=BUDGET, value="$1", actor="user:1", now=LATER, version=handoff.version - 1)
    assert handoff.deal is not None
    handoff.deal.refresh_from_db()
    assert "budget_confirmed" not in handoff.deal.metadata


@pytest.mark.django_db
def test_a_score_taken_before_somebody_elses_never_replaces_it(firm: Company) -> None:
    handoff = without(firm, "budget_confirmed", "timeline")
    looked_before = Handoff.objects.get(pk=handoff.pk)
    newer = pipeline.fill_gap(handoff, gap=BUDGET, value="$84,000", actor="user:1", now=LATER)
    assert newer.package != looked_before.package

    handoff.deal.refresh_from_db()  # type: ignore[union-attr]
    handoff.deal.metadata |= {"timeline": "In May"}  # type: ignore[union-attr]
    handoff.deal.save()  # type: ignore[union-attr]
    filling.score_again(looked_before, actor="user:2", now=LATER)

    assert Handoff.objects.get(pk=handoff.pk).package == newer.package
    assert handoff.packages.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("score", ["101", "-1", "4.5", "high", "٤٢", "9" * 400])
def test_a_score_is_a_whole_number_up_to_a_hundred(firm: Company, score: str) -> None:
    handoff = without(firm, "qualification_score")

    with pytest.raises(BadValueError, match="whole number from 0 to 100"):
        pipeline.fill_gap(handoff, gap="qualification.score", value=score, actor="user:1", now=LATER)


@pytest.mark.django_db(transaction=True)
def test_the_crm_is_never_asked_inside_a_transaction(firm: Company) -> None:
    handoff = without(firm, "budget_confirmed")

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        pipeline.fill_gap(handoff, gap=BUDGET, value="$1", actor="user:1", now=LATER)
    assert handoff.deal is not None
    handoff.deal.refresh_from_db()
    assert "budget_confirmed" not in handoff.deal.metadata


# The CRM took it and cannot be read afterwards.


def filled_unseen(firm: Company, settings: Settings, crm: type[EmbeddedCrm] = CrmThatOnlyTakes) -> Handoff:
    """Ingrid's, whose budget is in the CRM and whose package does not know it yet."""
    handoff = without(firm, "budget_confirmed")
    use(settings, crm)
    filled = pipeline.fill_gap(handoff, gap=BUDGET, value="$240,000", actor="user:1", now=LATER)
    use(settings, EmbeddedCrm)
    assert handoff.deal is not None
    handoff.deal.refresh_from_db()
    assert handoff.deal.metadata["budget_confirmed"] == "$240,000"
    assert (filling.is_looked_at(filled), filled.package_id) == (False, handoff.package_id)
    return filled


def looked_at(handoff: Handoff, *, minutes: int = 1) -> Handoff:
    """The same after the engine's next pass."""
    at = LATER + timedelta(minutes=minutes)
    engine.run_due(now=at, clock=lambda: at)
    return Handoff.objects.get(pk=handoff.pk)


@pytest.mark.django_db
@pytest.mark.usefixtures("fresh_connectors")
def test_what_the_crm_took_is_scored_by_the_engine_when_it_could_not_be_read_at_once(
    firm: Company, settings: Settings
) -> None:
    before = filled_unseen(firm, settings)
    assert (before.state, before.next_at) == (State.ASSIGNED, LATER + timedelta(seconds=5))

    after = looked_at(before)

    assert after.completeness is not None
    assert before.completeness is not None
    assert after.completeness > before.completeness
    assert (after.state, after.owner, after.assignment) == (State.ASSIGNED, before.owner, before.assignment)
    assert (after.next_at, after.failures, after.last_error, after.lease_until) == (None, 0, "", None)
    verbs = [line.verb for line in timeline.sentences(after.stream)]
    assert verbs[-3:] == ["gap_filled", "postponed", "compiled"]


@pytest.mark.django_db
@pytest.mark.usefixtures("fresh_connectors")
def test_a_new_owner_or_a_contact_in_between_does_not_take_the_look_away(firm: Company, settings: Settings) -> None:
    before = filled_unseen(firm, settings)
    freyas = pipeline.reassign(before, to=firm.reps["freya"], reason="Ingrid is away", actor="user:1", now=LATER)
    pipeline.log_contact(freyas, contacted_at=LATER, actor="user:1", now=LATER)

    after = looked_at(before)

    assert after.package_id != before.package_id
    assert (after.state, after.owner, after.next_at) == (State.CONTACTED, firm.reps["freya"], None)


@pytest.mark.django_db
@pytest.mark.usefixtures("fresh_connectors")
def test_a_look_that_cannot_help_is_parked_and_run_again_by_hand(firm: Company, settings: Settings) -> None:
    before = filled_unseen(firm, settings, CrmThatShutsTheDoor)
    assert (before.next_at, before.parked_at) == (None, LATER)
    assert looked_at(before).package_id == before.package_id

    pipeline.retry(before, actor="user:1", now=LATER)

    after = looked_at(before)
    assert after.package_id != before.package_id
    assert (after.state, after.parked_at) == (State.ASSIGNED, None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("gap", "key", "value"),
    [
        ("qualification.framework", "framework", "No such framework <!channel>"),
        ("journey.source", "source", "a friend"),
        ("journey.source", "source", "Webinar"),
    ],
)
def test_a_choice_is_one_of_those_that_there_are(firm: Company, gap: str, key: str, value: str) -> None:
    handoff = without(firm, key)

    with pytest.raises(BadValueError, match="There is no such choice"):
        pipeline.fill_gap(handoff, gap=gap, value=value, actor="user:1", now=LATER)
    assert handoff.deal is not None
    handoff.deal.refresh_from_db()
    assert key not in handoff.deal.metadata
