"""What a page that is open hears of what changes behind it."""

import re
from datetime import timedelta

import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from handoffs import pipeline
from handoffs.models import Event, Handoff
from tests.factories import NOW, Company
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html, words

MINUTE = timedelta(minutes=1)


class Tab:
    """A page of the inbox, and what its script sends along."""

    def __init__(self, client: Client, query: str = "") -> None:
        self.client, self.query = client, query
        page = html(client.get(f"/?{query}"))
        self.marks = re.findall(r'id="sla-(\d+)" data-mark="([^"]+)"', page)
        [self.figures] = re.findall(r'id="figures" data-figures="([^"]+)"', page)

    def pulse(self, **sent: str) -> HttpResponse:
        marks = ",".join(f"{number}:{mark}" for number, mark in self.marks)
        shown = {"marks": marks, "figures": self.figures, "stale": ""} | sent
        return self.client.get(f"/inbox/pulse/?{self.query}", shown, headers={"HX-Request": "true"})


def test_nothing_new_is_no_content(firm: Company, give: Give, sign_in: SignIn) -> None:
    give()
    answer = Tab(sign_in("ingrid")).pulse()

    assert (answer.status_code, answer.content) == (204, b"")


def test_a_minute_later_the_chip_reads_differently_and_nothing_is_said(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff, other = give(name="Corvid & Lane"), give(name="Polder")
    Handoff.objects.update(owner=firm.reps["ingrid"])
    pipeline.log_contact(other, contacted_at=NOW, actor="user:1", now=NOW)
    tab = Tab(sign_in("ingrid"))
    clock.shift(MINUTE)

    answer = tab.pulse()

    assert re.findall(r'id="sla-(\d+)"[^>]*hx-swap-oob="true"', html(answer)) == [str(handoff.pk)]
    assert "1 h 59 m left" in words(answer)
    assert 'id="announce"' not in html(answer)
    assert "Refresh" not in words(answer)


def test_coming_to_be_at_risk_is_said_in_one_sentence(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    give(name="Corvid & Lane")
    Handoff.objects.update(owner=firm.reps["ingrid"])
    tab = Tab(sign_in("ingrid"))
    clock.shift(85 * MINUTE)

    said = words(tab.pulse())

    assert "Corvid & Lane: at risk, 35 m left." in said
    assert "1 at risk" in said, "the line under the title goes along"


def test_several_at_once_are_one_sentence(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    for name in ("A", "B", "C"):
        give(name=name)
    Handoff.objects.update(owner=firm.reps["ingrid"])
    tab = Tab(sign_in("ingrid"))
    clock.shift(85 * MINUTE)

    assert html(tab.pulse()).count("3 handoffs are now at risk or breached.") == 1


def test_a_new_handoff_and_one_that_left_are_told_apart(firm: Company, give: Give, sign_in: SignIn) -> None:
    first = give(name="First")
    Handoff.objects.update(owner=firm.reps["ingrid"])
    tab = Tab(sign_in("ingrid"))

    second = give(name="Second")
    Handoff.objects.filter(pk=second.pk).update(owner=firm.reps["ingrid"])
    assert "1 new handoff has arrived. Refresh" in words(tab.pulse())
    Handoff.objects.filter(pk=first.pk).update(owner=firm.reps["freya"])
    assert "Order changed. Refresh" in words(tab.pulse())
    assert "Second" not in words(tab.pulse()), "rows are never sent"


def test_what_is_already_offered_is_not_said_again(firm: Company, give: Give, sign_in: SignIn) -> None:
    give(name="First")
    Handoff.objects.update(owner=firm.reps["ingrid"])
    tab = Tab(sign_in("ingrid"))
    second = give(name="Second")
    Handoff.objects.filter(pk=second.pk).update(owner=firm.reps["ingrid"])
    [figures] = re.findall(r'data-figures="([^"]+)"', html(tab.pulse()))

    assert tab.pulse(figures=figures, stale="1 new handoff has arrived.").status_code == 204


def test_a_change_by_somebody_else_offers_a_refresh(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    Handoff.objects.update(owner=firm.reps["ingrid"])
    tab = Tab(sign_in("ingrid"))
    pipeline.acknowledge(handoff, actor="user:1", now=NOW)

    assert "Order changed. Refresh" in words(tab.pulse())


def test_a_pulse_tells_nobody_of_what_is_not_theirs(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(name="Secret Account")
    mark = f"{handoff.pk}:later-bad-1-ffff"

    answer = sign_in("hannah").get("/inbox/pulse/", {"marks": mark, "figures": "0"})

    assert "Secret" not in html(answer)
    assert f"sla-{handoff.pk}" not in html(answer)


def test_marks_that_are_none_are_left_out(firm: Company, give: Give, sign_in: SignIn) -> None:
    give()
    client = sign_in("ingrid")
    for marks in (
        "x",
        ",,,",
        "1:later",
        "0:later-ok-1-a",
        "9" * 30 + ":later-ok-1-a",
        "1:" + "a" * 5000,
        "%00",
        "-1:a-b-1-1",
    ):
        assert client.get("/inbox/pulse/", {"marks": marks}).status_code == 200, marks


def test_a_pulse_changes_nothing_and_costs_the_same_for_many(firm: Company, give: Give, sign_in: SignIn) -> None:
    ingrid = sign_in("ingrid")
    took = []
    for many in (2, 20):
        for n in range(many):
            give(name=f"Account {many} {n}")
        Handoff.objects.update(owner=firm.reps["ingrid"])
        tab = Tab(ingrid)
        events = Event.objects.count()
        with CaptureQueriesContext(connection) as seen:
            assert tab.pulse(figures="0").status_code == 200
        took.append(len(seen))
        assert Event.objects.count() == events
    assert took[0] == took[1] <= 17
