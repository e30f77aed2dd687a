"""The transition table, exhaustively: every verb from every state moves, or says where the handoff stands."""

from collections.abc import Callable, Mapping

import pytest
from django.db import transaction

from handoffs import pipeline, states, timeline
from handoffs.models import OPEN_STATES, Handoff, State
from handoffs.states import IllegalMoveError, RefusedError, StaleVersionError
from tests.factories import Company, HandoffFactory, company
from tests.handoffs.given import LATER, assigned, in_state, received

pytestmark = pytest.mark.django_db

S = State
VERBS: Mapping[str, tuple[set[State], Callable[[Handoff, Company], Handoff]]] = {
    "acknowledge": (
        {S.ASSIGNED},
        lambda handoff, firm: pipeline.acknowledge(handoff, actor="user:1", now=LATER),
    ),
    "undo_acknowledge": (
        {S.ACKNOWLEDGED},
        lambda handoff, firm: pipeline.undo_acknowledge(handoff, actor="user:1", now=LATER),
    ),
    "resubmit": (
        {S.REJECTED},
        lambda handoff, firm: pipeline.resubmit(handoff, actor="user:1", now=LATER),
    ),
    "log_contact": (
        {S.ASSIGNED, S.ACKNOWLEDGED},
        lambda handoff, firm: pipeline.log_contact(handoff, contacted_at=LATER, actor="user:1", now=LATER),
    ),
    "add_findings": (
        {S.CONTACTED, S.MEETING_BOOKED},
        lambda handoff, firm: pipeline.add_findings(handoff, findings="A pilot", actor="user:1", now=LATER),
    ),
    "book_meeting": (
        {S.CONTACTED},
        lambda handoff, firm: pipeline.book_meeting(handoff, meeting_at=LATER, actor="user:1", now=LATER),
    ),
    "reject": (
        {S.ASSIGNED, S.ACKNOWLEDGED},
        lambda handoff, firm: pipeline.reject(handoff, reason="incomplete", actor="user:1", now=LATER),
    ),
    "reassign": (
        {S.UNASSIGNED, S.ASSIGNED, S.ACKNOWLEDGED},
        lambda handoff, firm: pipeline.reassign(
            handoff, to=firm.reps["freya"], reason="Knows them", actor="user:1", now=LATER
        ),
    ),
    "close": (
        {S.CONTACTED, S.MEETING_BOOKED},
        lambda handoff, firm: pipeline.close(handoff, outcome=S.LOST, actor="user:1", now=LATER),
    ),
    "withdraw": (
        {S.RECEIVED, S.BLOCKED, S.UNASSIGNED, S.ASSIGNED, S.ACKNOWLEDGED, S.REJECTED},
        lambda handoff, firm: pipeline.withdraw(handoff, reason="by mistake", actor="user:1", now=LATER),
    ),
    "run": (
        {S.RECEIVED, S.BLOCKED, S.UNASSIGNED},
        lambda handoff, firm: pipeline.retry(handoff, actor="user:1", now=LATER),
    ),
}
SAYING = {
    "acknowledge": "acknowledged",
    "undo_acknowledge": "un-acknowledged",
    "resubmit": "resubmitted",
    "log_contact": "marked as contacted",
    "add_findings": "given findings",
    "book_meeting": "given a meeting",
    "reject": "returned to the sender",
    "reassign": "reassigned",
    "close": "closed",
    "withdraw": "withdrawn",
    "run": "routed",
}


@pytest.mark.parametrize("state", list(State))
def test_from_each_state_the_verbs_that_may_move_and_all_others_name_the_state(state: State) -> None:
    firm = company()
    handoff = in_state(firm, state)
    assert handoff.state == state
    before = Handoff.objects.values().get(pk=handoff.pk)
    lines = len(timeline.sentences(handoff.stream))
    for verb, (allowed, call) in VERBS.items():
        if state in allowed:
            with transaction.atomic():
                call(handoff, firm)
                assert len(timeline.sentences(handoff.stream)) > lines, f"{verb} leaves its line in the log"
                transaction.set_rollback(True)
            continue
        with pytest.raises(IllegalMoveError) as refused:
            call(handoff, firm)
        assert str(refused.value) == (
            f"{handoff.reference} is {state.label.lower()}, so it cannot be {SAYING[verb]}. "
            "Look at it again to see where it stands."
        )
        assert Handoff.objects.values().get(pk=handoff.pk) == before, verb
        assert len(timeline.sentences(handoff.stream)) == lines, verb


