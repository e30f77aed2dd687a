"""Gaps: what may be filled from here, who is asked for the rest, and how often."""

from datetime import timedelta

import pytest
from django.db import transaction

from handoffs import filling, pipeline, timeline
from handoffs.models import Delivery, Handoff
from handoffs.states import BadValueError, RefusedError, StaleVersionError
from tests.factories import NOW, Company, company
from tests.handoffs.given import LATER, assigned, received

BUDGET = "qualification.budget"


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
    assert asked[0].payload["alert"]["lines"] == ["The budget is not confirmed: fill budget_confirmed on the deal."]
    assert [line.text for line in timeline.sentences(handoff.stream)][-1] == "Asked to have a gap filled: budget"


@pytest.mark.django_db
def test_the_sender_asks_the_owner_and_never_themselves(firm: Company) -> None:
    handoff = without(firm, "budget_confirmed")

    assert ask(firm, handoff, who="dana") == "Ingrid Solheim"
    assert Delivery.objects.get(purpose="notice").recipient == "U0INGRID"


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
