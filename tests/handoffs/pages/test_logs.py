"""What the log says, and that it names nobody."""

import copy
import io
import json
import logging
import logging.config
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.core.handlers.exception import convert_exception_to_response
from django.db import IntegrityError, OperationalError
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from config.logs import logging_settings
from config.request_log import request_log
from handoffs import engine, outbox, pipeline
from handoffs.connectors.embedded_crm import EmbeddedCrm
from handoffs.models import Delivery, Handoff
from handoffs.now import now, real_now
from routing.models import HandoffType
from tests.factories import PASSWORD, Company, rich_account
from tests.fakes.fixtures import Fake

FIRST, LAST = "Zebedee", "Quillfeather"
EMAIL = "zebedee.quillfeather@personal.example"
PHONE = "+47 999 88 777"
REMARK = "his daughter starts school in spring"
MARKS = (FIRST, LAST, EMAIL, "personal.example", PHONE, "99988777", REMARK, PASSWORD)
QUOTED = f"{FIRST} {LAST} <{EMAIL}> {PHONE}: {REMARK}"


class Log:
    """All that was logged since the test began."""

    def __init__(self) -> None:
        self.sink = io.StringIO()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.sink.getvalue().splitlines()]

    def saying(self, words: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if words in line["event"]]

    def names_nobody(self) -> None:
        said = self.sink.getvalue().lower()
        found = [mark for mark in MARKS if mark.lower() in said]
        guilty = [line for line in said.splitlines() if any(mark.lower() in line for mark in MARKS)]
        assert found == [], guilty[:3]


@pytest.fixture
def log() -> Iterator[Log]:
    """Logging as production has it, at its most talkative."""
    kept = Log()
    chosen = copy.deepcopy(logging_settings(level="DEBUG", as_json=True, whole_errors=False))
    chosen["handlers"]["stderr"]["stream"] = kept.sink
    logging.config.dictConfig(chosen)
    yield kept
    logging.config.dictConfig(django_settings.LOGGING)


class IndiscreetCrm(EmbeddedCrm):
    """A CRM whose errors quote what they failed on."""

    def get_contacts(self, account_id: str) -> Any:
        nothing: dict[str, str] = {}
        try:
            return nothing[QUOTED]
        except KeyError as problem:
            raise ValueError(f"cannot read {QUOTED}") from problem


class IndiscreetMessenger:
    """A chat that does the same."""

    def send_alert(self, *_: Any, **__: Any) -> str:
        raise RuntimeError(f"no such person: {QUOTED}")

    def __getattr__(self, name: str) -> Any:
        return self.send_alert


def marked(firm: Company) -> Handoff:
    """A handoff whose primary contact and notes bear the marks."""
    rich = rich_account(HandoffType.SQL_TO_AE, now=now())
    rich.account.contacts.update(first_name=FIRST, last_name=LAST, email=EMAIL, phone=PHONE)
    rich.account.notes.update(body=REMARK)
    handoff, _ = pipeline.receive(
        handoff_type=HandoffType.SQL_TO_AE,
        account=rich.account,
        deal=rich.deal,
        origin=Handoff.Origin.CRM,
        now=now(),
        actor="crm",
        from_rep=firm.reps["dana"],
        from_team=firm.reps["dana"].team,
    )
    return handoff


@pytest.mark.django_db(transaction=True)
def test_a_handoff_and_all_that_fails_on_its_way_name_nobody(
    log: Log, firm: Company, fake_slack: Fake, fake_resend: Fake, clock: Any
) -> None:
    handoff = marked(firm)
    engine.sweep(now=now(), clock=real_now)
    fake_slack.fault("status", status=400, times=None, body={"ok": False, "error": QUOTED})
    fake_resend.fault("status", status=422, times=None, body={"name": "validation_error", "message": QUOTED})
    for _ in range(12):
        clock.shift(timedelta(hours=4))
        engine.sweep(now=now(), clock=real_now)

    log.names_nobody()
    assert Delivery.objects.filter(state="parked").exists(), "the failures of providers were to be seen"
    assert log.saying("is parked")[0]["handoff"] == handoff.reference
    assigned = log.saying("assigned by engine")[0]
    assert (assigned["handoff"], assigned["handoff_uuid"]) == (handoff.reference, str(handoff.uuid))
    assert log.saying("delivered by outbox")


@pytest.mark.django_db(transaction=True)
def test_an_error_is_logged_as_its_kind_and_its_places(
    log: Log, firm: Company, fresh_connectors: None, settings: Settings
) -> None:
    settings.CRM_CONNECTOR = "tests.handoffs.pages.test_logs.IndiscreetCrm"
    handoff = marked(firm)
    engine.sweep(now=now(), clock=real_now)

    log.names_nobody()
    [line] = log.saying("could not be run")
    assert (line["error"], line["caused_by"], line["handoff"]) == ("ValueError", ["KeyError"], handoff.reference)
    assert any("get_contacts" in place for place in line["places"])


