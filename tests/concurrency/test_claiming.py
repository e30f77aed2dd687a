"""Each due row has one worker at a time, and what a worker says after its time counts for nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from handoffs import advancing, claiming, outbox, pipeline, settling, timeline
from handoffs.models import Account, Activity, Delivery, Event, Handoff, Package, State
from handoffs.preparing import prepare
from routing.models import Assignment, HandoffType, Turn
from tests.concurrency.crowd import crowd, meanwhile, succeeded, together
from tests.factories import NOW, Company, DeliveryFactory, HandoffFactory, rich_account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]

LATER = NOW + claiming.LEASE + timedelta(seconds=1)
MUCH_LATER = LATER + claiming.LEASE + timedelta(seconds=1)


def claim_one(model: type[Any], pk: int, *, at: Any) -> Any:
    [row] = claiming.claim_due(model, now=at, real_now=at, limit=1, only=pk)
    return row


def note(handoff: Handoff) -> Delivery:
    """A note for the local CRM, which is a real outside system without a network."""
    return DeliveryFactory.create(
        handoff=handoff,
        channel=Delivery.Channel.CRM,
        purpose=Delivery.Purpose.CRM_NOTE,
        recipient=handoff.account.crm_id,
        payload={
            "account": handoff.account.crm_id,
            "deal": "",
            "owner": "",
            "subject": "Handoff: sql_to_ae",
            "description": "Everything about it.",
            "occurred_at": NOW.isoformat(),
        },
    )


def received(firm: Company) -> Handoff:
    rich = rich_account(HandoffType.SQL_TO_AE, sender=firm.reps["dana"])
    handoff, _ = pipeline.receive(
        handoff_type=HandoffType.SQL_TO_AE,
        account=rich.account,
        deal=rich.deal,
        origin=Handoff.Origin.CRM,
        now=NOW,
        actor="crm",
    )
    return handoff


@pytest.mark.parametrize("model", [Delivery, Handoff], ids=["deliveries", "handoffs"])
def test_workers_that_take_from_one_queue_take_every_row_once(model: type[Any]):
    rows = crowd(postgresql=300, sqlite=80)
    if model is Delivery:
        Delivery.objects.bulk_create(DeliveryFactory.build_batch(rows))
    else:
        account: Account = rich_account(HandoffType.SQL_TO_AE).account
        Handoff.objects.bulk_create(HandoffFactory.build_batch(rows, account=account, next_at=NOW))

    def work(_: int) -> list[int]:
        mine: list[int] = []
        while len(mine) <= rows and (taken := claiming.claim_due(model, now=NOW, real_now=NOW, limit=3)):
            mine += [row.pk for row in taken]
        return mine

    taken = [pk for mine in succeeded(together(crowd(postgresql=12, sqlite=4), work)) for pk in mine]
    assert len(taken) == rows
    assert set(taken) == set(model.objects.values_list("pk", flat=True))
    assert set(model.objects.values_list("attempt", flat=True)) == {1}


def test_a_row_is_free_again_when_its_lease_has_run_out_and_not_before():
    delivery = DeliveryFactory.create()
    [first] = claiming.claim_due(Delivery, now=NOW, real_now=NOW, limit=5)
    just_before = NOW + claiming.LEASE - timedelta(seconds=1)
    assert claiming.claim_due(Delivery, now=just_before, real_now=just_before, limit=5) == []
    [second] = claiming.claim_due(Delivery, now=LATER, real_now=LATER, limit=5)
    assert (first.pk, first.attempt, second.attempt) == (delivery.pk, 1, 2)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no row locks to wait for")
def test_a_worker_goes_past_a_row_that_somebody_holds_instead_of_waiting():
    held, free = DeliveryFactory.create(key="held"), DeliveryFactory.create(key="free")
    with transaction.atomic():
        Delivery.objects.select_for_update().get(pk=held.pk)

        def work() -> list[int]:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '3s'")
            return [row.pk for row in claiming.claim_due(Delivery, now=NOW, real_now=NOW, limit=5)]

        assert meanwhile(work) == [free.pk]


def test_the_attempt_that_comes_with_a_claim_is_that_of_the_claim():
    """A worker that falls asleep right after its claim must not wake up with the attempt of the next one."""
    DeliveryFactory.create()
    statements: list[str] = []

    def fall_asleep(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if statements:
            meanwhile(lambda: claiming.claim_due(Delivery, now=LATER, real_now=LATER, limit=1))
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fall_asleep):
        mine = claiming.claim_due(Delivery, now=NOW, real_now=NOW, limit=1)
    assert [row.attempt for row in mine] == [1]


def test_an_answer_that_comes_after_the_lease_ran_out_counts_for_nothing():
    delivery = note(HandoffFactory.create())
    slow = claim_one(Delivery, delivery.pk, at=NOW)
    quick = claim_one(Delivery, delivery.pk, at=LATER)

    outbox.attempt(slow, now=LATER)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempt, delivery.lease_until) == ("queued", 2, LATER + claiming.LEASE)
    assert not Event.objects.filter(verb="delivered").exists()

    outbox.attempt(quick, now=MUCH_LATER)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.delivered_at) == ("delivered", MUCH_LATER)
    assert Event.objects.filter(verb="delivered").count() == 1
    assert Activity.objects.filter(subject="Handoff: sql_to_ae").count() == 1


def test_a_failure_that_comes_after_the_lease_ran_out_does_not_touch_the_new_try():
    delivery = note(HandoffFactory.create())
    slow = claim_one(Delivery, delivery.pk, at=NOW)
    slow.payload["account"] = "A-GONE"
    claim_one(Delivery, delivery.pk, at=LATER)

    outbox.attempt(slow, now=LATER)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.failures, delivery.last_error) == ("queued", 0, "")
    assert delivery.lease_until == LATER + claiming.LEASE


def test_a_handoff_that_was_prepared_too_slowly_is_settled_by_the_other_worker_alone(firm: Company):
    handoff = received(firm)
    slow = claim_one(Handoff, handoff.pk, at=NOW)
    prepared_slowly = prepare(slow, now=NOW)
    quick = claim_one(Handoff, handoff.pk, at=LATER)

    with pytest.raises(settling.LostRaceError):
        settling.settle(slow, prepared_slowly, now=LATER, actor="engine")
    for model in (Package, Assignment, Turn, Delivery):
        assert not model.objects.exists(), f"a stale settle left a {model.__name__}"

    settling.settle(quick, prepare(quick, now=LATER), now=LATER, actor="engine")
    assert Handoff.objects.get().state == State.ASSIGNED
    assert Assignment.objects.count() == Turn.objects.count() == 1
    assert timeline.first_broken(handoff.stream) is None


def test_a_worker_whose_handoff_was_settled_meanwhile_leaves_quietly(firm: Company):
    handoff = received(firm)
    slow = claim_one(Handoff, handoff.pk, at=NOW)
    quick = claim_one(Handoff, handoff.pk, at=LATER)
    advancing.advance(quick, now=LATER, actor="engine")
    before = list(Event.objects.values_list("verb", flat=True))

    advancing.advance(slow, now=LATER, actor="engine")
    assert list(Event.objects.values_list("verb", flat=True)) == before
    assert Assignment.objects.count() == 1


def test_ten_workers_that_run_the_same_handoff_assign_it_once(firm: Company):
    handoff = received(firm)
    workers = crowd(postgresql=10, sqlite=4)
    succeeded(together(workers, lambda _: pipeline.run(handoff, now=NOW, actor="engine")))
    assert Assignment.objects.count() == Turn.objects.count() == 1
    assert list(Event.objects.order_by("seq").values_list("verb", flat=True)) == [
        "received",
        "compiled",
        "assigned",
        "clock_started",
    ]
