"""Who had to wait for a handoff's lock sees what it became meanwhile, with everything that hangs on it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from handoffs import engine, giving, pipeline
from handoffs.models import Event, Handoff, State
from handoffs.states import MovedOnError, RefusedError
from routing.models import Assignment
from sla.models import Clock
from tests.concurrency.crowd import meanwhile
from tests.factories import NOW, Company
from tests.handoffs.given import assigned

pytestmark = [pytest.mark.django_db(transaction=True)]

SOON = NOW + timedelta(minutes=5)
PATIENCE = 20


def while_held(handoff: Handoff, change: Callable[[], Any], then: Callable[[], Any]) -> Any:
    """What `then` gives, or its refusal, when it waits for the lock under which `change` is made and committed."""
    held, done = threading.Event(), threading.Event()

    def holder() -> None:
        try:
            with transaction.atomic():
                giving.lock(handoff)
                held.set()
                _wait_for_a_waiter()
                change()
        finally:
            done.set()
            connection.close()

    def waiter() -> Any:
        held.wait(PATIENCE)
        try:
            return then()
        except RefusedError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.submit(holder), threads.submit(waiter)
        first.result(PATIENCE)
        return second.result(PATIENCE)


def _wait_for_a_waiter() -> None:
    """Until another session of this database waits for a lock."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    for _ in range(PATIENCE * 50):
        with connection.cursor() as cursor:
            cursor.execute(asked)
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_stat_clear_snapshot(), pg_sleep(0.02)")
    raise AssertionError("nobody ever waited")


@pytest.fixture
def ingrids(firm: Company) -> Handoff:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time, who waits before it reads")
    return assigned(firm)


def test_the_relations_of_a_row_that_was_waited_for_are_those_of_now(firm: Company, ingrids: Handoff) -> None:
    def read() -> Any:
        with transaction.atomic():
            row = giving.lock(ingrids)
            return row.owner, row.assignment.number, row.package

    to = firm.reps["freya"]
    owner, number, package = while_held(
        ingrids,
        lambda: pipeline.reassign(ingrids, to=to, reason="Away", actor="user:2", now=SOON),
        read,
    )
    assert (owner, number) == (to, 2)
    assert package is not None


def test_a_withdrawal_that_waited_for_a_new_owner_ends_that_owners_assignment(firm: Company, ingrids: Handoff) -> None:
    while_held(
        ingrids,
        lambda: pipeline.reassign(ingrids, to=firm.reps["freya"], reason="Away", actor="user:2", now=SOON),
        lambda: pipeline.withdraw(ingrids, reason="wrong", actor="user:3", now=SOON),
    )
    assert Handoff.objects.get().state == State.WITHDRAWN
    assert not Assignment.objects.filter(released_at=None).exists()
    assert not Clock.objects.exclude(state=Clock.State.STOPPED).exists()
    engine.sweep(now=NOW + timedelta(hours=40), clock=lambda: NOW + timedelta(hours=40))
    assert Handoff.objects.get().state == State.WITHDRAWN


def test_a_former_owner_who_names_no_version_does_not_acknowledge_for_the_new_one(
    firm: Company, ingrids: Handoff
) -> None:
    answer = while_held(
        ingrids,
        lambda: pipeline.reassign(ingrids, to=firm.reps["freya"], reason="Away", actor="user:2", now=SOON),
        lambda: pipeline.acknowledge(ingrids, actor="user:1", now=SOON),
    )
    assert isinstance(answer, MovedOnError)
    assert str(answer) == f"{ingrids.reference} is now owned by Freya Aldous, so nothing was done. Look at it again."
    assert not Event.objects.filter(verb="acknowledged").exists()


@pytest.mark.parametrize("verb", ["log_contact", "reject", "reassign", "close", "book_meeting", "undo_acknowledge"])
def test_no_verb_of_an_owner_is_done_to_a_handoff_that_went_to_somebody_else(
    firm: Company, ingrids: Handoff, verb: str
) -> None:
    more: dict[str, dict[str, Any]] = {
        "log_contact": {"contacted_at": SOON},
        "reject": {"reason": "incomplete"},
        "reassign": {"to": firm.reps["mikael"], "reason": "Away"},
        "close": {"outcome": State.CONVERTED},
        "book_meeting": {"meeting_at": SOON},
    }
    read_before = Handoff.objects.get(pk=ingrids.pk)
    meanwhile(lambda: pipeline.reassign(ingrids, to=firm.reps["freya"], reason="Away", actor="user:2", now=SOON))
    with pytest.raises(MovedOnError):
        getattr(pipeline, verb)(read_before, actor="user:1", now=SOON, **more.get(verb, {}))


def test_a_step_of_a_clock_that_no_longer_counts_is_not_taken(firm: Company, ingrids: Handoff) -> None:
    """However it came to be: a handoff that ended is not climbed for, and the clock stops."""
    Handoff.objects.filter(pk=ingrids.pk).update(state=State.WITHDRAWN, closed_at=SOON, due_at=None, at_risk_at=None)
    late = NOW + timedelta(hours=40)
    engine.sweep(now=late, clock=lambda: late)
    assert Handoff.objects.get().state == State.WITHDRAWN
    assert not Clock.objects.exclude(state=Clock.State.STOPPED).exists()
    assert (
        set(Event.objects.filter(stream=ingrids.stream).values_list("verb", flat=True)) & {"escalated", "left"} == set()
    )