@pytest.mark.django_db(transaction=True)
def test_an_error_in_sending_names_nobody(log: Log, firm: Company, fake_resend: Fake, settings: Settings) -> None:
    settings.MESSAGING_CONNECTOR = "tests.handoffs.pages.test_logs.IndiscreetMessenger"
    marked(firm)
    engine.sweep(now=now(), clock=real_now)
    outbox.deliver_due(now=now(), clock=real_now, limit=20)

    log.names_nobody()
    line = log.saying("could not be sent")[0]
    assert line["error"] == "RuntimeError"
    assert Delivery.objects.filter(uuid=line["delivery"]).exists()


@pytest.mark.django_db(transaction=True)
def test_requests_are_logged_without_what_people_type(log: Log, firm: Company, settings: Settings) -> None:
    settings.AXES_ENABLED = True
    browser = Client()
    browser.get(f"/?q={FIRST}+{LAST}&view=mine", headers={"referer": f"http://testserver/?q={LAST}"})
    browser.get(f"/contacts/{EMAIL}/")
    browser.post("/accounts/login/", {"username": EMAIL, "password": PASSWORD})
    browser.post("/accounts/login/", {"username": f"{FIRST} {LAST}", "password": PASSWORD})
    browser.get(f"/a/{LAST}-token/?x={FIRST}")
    browser.get("/", headers={"host": f"{LAST}.example"})

    log.names_nobody()
    assert not [line for line in log.lines if line["logger"].startswith("axes")], "attempts are for the admin to show"
    paths = [line["path"] for line in log.lines if line["logger"] == "handoffs.request"]
    assert paths == ["/", "/contacts/[e-mail]/", "/accounts/login/", "/accounts/login/", "/a/[token]/", "/"]


@pytest.mark.django_db(transaction=True)
def test_a_requests_lines_carry_its_number_and_the_persons(log: Log, firm: Company) -> None:
    browser = Client()
    form = {"username": "ingrid@fathomline.example", "password": PASSWORD}
    assert browser.post("/accounts/login/", form).status_code == 302
    answer = browser.get("/handoffs/HO-1/")

    shown, asked = log.saying("shown as reference")[0], log.saying("/handoffs/HO-1/ 404")[0]
    assert shown["request_id"] == asked["request_id"] == answer.headers["X-Request-ID"]
    assert (asked["user"], asked["status"], asked["method"]) == (firm.user("ingrid").pk, 404, "GET")
    assert asked["ms"] >= 0
    assert "ingrid" not in log.sink.getvalue()


def test_an_unexpected_error_in_a_page_names_nobody(log: Log, rf: RequestFactory, settings: Settings) -> None:
    def breaks(_request: Any) -> Any:
        raise IntegrityError(f"duplicate key\nDETAIL: Key (email)=({EMAIL}) {QUOTED}")

    settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    convert_exception_to_response(request_log(convert_exception_to_response(breaks)))(rf.get(f"/x/?q={LAST}"))

    log.names_nobody()
    [line] = [each for each in log.lines if each["logger"] == "django.request"]
    assert (line["event"], line["error"]) == ("Internal Server Error", "IntegrityError")


def test_what_machines_say_is_kept(log: Log) -> None:
    error = OperationalError('connection to server at "10.0.0.5" failed: refused\nIs the server running?')
    logging.getLogger("handoffs.engine").error("A pass failed", exc_info=error)
    assert log.lines[0]["error"] == 'OperationalError: connection to server at "10.0.0.5" failed: refused'


def test_a_task_that_fails_names_nobody_and_is_named_itself(log: Log) -> None:
    @current_app.task(name="tests.indiscreet", shared=False)
    def indiscreet() -> None:
        logging.getLogger("handoffs.tasks").info("at work")
        raise ValueError(QUOTED)

    indiscreet.apply()

    log.names_nobody()
    [working] = log.saying("at work")
    assert working["task"] == "tests.indiscreet"
    [failed] = [line for line in log.lines if line["logger"] == "celery.app.trace"]
    assert failed["error"] == "ValueError"
    assert failed["event"].startswith("Task tests.indiscreet[")


def test_a_proxys_request_number_is_kept_only_if_it_is_one(rf: RequestFactory, settings: Settings, log: Log) -> None:
    def number(given: str) -> str:
        answer = request_log(lambda _: Client().get("/healthz"))(rf.get("/", headers={"X-Request-ID": given}))
        return answer.headers["X-Request-ID"]

    assert number("abcdef-123456") != "abcdef-123456", "nobody stands in front of us, so anybody may have written it"
    settings.BEHIND_PROXY = True
    assert number("abcdef-123456") == "abcdef-123456"
    assert len(number('x" injected="1')) == 32


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"to {EMAIL}, at once", "to [e-mail], at once"),
        (f"call {PHONE} now", "call [phone] now"),
        ("GET /inbox/?q=Zebedee HTTP/1.1", "GET /inbox/?[query] HTTP/1.1"),
        ("GET /a/eyJhbGciOi:1x:y/ 200", "GET /a/[token]/ 200"),
        ("2026-11-20T09:45:39+00:00 HO-2418 is late?", "2026-11-20T09:45:39+00:00 HO-2418 is late?"),
    ],
)
def test_personal_data_in_any_librarys_words_is_hidden(log: Log, said: str, kept: str) -> None:
    logging.getLogger("some.library").warning("%s", said)
    assert log.lines[0]["event"] == kept
