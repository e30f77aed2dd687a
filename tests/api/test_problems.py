"""Whatever is wrong, the API answers with a problem document, changes nothing and tells nothing of its insides."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from knox.models import AuthToken
from pytest_django.fixtures import Settings

from handoffs.api.parsing import MOST_BYTES
from handoffs.models import Event, Handoff
from tests.api.calling import Caller, problem
from tests.api.conftest import As
from tests.factories import PASSWORD, Company

START = {"type": "sql_to_ae", "account": "A-1"}


# Bodies.


UNREADABLE = {
    "no JSON": b"{",
    "not UTF-8": b'{"account": "\xff"}',
    "NaN": b'{"version": NaN}',
    "infinity": b'{"version": -Infinity}',
    "the same key twice": b'{"version": 1, "version": 2}',
    "NUL in a value": b'{"account": "a\\u0000b"}',
    "NUL in a key": b'{"a\\u0000b": 1}',
    "half a character": b'{"account": "\\ud800"}',
    "deep": b"[" * 21 + b"]" * 21,
    "very deep": b"[" * 100_000,
    "a number of 5,000 digits": b'{"version": ' + b"9" * 5_000 + b"}",
}


def test_a_body_that_cannot_be_read_is_refused(call: As, firm: Company) -> None:
    ben = call("ben")
    for raw in UNREADABLE.values():
        problem(ben.send("POST", "handoffs/", raw), 400, "unreadable")
    assert not Handoff.objects.exists()


WRONG_TYPES: list[Any] = [None, 1, 1.5, True, [], {}, ["A-1"], "", " ", "x" * 65]


def test_a_field_of_the_wrong_type_is_pointed_at(call: As, firm: Company) -> None:
    ben = call("ben")
    for wrong in WRONG_TYPES:
        document = problem(ben.post("handoffs/", START | {"account": wrong}), 400, "invalid")
        assert [each["pointer"] for each in document["errors"]] == ["#/account"], wrong
    strange: tuple[Any, ...] = ([], "text", 7, None)
    for body in strange:
        document = problem(ben.send("POST", "handoffs/", json.dumps(body)), 400, "invalid")
        assert document["errors"], body


def test_a_field_that_is_unknown_is_told_and_not_ignored(call: As, firm: Company) -> None:
    document = problem(call("ben").post("handoffs/", START | {"acount": "A-1", "a/b~c": 1}), 400, "invalid")
    assert [each["pointer"] for each in document["errors"]] == ["#/acount", "#/a~1b~0c"]


@pytest.mark.parametrize("version", ["3", 3.0, True, 0, -1, 2**31, 10**30])
def test_a_version_is_a_whole_number(call: As, ingrids: Handoff, version: Any) -> None:
    answer = call("ingrid").post(f"handoffs/{ingrids.uuid}/acknowledge/", {"version": version})
    assert problem(answer, 400, "invalid")["errors"][0]["pointer"] == "#/version"


def test_a_time_has_its_zone_and_lies_within_living_memory(call: As, ingrids: Handoff) -> None:
    path = f"handoffs/{ingrids.uuid}/contact/"
    for text in ("2026-11-17T10:30:00", "2026-11-17", "yesterday", "2026-13-01T00:00:00Z", 1763375400):
        problem(call("ingrid").post(path, {"contacted_at": text}), 400, "invalid")
    for text in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        problem(call("ingrid").post(path, {"contacted_at": text}), 422, "unprocessable")
    assert Handoff.objects.get().state == "assigned"


def test_text_has_an_end(call: As, ingrids: Handoff) -> None:
    path = f"handoffs/{ingrids.uuid}/contact/"
    document = problem(call("ingrid").post(path, {"findings": "x" * 10_000}), 400, "invalid")
    assert document["errors"] == [{"pointer": "#/findings", "detail": "Give at most 4000 characters."}]


def test_hostile_text_is_kept_as_text(call: As, ingrids: Handoff) -> None:
    said = '<script>alert(1)</script> <!channel> =HYPERLINK("x") \u202eabc'
    call("ingrid").post(f"handoffs/{ingrids.uuid}/return/", {"reason": "other", "comment": said})
    answer = call("dana").get(f"handoffs/{ingrids.uuid}/events/")
    assert answer.json()["results"][-1]["text"].endswith(said)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_body_that_is_too_large_or_no_json_is_refused(call: As, ingrids: Handoff) -> None:
    path = f"handoffs/{ingrids.uuid}/return/"
    filler = b'{"reason": "other", "comment": "%s"}'
    problem(call("ingrid").send("POST", path, filler % (b"x" * MOST_BYTES)), 413, "too-large")
    problem(call("ingrid").send("POST", path, filler % (b"x" * 5 * 1024 * 1024)), 413, "too-large")
    for media in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
    ):
        problem(call("ingrid").send("POST", path, b"reason=other", media), 415, "unsupported-media-type")
    assert Handoff.objects.get().state == "assigned"


def test_a_refusal_is_in_our_own_words(call: As, ingrids: Handoff) -> None:
    path = f"handoffs/{ingrids.uuid}"
    ingrid, elena = call("ingrid"), call("elena")
    digits = problem(ingrid.send("POST", f"{path}/acknowledge/", UNREADABLE["a number of 5,000 digits"]), 400)
    assert digits["detail"] == "A number in the body has too many digits to be read. Send a shorter one."
    for body, sentence in (
        ({"reason": 5}, "Give one of incomplete, wrong_owner, duplicate, not_a_fit, other."),
        ({"reason": "late"}, "Give one of incomplete, wrong_owner, duplicate, not_a_fit, other."),
        ({}, "Give this field."),
        ([], "Send a JSON object."),
        (None, "Send a JSON object."),
    ):
        answer = ingrid.send("POST", f"{path}/return/", json.dumps(body))
        assert [each["detail"] for each in problem(answer, 400)["errors"]] == [sentence], body
    for to in (5, "{7be0c0a4-0e0b-4f2b-9f1c-6fb1a6a2c902}", "7be0c0a40e0b4f2b9f1c6fb1a6a2c902", None):
        document = problem(elena.post(f"{path}/reassign/", {"to": to, "reason": "x"}), 400)
        assert [each["pointer"] for each in document["errors"]] == ["#/to"], to
    assert problem(Caller("x").get("reps/"), 401)["detail"].startswith("This token is none of ours")
    assert problem(Caller().get("reps/"), 401)["detail"].startswith("Sign in, or send a token")


# Addresses and methods.


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v2/handoffs/", "/api/v1/handoffs", "/api/v1/nothing/"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_address_is_a_problem_and_no_page(call: As, firm: Company, path: str, method: str) -> None:
    for person in ("ben", "anonymous"):
        document = problem(call(person).send(method, path), 404, "not-found")
        assert document["instance"] == path


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_a_method_that_an_address_does_not_take_is_told(call: As, ingrids: Handoff, method: str) -> None:
    for path in ("handoffs/", f"handoffs/{ingrids.uuid}/", f"handoffs/{ingrids.uuid}/acknowledge/"):
        answer = call("ben").send(method, path)
        problem(answer, 405, "method-not-allowed")
        assert answer.headers["Allow"]
        assert "OPTIONS" not in answer.headers["Allow"]


def test_a_verb_is_no_page(call: As, ingrids: Handoff) -> None:
    answer = call("ingrid").get(f"handoffs/{ingrids.uuid}/acknowledge/")
    problem(answer, 405, "method-not-allowed")
    assert Handoff.objects.get().state == "assigned"


def test_a_format_that_is_not_there_is_told(call: As, ingrids: Handoff) -> None:
    problem(call("ben").get("handoffs/", Accept="text/html"), 406, "not-acceptable")
    problem(call("ben").get("handoffs/", {"format": "html"}), 400, "invalid")


# Who calls.


def test_a_token_that_is_wrong_old_or_revoked_is_refused(firm: Company, clock: Any) -> None:
    _, token = AuthToken.objects.create(firm.user("ben"), expiry=timedelta(days=1))
    assert Caller(token).get("handoffs/").status_code == 200
    for bad in (token[:-1], token + "0", "x", "\u00e9", "a b", token.upper(), "hnd_\0", "é".encode().decode("latin-1")):
        problem(Caller(bad).get("handoffs/"), 401, "unauthenticated")
    clock.shift(timedelta(days=1))
    problem(Caller(token).get("handoffs/"), 401, "unauthenticated")
    assert AuthToken.objects.count() == 1, "reading deletes nothing"


@pytest.mark.parametrize("who", ["ben", "ingrid"])
def test_who_has_left_is_nobody(call: As, firm: Company, who: str) -> None:
    caller = call(who)
    session = Client()
    session.force_login(firm.user(who), backend="django.contrib.auth.backends.ModelBackend")
    assert session.get("/api/v1/handoffs/").status_code == 200
    caller.user.is_active = False
    caller.user.save()
    problem(caller.get("handoffs/"), 401, "unauthenticated")
    problem(session.get("/api/v1/handoffs/"), 401, "unauthenticated")


def test_a_session_needs_its_csrf_token_for_a_change_and_a_token_does_not(
    firm: Company, ingrids: Handoff, settings: Settings
) -> None:
    settings.AXES_ENABLED = False
    client = Client(enforce_csrf_checks=True)
    page = client.get("/accounts/login/")
    client.post(
        "/accounts/login/",
        {
            "username": "ingrid@fathomline.example",
            "password": PASSWORD,
            "csrfmiddlewaretoken": page.context["csrf_token"],
        },
    )
    path = f"/api/v1/handoffs/{ingrids.uuid}/acknowledge/"
    problem(client.post(path, {}, content_type="application/json"), 403, "forbidden")
    assert Handoff.objects.get().state == "assigned"
    csrf = client.get("/api/docs/").context["csrf_token"]
    answer = client.post(path, {}, content_type="application/json", headers={"X-CSRFToken": str(csrf)})
    assert answer.status_code == 200


def test_a_person_has_so_many_calls_a_minute(call: As, firm: Company, settings: Settings, clock: Any) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    ben = call("ben")
    assert [ben.get("reps/").status_code for _ in range(3)] == [200, 200, 200]
    answer = ben.get("reps/")
    problem(answer, 429, "throttled")
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert call("ingrid").get("reps/").status_code == 200, "one does not use up another's"
    clock.shift(timedelta(seconds=61))
    assert ben.get("reps/").status_code == 200


# Our own failures.


def _broken(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if "handoffs_handoff" in sql:
        raise OperationalError("connection to server at 10.1.2.3 failed")
    return execute(sql, params, many, context)


def test_a_database_that_is_away_is_told_without_its_address(call: As, firm: Company) -> None:
    ben = call("ben")
    with connection.execute_wrapper(_broken):
        answer = ben.get("handoffs/")
    document = problem(answer, 503, "unavailable")
    assert "10.1.2.3" not in answer.content.decode()
    assert document["reference"]
    assert answer.headers["Retry-After"]


def _bug(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if "handoffs_handoff" in sql:
        raise ValueError("the inside of it")
    return execute(sql, params, many, context)


def test_a_bug_of_ours_is_a_problem_with_a_reference_that_the_log_has(
    call: As, firm: Company, caplog: pytest.LogCaptureFixture
) -> None:
    ben = call("ben")
    with connection.execute_wrapper(_bug):
        answer = ben.get("handoffs/")
    document = problem(answer, 500, "failed")
    assert "the inside of it" not in answer.content.decode()
    assert document["reference"] in caplog.text
    assert "the inside of it" in caplog.text


def test_what_fails_before_the_api_is_reached_is_told_as_the_api_tells_it(call: As, firm: Company) -> None:
    answer = Client(raise_request_exception=False).get("/api/v1/handoffs/", headers={"Host": "evil.example"})
    problem(answer, 400, "unreadable")


def test_nothing_that_was_refused_leaves_a_line_in_the_log(call: As, ingrids: Handoff) -> None:
    before = Event.objects.count()
    strange: tuple[Any, ...] = ({"version": 99}, {"versoin": 1}, [])
    for body in strange:
        call("ingrid").post(f"handoffs/{ingrids.uuid}/acknowledge/", body)
    assert Event.objects.count() == before
