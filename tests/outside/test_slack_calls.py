"""Calls to the address of the button that Slack did not make, or not like this: refused, and nothing changes."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from pytest_django.fixtures import Settings

from handoffs.models import Handoff, State
from tests.factories import NOW, Company
from tests.fakes.slack_presses import signed
from tests.outside.conftest import SECRET
from tests.outside.pressing import URL, call, payload, press, rows, signed_raw, state


def test_a_wrong_signature_is_refused(handoff: Handoff) -> None:
    before = rows()
    body, headers = signed(payload(handoff), secret=SECRET)
    for signature in (
        "",
        "v0=",
        "v0=" + "0" * 64,
        headers["X-Slack-Signature"].upper(),
        "v1" + headers["X-Slack-Signature"][2:],
        "é",
    ):
        assert call(body, headers | {"X-Slack-Signature": signature}).status_code == 401
    assert press(handoff, secret="another").status_code == 401
    assert call(body + b"&x=1", headers).status_code == 401
    assert rows() == before


@pytest.mark.parametrize(("age", "status"), [(300, 200), (301, 401), (-300, 200), (-301, 401), (86_400, 401)])
def test_a_call_counts_within_five_minutes_either_way(handoff: Handoff, age: int, status: int) -> None:
    assert press(handoff, at=time.time() - age).status_code == status
    assert state(handoff) == (State.ACKNOWLEDGED if status == 200 else State.ASSIGNED)


@pytest.mark.parametrize("stamp", ["", "now", "1e9", "-5", "٣", "9" * 30, " 1795000000"])
def test_a_stamp_that_is_none_is_refused(handoff: Handoff, stamp: str) -> None:
    body, headers = signed(payload(handoff), secret=SECRET)
    assert call(body, headers | {"X-Slack-Request-Timestamp": stamp}).status_code == 401


def test_the_clock_of_a_demo_that_ran_ahead_does_not_count(
    handoff: Handoff, clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.HANDOFFS_DEMO = True
    from_slack = signed(payload(handoff), secret=SECRET, at=NOW.timestamp())
    assert call(*from_slack).status_code == 200


def test_while_the_secret_is_rotated_both_count(handoff: Handoff, settings: Settings) -> None:
    settings.SLACK_SIGNING_SECRET, settings.SLACK_SIGNING_SECRET_BEFORE = "new", SECRET
    assert press(handoff, value="x").status_code == 200
    assert press(handoff, secret="new").status_code == 200
    settings.SLACK_SIGNING_SECRET_BEFORE = ""
    assert press(handoff).status_code == 401
    assert press(handoff, secret="").status_code == 401


def test_a_megabyte_is_refused_unread(handoff: Handoff) -> None:
    body, headers = signed({**payload(handoff), "padding": "x" * 1_000_000}, secret=SECRET)
    assert call(body, headers).status_code == 413
    assert state(handoff) == State.ASSIGNED


def test_another_type_of_content_is_refused(handoff: Handoff) -> None:
    body, headers = signed(payload(handoff), secret=SECRET)
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
        assert call(body, headers | {"Content-Type": kind}).status_code == 415
    assert state(handoff) == State.ASSIGNED


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete"])
def test_other_methods_are_refused(handoff: Handoff, method: str) -> None:
    assert getattr(Client(), method)(URL).status_code == 405


@pytest.mark.parametrize(
    "body",
    [
        b"payload=",
        b"payload=nonsense",
        b"payload=%5B%5D",
        b"payload=null",
        b"payload=1",
        b"other=1",
        b"payload=%7B%7D&payload=%7B%7D",
        b"\xff\xfe",
        b"payload=" + b"%5B" * 50_000,
        urlencode({"payload": json.dumps({"type": "view_submission", "user": {"id": "U0INGRID"}})}).encode(),
        urlencode({"payload": json.dumps({"type": "block_actions", "actions": []})}).encode(),
        urlencode({"payload": json.dumps({"type": "block_actions", "user": "U0INGRID", "actions": [1]})}).encode(),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(firm: Company, body: bytes) -> None:
    response = signed_raw(body)
    assert response.status_code == 400
    assert b"no press of a button" in response.content


def test_values_of_other_types_are_refused(handoff: Handoff) -> None:
    for path in (("user", "id"), ("container", "channel_id"), ("container", "message_ts")):
        junk: list[Any] = [None, 7, [], {}, "x" * 300, "a\x00b"]
        for value in junk:
            body = payload(handoff)
            body[path[0]][path[1]] = value
            assert call(*signed(body, secret=SECRET)).status_code == 400
    assert state(handoff) == State.ASSIGNED


def test_an_unknown_action_and_buttons_that_only_open_a_page_do_nothing(handoff: Handoff) -> None:
    before = rows()
    for action in ("handoff_open", "handoff_return", "handoff_everything", ""):
        assert press(handoff, action=action).status_code == 200
    assert rows() == before
