"""When the link, the button and the page come at the same moment, one of them acknowledges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from handoffs import pipeline
from handoffs.ack_links import Grant
from handoffs.models import Delivery, Event, Handoff, State
from handoffs.states import RefusedError
from handoffs.via import Via
from routing import compiling
from tests.concurrency.crowd import crowd, succeeded, together
from tests.factories import NOW, Company, company
from tests.handoffs.given import assigned

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]


@pytest.fixture
def firm(transactional_db: None) -> Company:
    compiling.compiled.cache_clear()
    return company()


def doors(handoff: Handoff, firm: Company) -> list[Callable[[], Handoff]]:
    """The three ways to acknowledge, as the same person."""
    user = firm.user("ingrid").pk
    grant = Grant(handoff_id=handoff.pk, number=1, user_id=user, issued_at=NOW)
    press = Via(by="slack", number=1, once="a press")

    def through(via: Via | None) -> Callable[[], Handoff]:
        return lambda: pipeline.acknowledge(handoff, actor=f"user:{user}", now=NOW, via=via)

    return [through(grant.via), through(press), through(None)]


def test_link_button_and_page_at_once_have_one_winner_and_the_sender_hears_once(firm: Company) -> None:
    handoff = assigned(firm)
    ways = doors(handoff, firm)
    results = together(crowd(postgresql=12, sqlite=6), lambda number: ways[number % 3]())
    assert len(succeeded(results, but=RefusedError)) == 1
    assert Event.objects.filter(verb="acknowledged").count() == 1
    assert Delivery.objects.filter(purpose="acknowledged").count() == 1


def test_a_link_and_a_reassignment_at_once_never_both_count(firm: Company) -> None:
    for number in range(6):
        handoff = assigned(firm, name=f"Race {number}")
        owner = handoff.owner
        assert owner is not None
        assert owner.user is not None
        grant = Grant(handoff_id=handoff.pk, number=1, user_id=owner.user.pk, issued_at=NOW)
        to = next(firm.reps[key] for key in ("ingrid", "freya", "mikael") if firm.reps[key] != owner)

        def work(place: int, handoff: Handoff = handoff, grant: Grant = grant, to: Any = to) -> Handoff:
            if place:
                return pipeline.reassign(handoff, to=to, reason="On leave", actor="user:1", now=NOW)
            return pipeline.acknowledge(handoff, actor=grant.actor, now=NOW, via=grant.via)

        succeeded(together(2, work), but=RefusedError)
        row = Handoff.objects.get(pk=handoff.pk)
        assert row.state == State.ASSIGNED, "reassigned last, or reassigned first and the link refused"
        assert row.owner == to
        assert row.acknowledged_at is None


def test_the_same_link_sent_many_times_at_once_after_taking_it_back_stays_used_up(firm: Company) -> None:
    handoff = assigned(firm)
    link = doors(handoff, firm)[0]
    link()
    pipeline.undo_acknowledge(handoff, actor=f"user:{firm.user('ingrid').pk}", now=NOW)
    results = together(crowd(postgresql=8, sqlite=4), lambda _: link())
    assert succeeded(results, but=RefusedError) == []
    assert Handoff.objects.get(pk=handoff.pk).state == State.ASSIGNED
