"""A session that has ended: what was typed stays where it is, and whoever signs in again is told what was not saved."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from handoffs.models import Handoff, State
from tests.factories import PASSWORD, Company
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html, words

ENDED = "Your session has ended and nothing was saved. Copy what you wrote, sign in in another tab, then send it again."
BY_SCRIPT = {"HX-Request": "true", "HX-Target": "dialog", "HX-Current-URL": "http://testserver/?view=mine"}


@pytest.mark.parametrize(("target", "form"), [("dialog", "return/"), ("gap-common-champion", "gaps/common.champion/")])
def test_a_form_that_is_open_stays_and_says_why_it_was_not_taken(firm: Company, target: str, form: str) -> None:
    sent = {"reason": "other", "comment": "A long story.", "value": "Rana"}
    answer = Client().post(f"/handoffs/HO-1/{form}", sent, headers={**BY_SCRIPT, "HX-Target": target})

    assert (answer.status_code, words(answer)) == (403, f"{ENDED} Sign in (opens in a new tab)")
    assert 'href="/accounts/login/?next=/%3Fview%3Dmine" target="_blank"' in html(answer)
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == (f"#{target} [data-said]", "outerHTML")
    assert "HX-Redirect" not in answer.headers


@pytest.mark.parametrize("target", ["dialog", "gap-common-champion"])
def test_the_form_has_the_place_that_the_sentence_goes_to(sign_in: SignIn, give: Give, target: str) -> None:
    at = f"/handoffs/{give().reference}/contact/"
    form = sign_in("ingrid").get(at, headers={"HX-Request": "true", "HX-Target": target})
    assert html(form).count("data-said") == 1


def test_another_request_of_a_script_leads_to_the_sign_in_page_that_says_why(firm: Company) -> None:
    client = Client()
    answer = client.get("/inbox/rows/", headers={**BY_SCRIPT, "HX-Target": "queue"})
    assert answer.headers["HX-Redirect"] == "/accounts/login/?next=/%3Fview%3Dmine"
    assert "Your session has ended. Sign in to go on." in words(client.get(answer.headers["HX-Redirect"]))


def test_a_form_sent_without_scripts_leads_back_and_says_that_nothing_was_saved(
    sign_in: SignIn, give: Give, clock: time_machine.Traveller
) -> None:
    handoff = give()
    at = f"/handoffs/{handoff.reference}/return/"
    client = sign_in("ingrid")
    client.get("/")
    clock.shift(timedelta(hours=9))

    answer = client.post(at, {"reason": "other", "comment": "x"}, headers={"Referer": f"http://testserver{at}?a=1"})

    assert answer.headers["Location"] == f"/accounts/login/?next={at}%3Fa%3D1&unsaved=1"
    page = client.get(answer.headers["Location"])
    assert "You were signed out after 8 hours without use. Sign in to go on. Nothing was saved." in words(page)
    sent = {"username": "ingrid@fathomline.example", "password": PASSWORD, "next": f"{at}?a=1"}
    assert client.post("/accounts/login/", sent).headers["Location"] == f"{at}?a=1"
    assert Handoff.objects.get().state == State.ASSIGNED


def test_who_signed_in_anew_gets_a_new_token_into_the_open_form_and_sends_again(firm: Company, give: Give) -> None:
    at = f"/handoffs/{give().reference}/return/"
    client = Client(enforce_csrf_checks=True)
    client.force_login(firm.user("ingrid"), backend="django.contrib.auth.backends.ModelBackend")
    client.get(at)
    sent = {"reason": "other", "comment": "The budget is missing."}

    refused = client.post(at, {**sent, "csrfmiddlewaretoken": "a" * 64}, headers=BY_SCRIPT)

    assert refused.status_code == 403
    assert words(refused).endswith("so nothing was saved. Send it again.")
    assert refused.headers["HX-Retarget"] == "#dialog [data-said]"
    token = refused.headers["HX-Trigger"].removeprefix('{"csrf-token": "').removesuffix('"}')
    again = client.post(at, {**sent, "csrfmiddlewaretoken": token}, headers=BY_SCRIPT)
    assert (again.status_code, Handoff.objects.get().state) == (200, State.REJECTED)
