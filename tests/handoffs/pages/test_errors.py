import logging
import re

import pytest
from django.db import connection
from django.test import Client, RequestFactory

from handoffs.views import errors
from routing.append_only import maintenance
from tests.factories import Company
from tests.handoffs.pages.conftest import SignIn
from tests.handoffs.pages.reading import words

REFERENCE = re.compile(r"Reference ([2-9A-Z]{4}-[2-9A-Z]{4})")


def test_an_unknown_address_says_so_with_a_way_back_and_a_reference(
    firm: Company, sign_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "handoffs.views.errors")
    answer = sign_in("ingrid").get("/nothing/here/")

    assert answer.status_code == 404
    assert "There is nothing here that you can open" in words(answer)
    assert "Back to the inbox" in words(answer)
    reference = REFERENCE.search(words(answer))
    assert reference is not None
    assert reference[1] in caplog.text, "whoever gets the reference must find it in the log"


def test_a_form_without_its_token_is_refused_in_words(firm: Company) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/accounts/login/", {"username": "a@b.example", "password": "x"})

    assert answer.status_code == 403
    assert "This form is no longer valid" in words(answer)


def test_a_lost_form_inside_a_page_is_one_sentence_at_the_top(firm: Company, sign_in: SignIn) -> None:
    client = sign_in("ingrid")
    client.handler.enforce_csrf_checks = True
    answer = client.post("/handoffs/HO-1/acknowledge/", headers={"HX-Request": "true", "HX-Target": "row-1"})

    assert answer.status_code == 403
    assert answer.headers["HX-Retarget"] == "#flash"
    assert "<html" not in answer.content.decode()
    assert "This form is no longer valid. It was open for too long" in words(answer)


def test_the_page_for_our_own_bugs_asks_neither_database_nor_session(db: None) -> None:
    connection.close()
    with connection.execute_wrapper(_refuse):
        answer = errors.server_error(RequestFactory().get("/"))

    assert answer.status_code == 500
    assert "Something went wrong on our side" in words(answer)


def test_a_bug_in_a_view_shows_the_page_and_not_the_trace(
    firm: Company, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in("ingrid")
    client.raise_request_exception = False
    with maintenance():
        firm.rule_set.rules.all().delete()
    with connection.execute_wrapper(_fail_on_handoffs):
        answer = client.get("/")

    assert answer.status_code == 500
    assert "Something went wrong on our side" in words(answer)
    assert "Traceback" not in words(answer)


def test_an_address_opened_the_wrong_way_says_so(firm: Company, sign_in: SignIn) -> None:
    answer = sign_in("ingrid").get("/handoffs/HO-1/acknowledge/")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert "This address only takes a form" in words(answer)


def _refuse(*_: object) -> None:
    raise AssertionError("the error page asked the database")


def _fail_on_handoffs(execute, sql, params, many, context):
    if "handoffs_handoff" in sql:
        raise RuntimeError("planted")
    return execute(sql, params, many, context)
