"""Each verb of the API: one call of the pipeline, for whoever may, on a version they saw."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction

from handoffs import pipeline
from handoffs.access import RIGHTS
from handoffs.models import Delivery, Event, Handoff, Remark, State
from tests.api.calling import problem
from tests.api.conftest import As
from tests.factories import NOW, Company
from tests.handoffs.given import LATER, in_state

# Address, body, the state it begins from, the verb of access and of the log, and the state it ends in.
VERBS: dict[str, tuple[dict[str, Any], State, str, str, str]] = {
    "acknowledge": ({}, State.ASSIGNED, "acknowledge", "acknowledged", "acknowledged"),
    "contact": (
        {"contacted_at": "2026-11-17T11:45:00+01:00", "findings": "Wants it by Friday."},
        State.ASSIGNED,
        "log_contact",
        "contacted",
        "contacted",
    ),
    "meeting": (
        {"meeting_at": "2026-11-20T12:00:00Z"},
        State.CONTACTED,
        "book_meeting",
        "meeting_booked",
        "meeting_booked",
    ),
    "return": (
        {"reason": "incomplete", "comment": "Who signs?"},
        State.ASSIGNED,
        "reject",
        "rejected",
        "rejected",
    ),
    "outcome": ({"outcome": "lost", "reason": "Budget went"}, State.CONTACTED, "close", "lost", "lost"),
    "resubmit": ({"comment": "The CFO."}, State.REJECTED, "resubmit", "resubmitted", "received"),
    "withdraw": ({"reason": "A test lead"}, State.ASSIGNED, "withdraw", "withdrawn", "withdrawn"),
    "reassign": ({"reason": "On leave"}, State.ASSIGNED, "reassign", "reassigned", "assigned"),
    "retry": ({}, State.UNASSIGNED, "retry", "retried", "unassigned"),
}
OWNER, SENDER, STRANGER, REVOPS = "ingrid", "dana", "hannah", "ben"
# What each may do, as people agreed on it; written out, so that a change of access.RIGHTS shows here.
MAY = {
    "acknowledge": {OWNER, "elena"},
    "contact": {OWNER, "elena"},
    "meeting": {OWNER, "elena"},
    "return": {OWNER, "elena"},
    "outcome": {OWNER, "elena"},
    "resubmit": {SENDER, "elena", REVOPS},
    "withdraw": {SENDER, "elena", REVOPS},
    "reassign": {"elena", REVOPS},
    "retry": {REVOPS},
}
PEOPLE = (OWNER, "freya", SENDER, STRANGER, "elena", "carsten", REVOPS, "clara", "auditor")
SEE = {OWNER, SENDER, "elena", REVOPS, "clara", "auditor"}


@pytest.fixture(autouse=True)
def later(firm: Company, clock: time_machine.Traveller) -> None:
    """People act an hour after the handoff came."""
    clock.move_to(NOW + timedelta(hours=1))


def body_of(firm: Company, verb: str) -> dict[str, Any]:
    return VERBS[verb][0] | ({"to": str(firm.reps["freya"].uuid)} if verb == "reassign" else {})


@contextmanager
def undone() -> Iterator[None]:
    """Takes back what is done inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def rows() -> tuple[Any, ...]:
    """All that a verb could change."""
    return (
        *Handoff.objects.values_list("state", "version", "owner"),
        Event.objects.count(),
        Delivery.objects.count(),
        Remark.objects.count(),
    )


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_done_for_those_who_may_and_changes_nothing_for_others(call: As, firm: Company, verb: str) -> None:
    _, begins, _, logged, ends = VERBS[verb]
    handoff = in_state(firm, begins)
    before = rows()
    sees = SEE if begins != State.UNASSIGNED else SEE - {OWNER}
    for person in PEOPLE:
        caller = call(person)
        with undone():
            answer = caller.post(f"handoffs/{handoff.uuid}/{verb}/", body_of(firm, verb))
            if person not in MAY[verb]:
                problem(answer, 403 if person in sees else 404, "forbidden" if person in sees else "not-found")
                assert rows() == before, person
                continue
            assert answer.status_code == 200, (person, answer.content)
            row = Handoff.objects.get()
            assert (answer.json()["state"], row.state) == (ends, ends)
            assert answer.headers["ETag"] == f'"{row.version}"'
            line = Event.objects.filter(stream=row.stream, verb=logged).latest("seq")
            assert line.actor == f"user:{caller.user.pk}"


