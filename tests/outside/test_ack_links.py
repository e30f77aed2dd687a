"""The link in an e-mail: who gets it, what opening and sending it does, and everything that must not work."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.signing import Signer
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from handoffs import ack_links, outbox, pipeline, timeline
from handoffs.models import Delivery, Event, Handoff, Preference, State
from tests.factories import NOW, Company
from tests.fakes.fixtures import Fake
from tests.handoffs.given import assigned


def grant_of(handoff: Handoff, firm: Company, **changed: Any) -> ack_links.Grant:
    values = {"handoff_id": handoff.pk, "number": 1, "user_id": firm.user("ingrid").pk, "issued_at": NOW}
    return ack_links.Grant(**(values | changed))


def address(handoff: Handoff, firm: Company, **changed: Any) -> str:
    return f"/a/{ack_links.written(grant_of(handoff, firm, **changed))}/"


def send(browser: Client, url: str) -> HttpResponse:
    """Opens the page and sends its form, as a person does."""
    page = browser.get(url).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token, page
    return browser.post(url, {"csrfmiddlewaretoken": token.group(1)})  # type: ignore[return-value]


def state(handoff: Handoff) -> str:
    return Handoff.objects.get(pk=handoff.pk).state


def rows() -> tuple[int, int, int]:
    return Event.objects.count(), Delivery.objects.count(), sum(Handoff.objects.values_list("version", flat=True))


# What it is for.


def test_the_page_names_the_person_the_account_and_the_promise_and_nothing_else(
    handoff: Handoff, firm: Company, stranger: Client
) -> None:
    response = stranger.get(address(handoff, firm))
    page = response.content.decode()
    assert response.status_code == 200
    for words in ("Ingrid", handoff.account.name, handoff.reference, "First contact by", "Tue 17 Nov 2026, 12:00 UTC"):
        assert words in page
    contact = handoff.account.contacts.all()[0]
    for secret in (contact.last_name, contact.email, "ingrid@fathomline.example", "Dana"):
        assert secret not in page


def test_sending_the_form_acknowledges_for_the_recipient_and_says_so(
    handoff: Handoff, firm: Company, stranger: Client
) -> None:
    url = address(handoff, firm)
    response = send(stranger, url)
    assert (response.status_code, response["Location"]) == (302, url)
    assert state(handoff) == State.ACKNOWLEDGED
    line = Event.objects.filter(verb="acknowledged").get()
    assert line.actor == f"user:{firm.user('ingrid').pk}"
    assert (line.facts["via"], line.facts["assignment"]) == ("link", 1)
    assert timeline.sentences(handoff.stream)[-1].text == "Acknowledged by the link in an e-mail"
    page = stranger.get(url)
    assert page.status_code == 200
    assert "was acknowledged Tue 17 Nov 2026, 10:00 UTC" in page.content.decode()


def test_the_page_may_be_kept_by_nobody_and_told_to_nobody(handoff: Handoff, firm: Company, stranger: Client) -> None:
    response = stranger.get(address(handoff, firm))
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "strict-origin"
    assert "noindex" in response["X-Robots-Tag"]


# A scanner of mail follows every link.


def test_a_scanner_that_opens_it_a_hundred_times_changes_nothing(
    handoff: Handoff, firm: Company, stranger: Client
) -> None:
    url, before = address(handoff, firm), rows()
    for _ in range(50):
        assert stranger.get(url).status_code == 200
        assert stranger.head(url).status_code == 200
    assert rows() == before
    assert state(handoff) == State.ASSIGNED


def test_a_scanner_that_sends_without_having_the_form_is_refused(
    handoff: Handoff, firm: Company, stranger: Client
) -> None:
    before = rows()
    assert stranger.post(address(handoff, firm)).status_code == 403
    stranger.get(address(handoff, firm))
    assert stranger.post(address(handoff, firm), {"csrfmiddlewaretoken": "x" * 64}).status_code == 403
    assert rows() == before


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_no_other_method_is_taken(handoff: Handoff, firm: Company, method: str) -> None:
    assert getattr(Client(), method)(address(handoff, firm)).status_code == 405
    assert state(handoff) == State.ASSIGNED


# Forged, altered, old.


def test_a_link_that_was_altered_anywhere_does_not_work(handoff: Handoff, firm: Company) -> None:
    token = ack_links.written(grant_of(handoff, firm))
    client = Client()
    for place in range(len(token)):
        other = "1" if token[place] != "1" else "2"
        response = client.post(f"/a/{token[:place]}{other}{token[place + 1 :]}/")
        # The last letter of the signature carries bits that mean nothing, and is compared all the same.
        assert response.status_code == 404, place
    assert state(handoff) == State.ASSIGNED


@pytest.mark.parametrize(
    "token",
    ["x", "1.1.1.1", "1.1.1.1~", "~", "1~1~1", "٣.1.1.1~x", "a" * 5000, "%00", "..%2F..", "1.1.1.1:abc"],
)
def test_a_link_that_was_made_up_does_not_work(db: None, token: str) -> None:
    for method in (Client().get, Client().head, Client().post):
        assert method(f"/a/{token}/").status_code == 404


def test_a_signature_for_something_else_opens_nothing(handoff: Handoff, firm: Company) -> None:
    value = ack_links.written(grant_of(handoff, firm)).partition("~")[0]
    for signer in (
        Signer(sep="~"),
        Signer(salt="handoffs.other", sep="~"),
        Signer(key="other", salt=ack_links.SALT, sep="~"),
    ):
        assert Client().post(f"/a/{signer.sign(value)}/").status_code == 404
    assert state(handoff) == State.ASSIGNED


def test_it_works_for_seven_days_to_the_second(
    handoff: Handoff, firm: Company, stranger: Client, clock: time_machine.Traveller
) -> None:
    url = address(handoff, firm)
    clock.move_to(NOW + timedelta(days=7) - timedelta(seconds=1), tick=False)
    assert stranger.get(url).status_code == 200
    clock.move_to(NOW + timedelta(days=7), tick=False)
    response = Client().post(url)
    assert response.status_code == 410
    assert "Sign in to see where the handoff stands" in response.content.decode()
    assert state(handoff) == State.ASSIGNED


def test_while_the_key_is_rotated_links_of_the_earlier_key_work(
    handoff: Handoff, firm: Company, settings: Settings
) -> None:
    url, earlier = address(handoff, firm), settings.SECRET_KEY
    settings.SECRET_KEY = "another key altogether, long enough to be taken for one of ours"
    assert Client().get(url).status_code == 404
    settings.SECRET_KEY_FALLBACKS = [earlier]
    assert Client().get(url).status_code == 200


# One person, one assignment, one use.


def test_after_a_reassignment_it_names_the_new_owner_and_changes_nothing(handoff: Handoff, firm: Company) -> None:
    pipeline.reassign(handoff, to=firm.reps["freya"], reason="On leave", actor="user:1", now=NOW)
    before = rows()
    response = Client().post(address(handoff, firm))
    assert response.status_code == 409
    page = response.content.decode()
    assert f"{handoff.reference} is now owned by Freya" in page
    assert handoff.account.name not in page
    assert rows() == before


def test_used_once_it_is_used_up_even_when_the_acknowledgement_was_taken_back(
    handoff: Handoff, firm: Company, stranger: Client
) -> None:
    url = address(handoff, firm)
    send(stranger, url)
    pipeline.undo_acknowledge(handoff, actor=f"user:{firm.user('ingrid').pk}", now=NOW)
    response = Client().post(url)
    assert response.status_code == 409
    assert "works once" in response.content.decode()
    assert state(handoff) == State.ASSIGNED


def test_a_second_link_for_the_same_assignment_is_used_up_with_the_first(
    handoff: Handoff, firm: Company, stranger: Client
) -> None:
    send(stranger, address(handoff, firm))
    pipeline.undo_acknowledge(handoff, actor=f"user:{firm.user('ingrid').pk}", now=NOW)
    assert Client().post(address(handoff, firm, issued_at=NOW + timedelta(minutes=1))).status_code == 409
    assert state(handoff) == State.ASSIGNED


def test_sending_twice_acknowledges_once_and_says_so(handoff: Handoff, firm: Company, stranger: Client) -> None:
    url = address(handoff, firm)
    send(stranger, url)
    assert Client().post(url).status_code == 409
    assert Event.objects.filter(verb="acknowledged").count() == 1


def test_a_link_of_somebody_who_does_not_own_it_acknowledges_nothing(handoff: Handoff, firm: Company) -> None:
    for key in ("freya", "dana", "elena"):
        assert Client().post(address(handoff, firm, user_id=firm.user(key).pk)).status_code == 409
    assert state(handoff) == State.ASSIGNED


def test_somebody_who_may_no_longer_sign_in_acknowledges_nothing(handoff: Handoff, firm: Company) -> None:
    user = firm.user("ingrid")
    user.is_active = False
    user.save()
    assert Client().post(address(handoff, firm)).status_code == 404
    assert state(handoff) == State.ASSIGNED


# Who gets one.


def mail(delivery: Delivery, fake: Fake) -> dict[str, Any]:
    claimed = outbox.claiming.claim_due(Delivery, now=NOW, real_now=NOW, limit=1, only=delivery.pk)
    outbox.attempt(claimed[0], now=NOW)
    return fake.effects()[-1]  # type: ignore[no-any-return]


def by_mail(handoff: Handoff, recipient: str) -> Delivery:
    alert = handoff.deliveries.get(purpose="alert", channel="slack")
    alert.pk, alert.key, alert.channel, alert.recipient = None, f"again/{recipient}", "email", recipient
    alert.uuid = type(alert)._meta.get_field("uuid").get_default()
    alert.save()
    return alert


def test_an_alert_by_mail_to_the_owner_carries_the_link_and_it_works(
    handoff: Handoff, firm: Company, fake_resend: Fake, stranger: Client
) -> None:
    sent = mail(by_mail(handoff, "ingrid@fathomline.example"), fake_resend)
    links = set(re.findall(r"https://handoffs\.example(/a/[^/\s\"]+/)", str(sent)))
    assert len(links) == 1, sent
    send(stranger, links.pop())
    assert state(handoff) == State.ACKNOWLEDGED


def test_the_same_mail_sent_again_carries_the_same_link(handoff: Handoff, firm: Company) -> None:
    row = by_mail(handoff, "ingrid@fathomline.example")
    assert ack_links.link_for(row) == ack_links.link_for(row) != ""


def test_a_copy_to_anybody_else_carries_no_link(handoff: Handoff, firm: Company) -> None:
    for recipient in ("revops@fathomline.example", "elena@fathomline.example", "freya@fathomline.example"):
        assert ack_links.link_for(by_mail(handoff, recipient)) == ""
    told = by_mail(handoff, "ingrid@fathomline.example")
    told.purpose = Delivery.Purpose.NOTICE
    assert ack_links.link_for(told) == ""


def test_the_briefings_template_gets_its_seven_variables_and_its_summary_ends_with_the_links(
    handoff: Handoff, firm: Company, fake_resend: Fake, stranger: Client
) -> None:
    sent = mail(handoff.deliveries.get(purpose="briefing"), fake_resend)
    assert len(sent["variables"]) == 7, sent
    acknowledge, open_it = sent["variables"]["summary"].splitlines()[-2:]
    assert open_it == f"Open: https://handoffs.example/handoffs/{handoff.reference}/"
    send(stranger, acknowledge.removeprefix("Acknowledge: https://handoffs.example"))
    assert state(handoff) == State.ACKNOWLEDGED


def test_a_briefing_to_somebody_else_than_the_owner_has_no_link_to_acknowledge(
    handoff: Handoff, firm: Company, fake_resend: Fake
) -> None:
    briefing = handoff.deliveries.get(purpose="briefing")
    Delivery.objects.filter(pk=briefing.pk).update(recipient="freya@fathomline.example")
    sent = mail(briefing, fake_resend)
    assert "/a/" not in str(sent)
    assert sent["variables"]["summary"].endswith(f"Open: https://handoffs.example/handoffs/{handoff.reference}/")


def test_somebody_who_prefers_mail_gets_the_alert_by_mail_beside_the_teams_channel(firm: Company) -> None:
    Preference.objects.create(user=firm.user("ingrid"), channel=Preference.Channel.EMAIL)
    from_dana = assigned(firm)
    alerts = from_dana.deliveries.filter(purpose="alert").order_by("id").values_list("channel", "recipient")
    assert list(alerts) == [("slack", "#ae-enterprise"), ("email", "ingrid@fathomline.example")]
