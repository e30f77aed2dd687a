"""The same request twice does its work once, whatever happens in between."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection

from handoffs import pipeline
from handoffs.api import idempotency
from handoffs.models import Event, Handoff, KeptAnswer
from tests.api.calling import Caller, problem
from tests.api.conftest import As, token_of
from tests.factories import NOW, AccountFactory, Company, company

MQL = "mql_to_sales"


@pytest.fixture
def asked(firm: Company) -> dict[str, Any]:
    return {"type": MQL, "account": AccountFactory.create().crm_id}


def test_a_request_that_comes_again_gets_the_answer_of_the_first(call: As, asked: dict[str, Any]) -> None:
    ben = call("ben")
    first = ben.post("handoffs/", asked, Idempotency_Key="k-1")
    assert first.status_code == 201
    # Whatever happens to the handoff meanwhile, the answer stays what it was.
    pipeline.withdraw(Handoff.objects.get(), reason="A test", actor="user:1", now=NOW)
    again = ben.post("handoffs/", dict(reversed(asked.items())), Idempotency_Key="k-1")

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Location"] == first.headers["Location"]
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")
    assert Handoff.objects.count() == 1
    assert ben.post("handoffs/", asked, Idempotency_Key="k-2").status_code == 201, "another key is another request"


def test_a_key_is_not_taken_for_another_request(call: As, asked: dict[str, Any]) -> None:
    ben = call("ben")
    ben.post("handoffs/", asked, Idempotency_Key="k-1")
    other = asked | {"trigger_key": "form-8"}
    problem(ben.post("handoffs/", other, Idempotency_Key="k-1"), 422, "key-reused")


def test_keys_of_different_people_never_meet(call: As, asked: dict[str, Any], firm: Company) -> None:
    call("ben").post("handoffs/", asked, Idempotency_Key="k-1")
    other = {"type": MQL, "account": AccountFactory.create(owner=None).crm_id}
    assert call("mara").post("handoffs/", other, Idempotency_Key="k-1").status_code == 201
    assert KeptAnswer.objects.count() == 2


def test_an_answer_is_kept_for_a_day(call: As, asked: dict[str, Any], clock: Any) -> None:
    ben = call("ben")
    ben.post("handoffs/", asked, Idempotency_Key="k-1")
    clock.shift(timedelta(hours=24) - timedelta(seconds=1))
    assert ben.post("handoffs/", asked, Idempotency_Key="k-1").headers["Idempotent-Replayed"] == "true"
    clock.shift(timedelta(seconds=1))
    ben = call("ben")  # the first token has run out as well
    answer = ben.post("handoffs/", asked, Idempotency_Key="k-1")
    assert (answer.status_code, answer.headers.get("Idempotent-Replayed")) == (200, None)


def test_a_refused_request_gives_its_key_back(call: As, asked: dict[str, Any]) -> None:
    ben = call("ben")
    problem(ben.post("handoffs/", asked | {"deal": "none"}, Idempotency_Key="k-1"), 422, "unprocessable")
    assert ben.post("handoffs/", asked, Idempotency_Key="k-1").status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "é", "\u0661"])
def test_a_key_is_short_and_plain(call: As, asked: dict[str, Any], key: str) -> None:
    answer = call("ben").post("handoffs/", asked, Idempotency_Key=key)
    assert problem(answer, 400, "invalid")["errors"][0]["header"] == "Idempotency-Key"
    assert not Handoff.objects.exists()


def test_while_the_first_is_worked_on_the_second_is_told_to_wait_and_a_dead_one_is_taken_over(
    call: As, asked: dict[str, Any], clock: Any
) -> None:
    ben = call("ben")
    ben.post("handoffs/", asked, Idempotency_Key="k-1")
    KeptAnswer.objects.update(status=None, body="")  # as a process leaves it that is at work, or has died
    answer = ben.post("handoffs/", asked, Idempotency_Key="k-1")
    problem(answer, 409, "in-progress")
    assert answer.headers["Retry-After"]
    clock.shift(timedelta(seconds=59))
    problem(ben.post("handoffs/", asked, Idempotency_Key="k-1"), 409, "in-progress")
    clock.shift(timedelta(seconds=1))
    assert ben.post("handoffs/", asked, Idempotency_Key="k-1").status_code == 200
    assert KeptAnswer.objects.get().status == 200


def test_who_was_overtaken_keeps_nothing(firm: Company) -> None:
    ben = firm.user("ben")
    account = AccountFactory.create()

    def overtaken() -> idempotency.Answer:
        KeptAnswer.objects.update(started_at=NOW + timedelta(seconds=61))
        AccountFactory.create(name="Written by the slow one")
        return idempotency.Answer(status=201, body={}, location="")

    with pytest.raises(Exception, match="being worked on"):
        idempotency.once(overtaken, user=ben, key="k-1", request=("/", {}), real_now=NOW)
    assert not type(account).objects.filter(name="Written by the slow one").exists()
    assert KeptAnswer.objects.get().status is None


def test_the_answer_and_the_handoff_are_kept_together_or_not_at_all(call: As, firm: Company) -> None:
    account = AccountFactory.create()
    ben = call("ben")

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "handoffs_keptanswer"'):
            raise IntegrityError("no")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        answer = ben.post("handoffs/", {"type": MQL, "account": account.crm_id}, Idempotency_Key="k-1")
    problem(answer, 500, "failed")
    assert not Handoff.objects.exists()
    assert not KeptAnswer.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("with_key", [True, False])
def test_twelve_at_once_start_one_handoff(with_key: bool) -> None:
    firm = company()
    token = token_of(firm.user("ben"))
    asked = {"type": MQL, "account": AccountFactory.create().crm_id}
    at_once = threading.Barrier(12)

    def send(_number: int) -> tuple[int, str]:
        try:
            caller = Caller(token)
            at_once.wait(timeout=30)
            headers = {"Idempotency_Key": "k-1"} if with_key else {}
            answer = caller.post("handoffs/", asked, **headers)
            return answer.status_code, answer.json().get("uuid", answer.json().get("type"))
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(send, range(12)))

    assert Handoff.objects.count() == 1
    uuid = str(Handoff.objects.get().uuid)
    told = {status for status, _ in answers}
    assert [status for status, _ in answers].count(201) == 1 if not with_key else 201 in told
    # With a key all that were answered got the one answer; the others were told to ask again.
    allowed = {(201, uuid), (409, "urn:handoffs:problem:in-progress")} if with_key else {(201, uuid), (200, uuid)}
    assert set(answers) <= allowed
    assert Event.objects.filter(verb="received").count() == 1
    if with_key:
        again = Caller(token).post("handoffs/", asked, Idempotency_Key="k-1")
        assert (again.status_code, again.json()["uuid"]) == (201, uuid)