def test_nobody_does_anything_without_signing_in(call: As, firm: Company) -> None:
    handoff = in_state(firm, State.ASSIGNED)
    before = rows()
    for verb in (*VERBS, "undo-acknowledge", "gaps/qualification.budget"):
        problem(call("anonymous").post(f"handoffs/{handoff.uuid}/{verb}/", {}), 401, "unauthenticated")
    assert rows() == before


def test_every_verb_of_access_has_its_address() -> None:
    assert {each[2] for each in VERBS.values()} | {"undo_acknowledge", "fill_gap", "take"} >= set(RIGHTS) - {"ask_gap"}


@pytest.mark.parametrize("verb", VERBS)
def test_a_version_that_is_older_than_the_handoff_is_refused(call: As, firm: Company, verb: str) -> None:
    handoff = in_state(firm, VERBS[verb][1])
    before = rows()
    person = min(MAY[verb])
    path, body = f"handoffs/{handoff.uuid}/{verb}/", body_of(firm, verb)

    for answer in (
        call(person).post(path, body | {"version": handoff.version - 1}),
        call(person).post(path, body, If_Match=f'"{handoff.version + 1}"'),
    ):
        document = problem(answer, 409, "conflict")
        assert document["current"] == {"state": handoff.state, "version": handoff.version}
        assert "has changed since" in document["detail"]
    assert rows() == before
    assert call(person).post(path, body, If_Match=f'"{handoff.version}"').status_code == 200


def test_a_tag_that_is_none_or_contradicts_the_body_is_told(call: As, firm: Company) -> None:
    path = f"handoffs/{in_state(firm, State.ASSIGNED).uuid}/acknowledge/"
    for tag in ("", "3", 'W/"3"', '"x"', '"0"', '"3", "4"'):
        document = problem(call(OWNER).post(path, {}, If_Match=tag), 400, "invalid")
        assert document["errors"][0]["header"] == "If-Match"
    problem(call(OWNER).post(path, {"version": 1}, If_Match='"2"'), 422)
    assert call(OWNER).post(path, {}, If_Match="*").status_code == 200


def test_a_verb_that_the_state_does_not_allow_says_where_the_handoff_stands(call: As, firm: Company) -> None:
    handoff = in_state(firm, State.CONTACTED)
    document = problem(call(OWNER).post(f"handoffs/{handoff.uuid}/acknowledge/"), 409, "conflict")
    assert "is contacted, so it cannot be acknowledged" in document["detail"]
    assert document["current"]["state"] == "contacted"


def test_an_acknowledgement_is_taken_back_by_its_actor_within_ten_seconds(
    call: As, firm: Company, clock: time_machine.Traveller
) -> None:
    path = f"handoffs/{in_state(firm, State.ASSIGNED).uuid}"
    ingrid = call(OWNER)
    ingrid.post(f"{path}/acknowledge/")
    problem(call("elena").post(f"{path}/undo-acknowledge/"), 409)
    clock.shift(timedelta(seconds=9))
    assert ingrid.post(f"{path}/undo-acknowledge/").json()["state"] == "assigned"
    ingrid.post(f"{path}/acknowledge/")
    clock.shift(timedelta(seconds=10))
    problem(ingrid.post(f"{path}/undo-acknowledge/"), 409)
    problem(call(STRANGER).post(f"{path}/undo-acknowledge/"), 404)
    problem(call(SENDER).post(f"{path}/undo-acknowledge/"), 403)


def test_a_contact_happened_now_unless_told_and_its_findings_go_to_the_crm(call: As, firm: Company) -> None:
    handoff = in_state(firm, State.ASSIGNED)
    answer = call(OWNER).post(f"handoffs/{handoff.uuid}/contact/", {"findings": "Wants it by Friday."})
    assert answer.json()["contacted_at"] == "2026-11-17T11:00:00Z"
    assert "Wants it by Friday." in str(Delivery.objects.filter(handoff=handoff).latest("id").payload)


@pytest.mark.parametrize(
    "contacted_at", ["2026-11-17T11:00:01Z", "2026-11-17T09:59:59Z"], ids=["in the future", "before the handoff"]
)
def test_a_contact_that_cannot_have_been_is_refused(call: As, firm: Company, contacted_at: str) -> None:
    handoff = in_state(firm, State.ASSIGNED)
    before = rows()
    answer = call(OWNER).post(f"handoffs/{handoff.uuid}/contact/", {"contacted_at": contacted_at})
    problem(answer, 422, "unprocessable")
    assert rows() == before


