"""Several engines climb the same ladders at once: each step is taken once, and told of once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handoffs import engine, escalation, pipeline, timeline
from handoffs.models import Delivery, Event, Handoff, State
from handoffs.states import RefusedError
from routing.models import Assignment, HandoffType
from sla.clock import due_clocks
from sla.models import Clock, StepRun
from tests.concurrency.crowd import crowd, succeeded, together
from tests.factories import NOW, Company, rich_account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]

OWNER_ALERTED = NOW + timedelta(hours=3)
REASSIGNED = NOW + timedelta(hours=26)


def assigned(firm: Company, name: str) -> Handoff:
    rich = rich_account(HandoffType.SQL_TO_AE, sender=firm.reps["dana"], name=name)
    handoff, _ = pipeline.receive(
        handoff_type=HandoffType.SQL_TO_AE,
        account=rich.account,
        deal=rich.deal,
        origin=Handoff.Origin.API,
        now=NOW,
        actor="crm",
    )
    handoff = pipeline.run(handoff, now=NOW, actor="engine")
    assert handoff.state == State.ASSIGNED
    return handoff


def test_each_step_is_taken_once_by_however_many_engines(firm: Company):
    handoffs = [assigned(firm, name) for name in ("Aker Freight", "Bergen Cold Chain", "Corvik Shipping")]
    for at in (NOW + timedelta(minutes=84), OWNER_ALERTED, NOW + timedelta(hours=6)):

        def work(_: int, at=at) -> int:
            return engine.climb_due(now=at, clock=lambda: at)

        succeeded(together(crowd(postgresql=6, sqlite=3), work))
    for handoff in handoffs:
        verbs = list(Event.objects.filter(stream=handoff.stream, actor="sla").values_list("verb", flat=True))
        assert sorted(verbs) == ["owner_alerted", "reminded", "role_alerted", "warned"]
        assert handoff.deliveries.filter(purpose=Delivery.Purpose.ESCALATION).count() == 4
        assert timeline.first_broken(handoff.stream) is None
    assert StepRun.objects.count() == 4 * len(handoffs)


def test_it_is_reassigned_once_by_however_many_engines(firm: Company):
    handoff = assigned(firm, "Aker Freight")
    Clock.objects.filter(kind="acknowledge").update(next_step_at=None)
    [due] = due_clocks(now=REASSIGNED, limit=5)
    succeeded(together(crowd(postgresql=6, sqlite=3), lambda _: escalation.take_step(due, now=REASSIGNED)))
    assert Assignment.objects.filter(handoff_uuid=handoff.uuid).count() == 2
    assert StepRun.objects.filter(outcome="done").count() == 1
    assert Event.objects.filter(stream=handoff.stream, verb="escalated").count() == 1
    assert timeline.first_broken(handoff.stream) is None


def test_either_the_contact_or_the_reassignment_counts_when_both_happen_at_once(firm: Company):
    for number in range(crowd(postgresql=6, sqlite=3)):
        handoff = assigned(firm, f"Account {number}")

        def work(part: int, handoff=handoff) -> object:
            if part == 0:
                return pipeline.log_contact(
                    handoff, contacted_at=REASSIGNED, actor="user:1", now=REASSIGNED, version=handoff.version
                )
            return engine.climb_due(now=REASSIGNED, clock=lambda: REASSIGNED)

        succeeded(together(2, work), but=RefusedError)
        handoff.refresh_from_db()
        if handoff.state == State.CONTACTED:
            assert Assignment.objects.filter(handoff_uuid=handoff.uuid).count() == 1
            assert not Clock.objects.filter(handoff_uuid=handoff.uuid).exclude(state="stopped").exists()
        else:
            assert Assignment.objects.filter(handoff_uuid=handoff.uuid, released_at=None).get().number == 2
        assert timeline.first_broken(handoff.stream) is None