def test_every_verb_of_the_table_is_spoken_of() -> None:
    for verb in states.MOVES:
        handoff = HandoffFactory.build(pk=7, state=S.CONVERTED)
        with pytest.raises(IllegalMoveError, match="HO-7 is converted, so it cannot be "):
            states.check(handoff, verb, S.RECEIVED)


def test_no_verb_leaves_an_end_state() -> None:
    ends = {S.CONVERTED, S.LOST, S.WITHDRAWN}
    assert all(not (sources & ends) for sources, _ in states.MOVES.values())


def test_every_state_can_be_reached_and_every_other_one_left() -> None:
    reached = set().union(*(targets for _, targets in states.MOVES.values()))
    left = set().union(*(sources for sources, _ in states.MOVES.values()))
    assert reached == set(State)
    assert left == set(State) - {S.CONVERTED, S.LOST, S.WITHDRAWN}


def test_a_verb_may_not_end_where_the_table_does_not_lead() -> None:
    handoff = HandoffFactory.build(pk=7, state=S.CONTACTED)
    with pytest.raises(IllegalMoveError):
        states.check(handoff, "close", S.WITHDRAWN)


def test_a_handoff_is_open_until_first_contact_or_an_end() -> None:
    assert set(OPEN_STATES) == set(State) - {S.CONTACTED, S.MEETING_BOOKED, S.CONVERTED, S.LOST, S.WITHDRAWN}


@pytest.mark.parametrize(
    "call",
    [
        lambda handoff, version: pipeline.acknowledge(handoff, actor="user:1", now=LATER, version=version),
        lambda handoff, version: pipeline.log_contact(
            handoff, contacted_at=LATER, actor="user:1", now=LATER, version=version
        ),
        lambda handoff, version: pipeline.reject(
            handoff, reason="incomplete", actor="user:1", now=LATER, version=version
        ),
        lambda handoff, version: pipeline.withdraw(handoff, reason="x", actor="user:1", now=LATER, version=version),
    ],
    ids=["acknowledge", "log_contact", "reject", "withdraw"],
)
def test_who_decided_on_an_older_version_is_told_to_look_again(call: Callable[[Handoff, int], Handoff]) -> None:
    handoff = assigned(company())
    with pytest.raises(StaleVersionError) as refused:
        call(handoff, handoff.version - 1)
    assert str(refused.value) == (
        f"{handoff.reference} has changed since you opened it and is now assigned. Nothing was done: look again."
    )
    assert call(handoff, handoff.version).version > handoff.version


def test_every_change_raises_the_version() -> None:
    firm = company()
    handoff = received(firm)
    versions = [handoff.version]

    def now_is() -> Handoff:
        return Handoff.objects.get(pk=handoff.pk)

    for step in (
        lambda: pipeline.run(handoff, now=LATER, actor="engine"),
        lambda: pipeline.acknowledge(now_is(), actor="user:1", now=LATER),
        lambda: pipeline.reassign(now_is(), to=firm.reps["freya"], reason="x", actor="user:1", now=LATER),
        lambda: pipeline.log_contact(now_is(), contacted_at=LATER, actor="user:1", now=LATER),
        lambda: pipeline.close(now_is(), outcome=S.LOST, actor="user:1", now=LATER),
    ):
        step()
        versions.append(now_is().version)
    assert versions == sorted(set(versions))


def test_a_refusal_is_one_kind_of_error_for_the_doors() -> None:
    assert issubclass(IllegalMoveError, RefusedError)
    assert issubclass(StaleVersionError, RefusedError)