def test_a_handoff_is_given_to_somebody_on_the_roster(call: As, firm: Company) -> None:
    handoff = in_state(firm, State.ASSIGNED)
    path = f"handoffs/{handoff.uuid}/reassign/"
    unknown = call("elena").post(path, {"to": str(handoff.uuid), "reason": "On leave"})
    assert problem(unknown, 422)["errors"][0]["pointer"] == "#/to"
    problem(call("elena").post(path, {"to": str(firm.reps["ingrid"].uuid), "reason": "On leave"}), 409)
    answer = call("elena").post(path, {"to": str(firm.reps["freya"].uuid), "reason": "On leave"})
    assert answer.json()["owner"] == {"uuid": str(firm.reps["freya"].uuid), "name": "Freya Aldous"}
    assert Remark.objects.get().text == "On leave"


def test_a_handoff_is_given_to_the_receiving_role_or_the_manager_and_to_nobody_else(call: As, firm: Company) -> None:
    handoff = in_state(firm, State.ASSIGNED)
    path = f"handoffs/{handoff.uuid}/reassign/"
    before = rows()
    for key in ("dana", "hannah", "ben", "carsten"):
        document = problem(
            call("ben").post(path, {"to": str(firm.reps[key].uuid), "reason": "Has time"}), 422, "unprocessable"
        )
        assert document["detail"].startswith(f"{firm.reps[key].name} does not take over")
    assert rows() == before
    assert call("ben").post(path, {"to": str(firm.reps["elena"].uuid), "reason": "Hers"}).status_code == 200


def without_budget(firm: Company) -> Handoff:
    handoff = in_state(firm, State.RECEIVED)
    for row in (handoff.deal, handoff.account):
        del row.metadata["budget_confirmed"]
        row.save()
    return pipeline.run(handoff, now=NOW, actor="engine")


@pytest.mark.parametrize("person", [OWNER, SENDER, REVOPS, "elena"])
def test_a_gap_is_filled_in_the_crm_and_the_package_is_scored_again(call: As, firm: Company, person: str) -> None:
    handoff = without_budget(firm)
    path = f"handoffs/{handoff.uuid}/gaps/qualification.budget/"
    answer = call(person).post(path, {"value": "$220,000 set aside"})

    assert answer.status_code == 200, answer.content
    assert answer.json()["completeness"] > handoff.completeness
    handoff.deal.refresh_from_db()
    assert handoff.deal.metadata["budget_confirmed"] == "$220,000 set aside"
    assert "is not missing any more" in problem(call(person).post(path, {"value": "x"}), 409)["detail"]


def test_a_gap_is_filled_by_nobody_else_and_only_where_there_is_one(call: As, firm: Company) -> None:
    handoff = without_budget(firm)
    path = f"handoffs/{handoff.uuid}/gaps"
    problem(call("auditor").post(f"{path}/qualification.budget/", {"value": "x"}), 403)
    problem(call(STRANGER).post(f"{path}/qualification.budget/", {"value": "x"}), 404)
    problem(call(OWNER).post(f"{path}/no.such.field/", {"value": "x"}), 404)
    problem(call(OWNER).post(f"{path}/contacts.reachable/", {"value": "x"}), 409)
    stale = call(OWNER).post(f"{path}/qualification.budget/", {"value": "x", "version": handoff.version - 1})
    problem(stale, 409)
    handoff.deal.refresh_from_db()
    assert "budget_confirmed" not in handoff.deal.metadata


def test_a_parked_handoff_is_looked_at_again(call: As, firm: Company) -> None:
    handoff = in_state(firm, State.RECEIVED)
    Handoff.objects.filter(pk=handoff.pk).update(parked_at=LATER, next_at=None, last_error="The CRM refused.")
    assert call(REVOPS).get(f"handoffs/{handoff.uuid}/").json()["is_parked"] is True
    answer = call(REVOPS).post(f"handoffs/{handoff.uuid}/retry/")
    assert (answer.json()["is_parked"], answer.json()["problem"]) == (False, "")
    assert Handoff.objects.get().next_at == NOW + timedelta(hours=1)
