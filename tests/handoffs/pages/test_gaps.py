"""Gaps on the page: filled in their own line, asked for once an hour, and what the rows and the ring then say."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Never

import pytest
import time_machine
from django.test import Client
from pytest_django.fixtures import Settings

from handoffs.connectors import configured
from handoffs.connectors.embedded_crm import EmbeddedCrm
from handoffs.connectors.ports import ConnectorError
from handoffs.models import Delivery, Event, Handoff, State
from tests.factories import NOW, Company, rich_account
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html, words

HTMX = {"HX-Request": "true", "HX-Target": "gap-qualification-budget"}
BUDGET = "qualification.budget"


class CrmThatTakesNothing(EmbeddedCrm):
    """A CRM that answers, and stores nothing."""

    def update_deal(self, deal_id: str, *, metadata: Mapping[str, str], owner_crm_id: str, key: str) -> Never:
        raise ConnectorError("The CRM does not answer.")


class CrmThatOnlyTakes(EmbeddedCrm):
    """A CRM that stores what it is given, and then cannot be read."""

    def get_account(self, account_id: str) -> Never:
        raise ConnectorError("The CRM does not answer.")


class CrmWithSlowLine(EmbeddedCrm):
    """A CRM whose answer to a change is lost."""

    def update_deal(self, deal_id: str, *, metadata: Mapping[str, str], owner_crm_id: str, key: str) -> Never:
        raise ConnectorError("The CRM did not answer within 10 seconds.", unknown=True)


def without(give: Give, *keys: str, everything: bool = False) -> Handoff:
    """Handed over with these keys of the deal unknown; with `everything`, with none and no notes."""
    rich = rich_account("sql_to_ae", now=NOW)
    assert rich.deal is not None
    known: dict[str, Any] = rich.account.metadata | rich.deal.metadata
    rich.account.metadata = {}
    rich.account.save()
    rich.deal.metadata = {} if everything else {key: value for key, value in known.items() if key not in keys}
    rich.deal.save()
    if everything:
        rich.account.notes.all().delete()
    return give(account=rich.account, deal=rich.deal)


def fill(client: Client, handoff: Handoff, value: str, *, gap: str = BUDGET, htmx: bool = True, version: object = None):
    sent = {"value": value, "version": handoff.version if version is None else version}
    return client.post(f"/handoffs/{handoff.reference}/gaps/{gap}/", sent, headers=HTMX if htmx else {})


def budget_of(handoff: Handoff) -> object:
    assert handoff.deal is not None
    handoff.deal.refresh_from_db()
    return handoff.deal.metadata.get("budget_confirmed")


def test_the_field_opens_in_the_line_of_its_gap_and_closes_again(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = without(give, "budget_confirmed")
    client, address = sign_in("ingrid"), f"/handoffs/{handoff.reference}/gaps/{BUDGET}/"

    opened = client.get(address, headers=HTMX)
    assert html(opened).strip().startswith('<li id="gap-qualification-budget" class="filling">')
    assert f"Goes into the deal {handoff.deal.crm_id if handoff.deal else ''} in the CRM." in words(opened)
    closed = client.get(f"{address}?leave=1", headers=HTMX)
    assert 'data-verb="fill_gap"' in html(closed)
    plain = client.get(address)
    assert "<!doctype html>" in html(plain)
    assert "Fill a gap" in words(plain)


def test_filling_answers_with_the_line_the_ring_and_the_number_of_gaps(
    firm: Company, give: Give, sign_in: SignIn
) -> None:
    handoff = without(give, "budget_confirmed", "decision_process")
    before = handoff.completeness

    answer = fill(sign_in("ingrid"), handoff, "$240,000 in the plan for 2027")

    said, page = words(answer), html(answer)
    assert answer.status_code == 200
    assert "Budget is filled in." in said
    assert "1 critical gap in this package" in said
    after = Handoff.objects.get(pk=handoff.pk)
    assert after.completeness is not None
    assert before is not None
    assert after.completeness > before
    assert f"Context complete: {after.completeness} %" in said.replace("%", " %").replace("  ", " ")
    assert 'id="complete-ring" hx-swap-oob="true"' in page
    assert budget_of(handoff) == "$240,000 in the plan for 2027"


def test_filling_the_last_gap_that_blocks_sets_it_going(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = without(give, everything=True)
    assert handoff.state == State.BLOCKED

    answer = fill(sign_in("dana"), handoff, "Stale feeds reach their shippers", gap="qualification.context")

    assert (answer.status_code, answer.headers["HX-Trigger"]) == (200, "handoff-changed")
    after = Handoff.objects.get(pk=handoff.pk)
    assert (after.state, after.owner) == (State.ASSIGNED, firm.reps["ingrid"])


def test_without_scripts_it_is_a_page_a_redirect_and_a_sentence(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = without(give, "budget_confirmed")
    client = sign_in("ingrid")
    for _ in range(2):
        answer = fill(client, handoff, "Yes", htmx=False)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/handoffs/{handoff.reference}/")
    assert "Budget is filled in." in words(client.get(answer.headers["Location"]))
    assert Event.objects.filter(stream=handoff.stream, verb="gap_filled").count() == 1


@pytest.mark.parametrize(
    ("who", "status"), [("clara", 403), ("freya", 404), ("ingrid", 200), ("dana", 200), ("ben", 200)]
)
@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_owner_sender_and_revops_fill_and_nobody_else(
    who: str, status: int, htmx: bool, firm: Company, give: Give, sign_in: SignIn
) -> None:
    handoff = without(give, "budget_confirmed")

    answer = fill(sign_in(who), handoff, "Yes", htmx=htmx)

    assert answer.status_code == (302 if status == 200 and not htmx else status)
    assert budget_of(handoff) == ("Yes" if status == 200 else None)
    if status != 200:
        assert Event.objects.filter(stream=handoff.stream, verb="gap_filled").count() == 0


@pytest.mark.parametrize(
    ("gap", "value", "status", "sentence"),
    [
        (BUDGET, "", 422, "Write what is known."),
        (BUDGET, "x" * 10_000, 422, "The text has 10,000 characters and at most 2,000 are kept. Shorten it."),
        (BUDGET, "a\x00b", 422, "Null characters are not allowed."),
        ("qualification.score", "140", 422, "whole number from 0 to 100"),
        ("qualification.framework", "No such framework <!channel>", 422, "There is no such choice. Give one of: BANT"),
        ("contacts.reachable", "x", 409, "is not missing any more"),
        ("nonsense", "x", 404, "There is nothing here that you can open"),
    ],
)
def test_a_value_that_cannot_be_is_refused_beside_the_field(
    gap: str, value: str, status: int, sentence: str, firm: Company, give: Give, sign_in: SignIn
) -> None:
    handoff = without(give, "budget_confirmed", "qualification_score", "framework")

    answer = fill(sign_in("ingrid"), handoff, value, gap=gap)

    assert answer.status_code == status
    assert sentence in words(answer)
    assert budget_of(handoff) is None


def test_a_gap_filled_by_somebody_else_meanwhile_keeps_their_value(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = without(give, "budget_confirmed")
    fill(sign_in("dana"), handoff, "Yes, says Dana")

    answer = fill(sign_in("ingrid"), handoff, "No, says Ingrid")

    assert answer.status_code == 409
    assert "Budget is not missing any more." in words(answer)
    assert answer.headers["HX-Retarget"] == "#dialog"
    assert budget_of(handoff) == "Yes, says Dana"


def test_a_crm_that_is_down_is_said_in_the_line_and_the_words_stay(
    firm: Company, give: Give, sign_in: SignIn, settings: Settings, fresh_connectors: None
) -> None:
    handoff = without(give, "budget_confirmed")
    settings.CRM_CONNECTOR = f"{__name__}.CrmThatTakesNothing"
    configured.crm.cache_clear()

    answer = fill(sign_in("ingrid"), handoff, "Yes, in writing")

    assert answer.status_code == 502
    assert "The CRM did not take it: The CRM does not answer. Nothing was changed" in words(answer)
    assert "Yes, in writing" in html(answer)


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_what_the_crm_took_is_never_called_unchanged(
    htmx: bool, firm: Company, give: Give, sign_in: SignIn, settings: Settings, fresh_connectors: None
) -> None:
    handoff, client = without(give, "budget_confirmed"), sign_in("ingrid")
    settings.CRM_CONNECTOR = f"{__name__}.CrmThatOnlyTakes"
    configured.crm.cache_clear()

    answer = fill(client, handoff, "Yes, in writing", htmx=htmx)

    said = words(answer if htmx else client.get(answer.headers["Location"]))
    assert "Budget is in the CRM. The handoff is looked at again shortly." in said
    assert "Nothing was changed" not in said
    assert budget_of(handoff) == "Yes, in writing"


def test_a_lost_answer_of_the_crm_is_called_uncertain(
    firm: Company, give: Give, sign_in: SignIn, settings: Settings, fresh_connectors: None
) -> None:
    handoff = without(give, "budget_confirmed")
    settings.CRM_CONNECTOR = f"{__name__}.CrmWithSlowLine"
    configured.crm.cache_clear()

    answer = fill(sign_in("ingrid"), handoff, "Yes, in writing")

    assert answer.status_code == 502
    assert "It is not certain that the CRM took it: The CRM did not answer within 10 seconds." in words(answer)
    assert "Nothing was changed" not in words(answer)


def test_asking_is_a_message_to_the_sender_and_a_line_that_says_when(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = without(give, "budget_confirmed")
    client, address = sign_in("ingrid"), f"/handoffs/{handoff.reference}/gaps/{BUDGET}/ask/"

    answer = client.post(address, headers=HTMX)
    assert answer.status_code == 200
    assert "Dana was asked 10:00" in words(answer)
    assert "Dana Whitfield is asked for the budget." in words(answer)
    again = client.post(address, headers=HTMX)
    assert (again.status_code, Delivery.objects.filter(purpose="notice").count()) == (409, 1)
    assert "was asked for this less than an hour ago" in words(again)
    assert client.post(address).status_code == 409

    clock.shift(timedelta(hours=1))
    assert client.post(address).status_code == 302
    assert Delivery.objects.filter(purpose="notice").count() == 2


@pytest.mark.parametrize(("who", "status"), [("clara", 403), ("freya", 404)])
def test_only_those_who_may_fill_a_gap_may_ask_for_it(
    who: str, status: int, firm: Company, give: Give, sign_in: SignIn
) -> None:
    handoff = without(give, "budget_confirmed")

    answer = sign_in(who).post(f"/handoffs/{handoff.reference}/gaps/{BUDGET}/ask/", headers=HTMX)

    assert answer.status_code == status
    assert Delivery.objects.filter(purpose="notice").count() == 0
    assert "Ask Dana" not in words(sign_in("clara").get(f"/handoffs/{handoff.reference}/"))
