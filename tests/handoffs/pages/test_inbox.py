from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from handoffs import pipeline
from handoffs.models import Event, Handoff, State
from routing.models import HandoffType
from sla.models import StepRun
from tests.factories import NOW, AccountFactory, Company
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html, words

HOUR = timedelta(hours=1)


def group(page: str, title: str) -> str:
    """The words of one group of the list, up to the next heading."""
    titles = ("Breached", "Waiting for your answer", "Due in the next hour", "Later", "Waiting on others", "Contacted")
    after = page.partition(" Next step ")[2].partition(f"{title} ")[2]
    ends = [after.find(f" {other} ") for other in (*titles, "Closed") if other != title]
    return after[: min((end for end in ends if end >= 0), default=len(after))]


def test_what_is_mine_is_grouped_by_how_soon_it_is_due(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    breached = give(name="Ostrava Kinetics", at=NOW - 3 * HOUR)
    soon = give(name="Sable Ridge Energy", at=NOW - timedelta(minutes=90))
    later = give(name="Corvid & Lane", at=NOW)
    met = give(name="Polder Water Authority", at=NOW - 5 * HOUR)
    pipeline.log_contact(met, contacted_at=NOW - 5 * HOUR + timedelta(minutes=72), actor="user:1", now=NOW)
    Handoff.objects.update(owner=firm.reps["ingrid"])

    said = words(sign_in("ingrid").get("/"))

    assert "1 breached, 1 at risk" in said
    assert "Breached: 1 h over Due 09:00 Ostrava Kinetics" in group(said, "Breached")
    assert "At risk: 30 m left Due 10:30 Sable Ridge Energy" in group(said, "Due in the next hour")
    assert "On track: 2 h left Due 12:00 Corvid & Lane" in group(said, "Later")
    assert "Met: Met in 1 h 12 m Limit 2 h Polder Water Authority" in group(said, "Contacted")
    assert [said.index(h.reference) for h in (breached, soon, later, met)] == sorted(
        said.index(h.reference) for h in (breached, soon, later, met)
    )


def test_a_breached_row_says_what_was_done_and_what_comes_next(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = give(at=NOW)
    clock.move_to(NOW + timedelta(hours=3, minutes=30))
    assert handoff.assignment is not None
    promise = handoff.assignment.clocks.get(kind="first_contact")
    alert = next(step for step in promise.ladder if step["action"] == "alert_owner")
    StepRun.objects.create(
        clock=promise, step_id=alert["step"], due_at=NOW + 3 * HOUR, ran_at=NOW + timedelta(hours=3, seconds=2)
    )

    said = words(sign_in("ingrid").get("/"))

    assert "You were alerted 13:00. Elena Petrova is alerted 16:00, goes to somebody else Wed 12:00." in said


def test_the_sender_sees_what_waits_for_their_answer(firm: Company, give: Give, sign_in: SignIn) -> None:
    blocked = give(account=AccountFactory(name="Nobody Home"), deal=None)
    returned = give(name="Tromsa Seafood Group")
    pipeline.reject(returned, reason="incomplete", comment="No budget.", actor="user:1", now=NOW)
    assert blocked.state == State.BLOCKED

    dana, ingrid = words(sign_in("dana").get("/")), words(sign_in("ingrid").get("/"))

    assert "Blocked: Blocked by gaps" in group(dana, "Waiting for your answer")
    assert "Returned: Returned Answer due 14:00 Tromsa Seafood Group" in group(dana, "Waiting for your answer")
    assert "Tromsa Seafood Group" in group(ingrid, "Waiting on others")
    assert "Nobody Home" not in ingrid


def test_nobody_sees_what_is_not_theirs(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(name="Secret Account")
    assert handoff.owner == firm.reps["ingrid"]

    for seer in ("ingrid", "dana", "elena", "ben", "clara"):
        assert "Secret Account" in words(sign_in(seer).get("/?view=all")), seer
    for stranger in ("freya", "hannah", "carsten"):
        for address in ("/", "/?view=all", "/?view=closed", "/?q=Secret", f"/?q={handoff.reference}"):
            assert "Secret Account" not in words(sign_in(stranger).get(address)), (stranger, address)


def test_people_without_handoffs_of_their_own_start_on_everything_open(
    firm: Company, give: Give, sign_in: SignIn
) -> None:
    give(name="Halvorsen Marine Logistics")

    assert "Halvorsen Marine Logistics" in words(sign_in("elena").get("/"))
    assert "Halvorsen Marine Logistics" in words(sign_in("ben").get("/"))
    assert "Halvorsen Marine Logistics" not in words(sign_in("elena").get("/?view=mine"))


@pytest.mark.parametrize(
    "q", ["halv", "HALVORSEN", "astrid nygaard", "astrid.nygaard@", "ho-{number}", "{number}", "observe enterprise"]
)
def test_search_finds_account_contact_deal_and_number(firm: Company, give: Give, sign_in: SignIn, q: str) -> None:
    handoff = give(name="Halvorsen Marine Logistics")

    said = words(sign_in("ingrid").get("/", {"q": q.format(number=handoff.pk)}))

    assert "1 handoff matches" in said
    assert "Halvorsen Marine Logistics" in said


def test_search_finds_closed_ones_too_and_says_when_there_are_none(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(name="Halvorsen Marine Logistics")
    pipeline.withdraw(handoff, reason="duplicate", actor="user:1", now=NOW)
    client = sign_in("ingrid")

    assert "Withdrawn" in words(client.get("/?q=halv"))
    assert "No handoff matches “<b>%_'”" in words(client.get("/", {"q": "<b>%_'"}))
    assert "<b>" not in html(client.get("/", {"q": "<b>"}))


def test_an_empty_queue_says_why_and_what_comes_next(firm: Company, sign_in: SignIn) -> None:
    said = words(sign_in("ingrid").get("/"))

    assert "You are clear" in said
    assert "The next one appears here the moment it is yours" in said


def test_times_are_the_readers_own(firm: Company, give: Give, sign_in: SignIn) -> None:
    give(at=NOW)
    ingrid = firm.user("ingrid")
    ingrid.time_zone = "Asia/Tokyo"
    ingrid.save()

    said = words(sign_in("ingrid").get("/"))

    assert "Tue 17 Nov 2026, 19:00 JST" in said
    assert "Due 21:00" in said


def test_a_fragment_request_gets_the_list_alone(firm: Company, give: Give, sign_in: SignIn) -> None:
    give(name="Halvorsen Marine Logistics")
    answer = sign_in("ingrid").get("/inbox/rows/?q=halv", headers={"HX-Request": "true"})

    assert "Halvorsen Marine Logistics" in words(answer)
    assert "<html" not in html(answer)
    assert "HX-Request" in answer.headers["Vary"]
    assert answer.headers["HX-Push-Url"] == "/?q=halv"


def test_looking_changes_nothing(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    before = (Event.objects.count(), list(Handoff.objects.values()))

    client = sign_in("ingrid")
    for address in ("", "clock/", "response/", "response.md"):
        assert client.get(f"/handoffs/{handoff.reference}/{address}").status_code == 200
    client.get("/?q=halv")

    assert (Event.objects.count(), list(Handoff.objects.values())) == before


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_fifty_handoffs_take_no_more_queries_than_five(firm: Company, give: Give, sign_in: SignIn) -> None:
    kinds = list(HandoffType.values)
    for n in range(5):
        give(kinds[n % 4], name=f"Account {n}", at=NOW - n * HOUR)
    ingrid, ben = sign_in("ingrid"), sign_in("ben")
    Handoff.objects.update(owner=firm.reps["ingrid"])
    few = [queries(ingrid, "/"), queries(ben, "/?view=all"), queries(ingrid, "/?q=account")]

    for n in range(5, 50):
        give(kinds[n % 4], name=f"Account {n}", at=NOW - n * timedelta(minutes=20))
    Handoff.objects.update(owner=firm.reps["ingrid"])
    many = [queries(ingrid, "/"), queries(ben, "/?view=all"), queries(ingrid, "/?q=account")]

    assert many == few
    assert max(many) <= 22, "three of them ask who answers for the ladder, three for queues and offices of the reader"


def test_long_lists_come_in_pages_of_fifty(firm: Company, give: Give, sign_in: SignIn) -> None:
    for n in range(51):
        give(name=f"Account {n}")
    ben = sign_in("ben")

    assert "1 to 50 of 51" in words(ben.get("/?view=all"))
    assert "51 to 51 of 51" in words(ben.get("/?view=all&page=2"))
    assert "51 to 51 of 51" in words(ben.get("/?view=all&page=900"))
    assert "1 to 50 of 51" in words(ben.get("/?view=all&page=x"))
