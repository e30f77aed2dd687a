"""Receiving, running, settling: what is written, and what is not when somebody else was first or something fails."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError
from pytest_django.fixtures import DjangoAssertNumQueries

from handoffs import claiming, pipeline, settling, timeline
from handoffs.models import Delivery, Event, Handoff, Package, State
from handoffs.preparing import prepare
from handoffs.states import RefusedError
from routing.models import Assignment, Decision, HandoffType, Membership, Turn
from sla.models import Clock
from tests.factories import NOW, AccountFactory, Company, DealFactory
from tests.handoffs.given import LATER, assigned, received

pytestmark = pytest.mark.django_db


def again(handoff: Handoff, **changes: Any) -> tuple[Handoff, bool]:
    """The same trigger once more, or nearly the same."""
    fields: dict[str, Any] = {
        "handoff_type": HandoffType(handoff.handoff_type),
        "account": handoff.account,
        "deal": handoff.deal,
        "origin": Handoff.Origin.API,
        "now": LATER,
        "actor": "user:1",
    }
    return pipeline.receive(**{**fields, **changes})


# Receiving.


@pytest.mark.sqlite
def test_a_trigger_is_one_row_due_at_once_with_its_first_line_of_log(firm: Company) -> None:
    handoff = received(firm)
    assert (handoff.state, handoff.received_at, handoff.next_at) == (State.RECEIVED, NOW, NOW)
    assert list(Event.objects.values_list("stream", "seq", "verb", "actor", "facts", "at")) == [
        (f"handoff:{handoff.uuid}", 1, "received", "user:1", {"origin": "api"}, NOW)
    ]


@pytest.mark.sqlite
def test_the_same_account_type_and_deal_is_the_same_handoff_while_one_is_open(firm: Company) -> None:
    handoff = received(firm)
    assert again(handoff) == (handoff, False)
    handoff = pipeline.run(handoff, now=NOW, actor="engine")
    assert again(handoff) == (handoff, False)
    pipeline.reject(handoff, reason="incomplete", actor="user:1", now=LATER)
    assert again(handoff) == (handoff, False), "what lies with the sender is still open"
    assert Handoff.objects.count() == 1


def test_after_first_contact_the_same_trigger_is_a_new_handoff(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.log_contact(handoff, contacted_at=LATER, actor="user:1", now=LATER)
    new, created = again(handoff)
    assert created
    assert new != handoff


def test_another_type_or_another_deal_is_another_handoff(firm: Company) -> None:
    handoff = received(firm)
    assert again(handoff, handoff_type=HandoffType.EXPANSION_TO_SALES)[1]
    assert again(handoff, deal=DealFactory.create(account=handoff.account))[1]
    assert again(handoff, deal=None)[1]
    assert Handoff.objects.count() == 4


@pytest.mark.sqlite
def test_a_callers_own_key_is_kept_for_ever(firm: Company) -> None:
    handoff, _ = again(received(firm), deal=None, trigger_key="webhook-7")
    pipeline.withdraw(handoff, reason="by mistake", actor="user:1", now=LATER)
    assert again(handoff, trigger_key="webhook-7") == (handoff, False)
    assert again(handoff, trigger_key="webhook-8")[1]


def test_a_deal_of_another_account_is_refused_and_nothing_is_written(firm: Company) -> None:
    account, deal = AccountFactory.create(crm_id="A-OSLO"), DealFactory.create(crm_id="D-BERGEN")
    with pytest.raises(RefusedError) as refused:
        pipeline.receive(
            handoff_type=HandoffType.SQL_TO_AE,
            account=account,
            deal=deal,
            origin=Handoff.Origin.API,
            now=NOW,
            actor="user:1",
        )
    assert str(refused.value) == (
        "Deal D-BERGEN belongs to another account than A-OSLO. Name the account of the deal, or leave the deal out."
    )
    assert not Handoff.objects.exists()


# Running.


@pytest.mark.sqlite
def test_one_run_writes_everything_that_belongs_together(firm: Company) -> None:
    handoff = assigned(firm)
    assert handoff.package is not None
    assert handoff.assignment is not None
    assert (handoff.next_at, handoff.lease_until) == (None, None)
    assert (
        Package.objects.count() == Assignment.objects.count() == Decision.objects.count() == Turn.objects.count() == 1
    )
    assert {row.purpose for row in Delivery.objects.all()} == {"crm_update", "crm_note", "alert", "briefing"}
    assert set(Delivery.objects.values_list("state", "next_at", "attempt")) == {("queued", NOW, 0)}
    assert set(Clock.objects.values_list("kind", "state")) == {("first_contact", "running"), ("acknowledge", "running")}
    verbs = [line.verb for line in timeline.sentences(handoff.stream)]
    assert verbs == ["received", "compiled", "assigned", "clock_started"]
    assert timeline.first_broken(handoff.stream) is None
    assert Turn.objects.get().assignment == handoff.assignment


@pytest.mark.sqlite
def test_if_anything_fails_in_the_one_transaction_nothing_of_it_is_kept(firm: Company) -> None:
    handoff = received(firm)
    [mine] = claiming.claim_due(Handoff, now=NOW, real_now=NOW, limit=1, only=handoff.pk)
    prepared = prepare(mine, now=NOW)
    # A delivery that is there already makes the last of the writes fail.
    Delivery.objects.create(
        key=f"{handoff.stream}/1/briefing/email/ingrid@fathomline.example",
        purpose="briefing",
        channel="email",
        recipient="ingrid@fathomline.example",
        payload={},
        queued_at=NOW,
        next_at=NOW,
    )
    with pytest.raises(IntegrityError):
        settling.settle(mine, prepared, now=NOW, actor="engine")
    handoff.refresh_from_db()
    assert (handoff.state, handoff.package, handoff.owner) == (State.RECEIVED, None, None)
    for model in (Package, Assignment, Decision, Turn, Clock):
        assert not model.objects.exists(), model
    assert Delivery.objects.count() == 1
    assert set(Membership.objects.values_list("pointer", flat=True)) == {0}
    assert [line.verb for line in timeline.sentences(handoff.stream)] == ["received"]


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda handoff: Handoff.objects.filter(pk=handoff.pk).update(attempt=handoff.attempt + 1),
        lambda handoff: pipeline.withdraw(handoff, reason="by mistake", actor="user:1", now=NOW),
        lambda handoff: pipeline.retry(handoff, actor="user:1", now=NOW),
    ],
    ids=["the lease ran out and another worker took it", "it was withdrawn", "somebody asked for a fresh look"],
)
def test_a_worker_that_is_too_late_writes_nothing(firm: Company, meanwhile: Callable[[Handoff], object]) -> None:
    handoff = received(firm)
    [mine] = claiming.claim_due(Handoff, now=NOW, real_now=NOW, limit=1, only=handoff.pk)
    prepared = prepare(mine, now=NOW)
    meanwhile(Handoff.objects.get(pk=handoff.pk))
    before = Handoff.objects.values().get(pk=handoff.pk)
    with pytest.raises(settling.LostRaceError):
        settling.settle(mine, prepared, now=NOW, actor="engine")
    assert Handoff.objects.values().get(pk=handoff.pk) == before
    assert not Assignment.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.sqlite
def test_a_handoff_that_somebody_else_has_claimed_is_left_alone(firm: Company) -> None:
    handoff = received(firm)
    assert len(claiming.claim_due(Handoff, now=NOW, real_now=NOW, limit=1)) == 1
    assert pipeline.run(handoff, now=NOW, actor="engine").state == State.RECEIVED

    # Whoever had it died: after the lease it is taken again.
    real = NOW + claiming.LEASE
    assert pipeline.run(handoff, now=NOW, actor="engine", real_now=real).state == State.ASSIGNED


def test_a_run_when_nothing_is_due_does_nothing(firm: Company) -> None:
    handoff = assigned(firm)
    version = handoff.version
    assert pipeline.run(handoff, now=LATER, actor="engine").version == version


def test_a_handoff_in_a_state_that_cannot_be_run_is_no_longer_due(firm: Company) -> None:
    handoff = assigned(firm)
    Handoff.objects.filter(pk=handoff.pk).update(next_at=NOW)
    after = pipeline.run(handoff, now=NOW, actor="engine")
    assert (after.state, after.next_at, after.lease_until) == (State.ASSIGNED, None, None)


def test_preparing_and_settling_take_a_bounded_number_of_queries(
    firm: Company, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    handoff = received(firm)
    [mine] = claiming.claim_due(Handoff, now=NOW, real_now=NOW, limit=1, only=handoff.pk)
    with django_assert_max_num_queries(40):
        prepared = prepare(mine, now=NOW)
    with django_assert_max_num_queries(16):
        settling.settle(mine, prepared, now=NOW, actor="engine")
