"""A handoff is held because everybody is full, while somebody gets room: it goes on at once and is not left waiting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from handoffs import holding, pipeline
from handoffs.models import Handoff, State
from routing.models import Assignment, Decision, Rep
from tests.concurrency.crowd import meanwhile, succeeded, together
from tests.factories import NOW, Company
from tests.handoffs.given import assigned, received

pytestmark = [pytest.mark.django_db(transaction=True)]

SOON = NOW + timedelta(minutes=1)
ROUNDS = 15
SELLERS = ("Ingrid", "Freya", "Mikael")


@pytest.fixture
def full(firm: Company) -> list[Handoff]:
    """Each of the pool may have one open, and has it."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    Rep.objects.filter(first_name__in=SELLERS).update(load_cap=1)
    return [assigned(firm, name=f"Account {letter}") for letter in "ABC"]


def contact(handoff: Handoff) -> Any:
    return pipeline.log_contact(handoff, contacted_at=SOON, actor="user:1", now=SOON)


@pytest.mark.parametrize("moment", ['INSERT INTO "routing_decision"', 'UPDATE "handoffs_handoff"', "SELECT"])
def test_room_that_came_while_it_was_being_held_is_not_slept_through(
    firm: Company, full: list[Handoff], moment: str
) -> None:
    waiting = received(firm, name="Account D")
    slipped_in: list[Any] = []

    def slip_in(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        at_moment = sql.startswith(moment) and (moment != "SELECT" or "released_at" in sql)
        answer = execute(sql, params, many, context)
        if at_moment and connection.in_atomic_block is (moment != "SELECT") and not slipped_in:
            slipped_in.append(meanwhile(lambda: contact(full[0])))
        return answer

    with connection.execute_wrapper(slip_in):
        pipeline.run(waiting, now=SOON, actor="engine")
    assert slipped_in, "the contact was logged between looking and holding"
    waiting.refresh_from_db()
    assert (waiting.state, waiting.next_at) == (State.UNASSIGNED, SOON)
    pipeline.run(waiting, now=SOON, actor="engine")
    waiting.refresh_from_db()
    assert waiting.owner == full[0].owner


def test_held_without_any_room_it_waits(firm: Company, full: list[Handoff]) -> None:
    waiting = pipeline.run(received(firm, name="Account D"), now=SOON, actor="engine")
    waiting.refresh_from_db()
    assert waiting.next_at == SOON + timedelta(minutes=5)


def test_of_two_at_once_nothing_stays_asleep_while_somebody_has_room(firm: Company, full: list[Handoff]) -> None:
    present = list(full)
    for number in range(ROUNDS):
        waiting, gone = received(firm, name=f"Round {number}", now=SOON), present.pop(0)
        results = together(
            2,
            lambda n, waiting=waiting, gone=gone: (  # type: ignore[misc]
                pipeline.run(waiting, now=SOON, actor="engine") if n else contact(gone)
            ),
        )
        succeeded(results)
        waiting.refresh_from_db()
        if waiting.state == State.UNASSIGNED:
            assert waiting.next_at == SOON, number
            pipeline.run(waiting, now=SOON, actor="engine")
            waiting.refresh_from_db()
        assert waiting.state == State.ASSIGNED
        present.append(waiting)
    assert Assignment.objects.filter(released_at=None).count() == len(SELLERS)


def test_what_was_taken_meanwhile_is_not_woken(firm: Company, full: list[Handoff]) -> None:
    waiting = pipeline.run(received(firm, name="Account D"), now=SOON, actor="engine")
    held = Decision.objects.get(handoff_uuid=waiting.uuid)
    contact(full[0])
    pipeline.run(waiting, now=SOON, actor="engine")
    contact(full[1])
    holding.look_again(waiting, held, now=SOON)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.next_at) == (State.ASSIGNED, None)
