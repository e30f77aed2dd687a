"""When several want the same handoff at once, one of them gets it and the others are told so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from handoffs import giving, outbox, pipeline, reassigning, settling, timeline
from handoffs.models import Account, Delivery, Event, Handoff, State
from handoffs.reassigning import Heir, TakenMeanwhileError
from handoffs.states import RefusedError
from routing.availability import Ask
from routing.decide import loaded
from routing.models import Assignment, HandoffType, Turn
from sla.models import Clock
from tests.concurrency.crowd import crowd, meanwhile, succeeded, together
from tests.factories import NOW, Company, RepFactory, rich_account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]

SOON = NOW + timedelta(minutes=5)


def receive(account: Account, *, key: str | None = None) -> tuple[Handoff, bool]:
    return pipeline.receive(
        handoff_type=HandoffType.MQL_TO_SALES,
        account=account,
        deal=None,
        origin=Handoff.Origin.API,
        now=NOW,
        actor="crm",
        trigger_key=key,
    )


def assigned(firm: Company) -> Handoff:
    rich = rich_account(HandoffType.MQL_TO_SALES, sender=firm.reps["mara"])
    handoff, _ = receive(rich.account)
    handoff = pipeline.run(handoff, now=NOW, actor="engine")
    assert handoff.state == State.ASSIGNED
    return handoff


def call(changes: Sequence[Callable[[], Any]], number: int) -> Any:
    return changes[number]()


def verbs(handoff: Handoff) -> list[str]:
    return list(Event.objects.filter(stream=handoff.stream).order_by("seq").values_list("verb", flat=True))


@pytest.mark.parametrize("keys", ["the same key", "a key each", "no key"])
def test_a_trigger_that_arrives_twenty_times_at_once_is_one_handoff(firm: Company, keys: str):
    account = rich_account(HandoffType.MQL_TO_SALES).account
    key: Callable[[int], str | None] = {
        "the same key": lambda _: "form-7",
        "a key each": lambda number: f"form-{number}",
        "no key": lambda _: None,
    }[keys]
    answers = succeeded(together(crowd(postgresql=20, sqlite=8), lambda number: receive(account, key=key(number))))
    handoff = Handoff.objects.get()
    assert {found.pk for found, _ in answers} == {handoff.pk}
    assert sum(created for _, created in answers) == 1
    assert verbs(handoff) == ["received"]


def test_one_of_many_acknowledgements_counts_and_the_sender_hears_of_it_once(firm: Company):
    handoff = assigned(firm)

    def work(number: int) -> Any:
        return pipeline.acknowledge(handoff, actor=f"user:{number}", now=SOON)

    results = together(crowd(postgresql=12, sqlite=4), work)
    assert len(succeeded(results, but=RefusedError)) == 1
    refusals = {str(result) for result in results if isinstance(result, RefusedError)}
    assert refusals == {
        f"{handoff.reference} is acknowledged, so it cannot be acknowledged. Look at it again to see where it stands."
    }
    assert Delivery.objects.filter(purpose=Delivery.Purpose.ACKNOWLEDGED).count() == 1
    assert verbs(handoff).count("acknowledged") == 1
    assert timeline.first_broken(handoff.stream) is None


def test_of_acknowledge_reassign_withdraw_and_reject_on_one_page_one_is_done(firm: Company):
    done = set()
    for round_number in range(crowd(postgresql=12, sqlite=4)):
        handoff = assigned(firm)
        other = next(firm.reps[key] for key in ("dana", "kofi") if firm.reps[key].pk != handoff.owner_id)
        at: dict[str, Any] = {"now": SOON, "version": handoff.version}
        changes = [
            partial(pipeline.acknowledge, handoff, actor="user:1", **at),
            partial(pipeline.reassign, handoff, to=other, reason="holiday", actor="user:2", **at),
            partial(pipeline.withdraw, handoff, reason="wrong", actor="user:3", **at),
            partial(pipeline.reject, handoff, reason="incomplete", actor="user:4", **at),
        ]
        # Whoever starts first has an edge, so the order changes.
        turned = changes[round_number % 4 :] + changes[: round_number % 4]
        results = together(len(turned), partial(call, turned))
        assert len(succeeded(results, but=RefusedError)) == 1
        assert all("has changed since you opened it" in str(r) for r in results if isinstance(r, RefusedError))
        handoff.refresh_from_db()
        [verb] = verbs(handoff)[4:]
        done.add(verb)
        assert {"acknowledged": "acknowledged", "reassigned": "assigned"}.get(verb, verb) == handoff.state
        assert Assignment.objects.filter(handoff_uuid=handoff.uuid, released_at=None).count() == (
            handoff.state in {State.ASSIGNED, State.ACKNOWLEDGED}
        )
        assert timeline.first_broken(handoff.stream) is None
    assert done <= {"acknowledged", "reassigned", "withdrawn", "rejected"}


def test_a_turn_that_several_want_to_give_back_is_given_back_once(firm: Company):
    handoff = assigned(firm)
    withdrawn = together(
        crowd(postgresql=8, sqlite=4),
        lambda _: pipeline.withdraw(handoff, reason="wrong", actor="user:1", now=SOON),
    )
    assert len(succeeded(withdrawn, but=RefusedError)) == 1
    assert list(Turn.objects.order_by("seq").values_list("kind", flat=True)) == ["debit", "credit"]
    membership = Turn.objects.latest("seq").membership
    assert membership.pointer == 0


def test_a_log_line_that_slips_in_between_looking_and_settling_stops_nobody(firm: Company):
    """The messages of a blocked handoff are delivered, and logged, while it is looked at again."""
    rich = rich_account(HandoffType.MQL_TO_SALES, sender=firm.reps["mara"])
    rich.account.contacts.update(email="", phone="")
    handoff, _ = receive(rich.account)
    blocked = pipeline.run(handoff, now=NOW, actor="engine")
    assert blocked.state == State.BLOCKED
    rich.account.contacts.update(phone="+47 22 55 01 84")
    slipped_in: list[Delivery] = []

    def deliver() -> Delivery:
        gap_list = Delivery.objects.get(purpose=Delivery.Purpose.GAPS)
        timeline.record(handoff.stream, "delivered", actor="outbox", now=SOON, delivery=str(gap_list.uuid))
        return gap_list

    def slip_in(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        if sql.startswith("SELECT") and 'FROM "handoffs_event"' in sql and not slipped_in:
            slipped_in.append(meanwhile(deliver))
        return answer

    later = NOW + settling.RECHECK_BLOCKED
    with connection.execute_wrapper(slip_in):
        pipeline.run(handoff, now=later, actor="engine")
    assert slipped_in
    pipeline.run(handoff, now=later + timedelta(minutes=1), actor="engine")
    handoff.refresh_from_db()
    assert handoff.state == State.ASSIGNED
    assert timeline.first_broken(handoff.stream) is None


def test_a_message_is_not_cancelled_and_sent_when_the_handoff_is_withdrawn_meanwhile(firm: Company):
    """Whichever comes first: the row is one of the two in the end, and the log says the same."""
    handoff = assigned(firm)
    outbox_rows = crowd(postgresql=6, sqlite=3)

    def work(number: int) -> Any:
        if number == 0:
            return pipeline.withdraw(handoff, reason="wrong", actor="user:1", now=SOON)
        return outbox.deliver_due(now=SOON, clock=lambda: SOON, limit=2)

    succeeded(together(outbox_rows, work))
    for delivery in Delivery.objects.exclude(channel=Delivery.Channel.CRM):
        logged = Event.objects.filter(stream=handoff.stream, facts__delivery=str(delivery.uuid)).count()
        assert logged == (delivery.state in {"delivered", "cancelled"})
    assert timeline.first_broken(handoff.stream) is None
    assert Clock.objects.exclude(state=Clock.State.STOPPED).count() == 0


def test_a_cover_of_several_is_not_given_more_than_they_may_have(firm: Company):
    handoffs = [assigned(firm) for _ in range(crowd(postgresql=8, sqlite=4))]
    cover = RepFactory.create(function="sdr", team=firm.reps["dana"].team, load_cap=2)
    [person] = loaded([cover.pk], Ask(now=SOON), pool=None)

    def move(number: int) -> bool:
        with transaction.atomic():
            row = giving.lock(handoffs[number])
            assert row.package is not None
            heir = Heir(person=person, is_cover=True)
            return reassigning.hand_on(row, row.package, heir, now=SOON, actor="engine") is not None

    moved = succeeded(together(len(handoffs), move), but=TakenMeanwhileError)
    assert len(moved) == 2
    assert Assignment.objects.filter(rep=cover, released_at=None).count() == 2
