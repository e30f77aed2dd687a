"""What waits in a queue of theirs, members of the pool see in a tab of its own, and take with one click."""

import pytest

from handoffs import pipeline
from handoffs.models import Handoff
from routing.compiling import compiled
from routing.models import Rule
from tests.factories import NOW, Company, company
from tests.handoffs.given import received
from tests.handoffs.pages.conftest import SignIn
from tests.handoffs.pages.reading import html, words


@pytest.fixture
def firm(db: None) -> Company:
    compiled.cache_clear()
    return company(strategies={"cs": Rule.Strategy.QUEUE})


@pytest.fixture
def waiting(firm: Company) -> Handoff:
    return pipeline.run(received(firm, "closed_to_cs"), now=NOW, actor="engine")


def test_the_tab_is_there_for_members_and_holds_what_waits(firm: Company, waiting: Handoff, sign_in: SignIn) -> None:
    yusuf = sign_in("yusuf")
    assert "To take 1" in words(yusuf.get("/"))
    page = yusuf.get("/?view=take")
    assert "In the queue" in words(page)
    assert f'id="verb-take-{waiting.pk}"' in html(page)
    assert "To take" not in words(sign_in("ingrid").get("/"))


def test_an_empty_queue_says_what_will_be_there(firm: Company, sign_in: SignIn) -> None:
    assert "Nothing to take What waits in the queue of a pool of yours appears here." in words(
        sign_in("yusuf").get("/?view=take")
    )


def test_it_is_taken_by_plain_post_and_the_next_is_told(firm: Company, waiting: Handoff, sign_in: SignIn) -> None:
    yusuf, hannah = sign_in("yusuf"), sign_in("hannah")
    address = f"/handoffs/{waiting.reference}/take/"
    said = words(yusuf.get(f"/handoffs/{waiting.reference}/"))
    assert "To take It waits in the queue of" in said

    done = yusuf.post(address, {"version": waiting.version}, follow=True)

    assert f"{waiting.reference} is yours. Contact Halvorsen Marine Logistics next." in words(done)
    waiting.refresh_from_db()
    assert waiting.owner == firm.reps["yusuf"]
    assert hannah.post(address, {"version": waiting.version}).status_code == 404
    again = yusuf.post(address, {"version": waiting.version - 1}, follow=True)
    assert again.status_code == 200
    assert f"You have {waiting.reference}: you took it." in words(again)
    assert waiting.version == Handoff.objects.get().version, "a second click changes nothing"


def test_a_row_is_answered_with_itself(firm: Company, waiting: Handoff, sign_in: SignIn) -> None:
    row = f"row-{waiting.pk}"
    answer = sign_in("yusuf").post(
        f"/handoffs/{waiting.reference}/take/",
        {"version": waiting.version},
        headers={"HX-Request": "true", "HX-Target": row},
    )
    assert answer.status_code == 200
    assert f'id="{row}"' in html(answer)
    assert "is yours" in words(answer)


def test_why_not_somebody_is_answered_while_it_waits_and_after_it_was_taken(
    firm: Company, waiting: Handoff, sign_in: SignIn
) -> None:
    hannah, yusuf = firm.reps["hannah"], firm.reps["yusuf"]
    page = f"/handoffs/{waiting.reference}/"
    asks = {"why_not": f"person-{hannah.pk}"}
    queue = firm.pools["cs"].name

    said = words(sign_in("yusuf").get(page, asks))
    assert f"Hannah Brandt can take it: it waits in the queue of {queue} for whoever takes it first." in said
    assert "May take it from the queue." in said
    assert f"Every member of {queue} may take it within their limits, also whoever was out at that moment." in said

    pipeline.take(waiting, by=yusuf, actor=f"user:{yusuf.user_id}", now=NOW)
    said = words(sign_in("yusuf").get(page, asks))
    assert "Hannah Brandt could have taken it, but Yusuf Demir did so first." in said
    assert "Yusuf Demir, chosen Took it from the queue. 0 open then." in said
    assert "Could have taken it as well." in said


def test_the_second_tab_of_whoever_took_it_is_told_that_they_have_it(
    firm: Company, waiting: Handoff, sign_in: SignIn
) -> None:
    yusuf, row = sign_in("yusuf"), f"row-{waiting.pk}"
    address = f"/handoffs/{waiting.reference}/take/"
    yusuf.post(address, {"version": waiting.version})
    answer = yusuf.post(address, {"version": waiting.version}, headers={"HX-Request": "true", "HX-Target": row})
    assert answer.status_code == 200
    assert f"You have {waiting.reference}: you took it." in words(answer)


def test_who_was_given_it_otherwise_is_not_told_that_they_took_it(
    firm: Company, waiting: Handoff, sign_in: SignIn
) -> None:
    pipeline.reassign(waiting, to=firm.reps["yusuf"], reason="Has time", actor="user:1", now=NOW)
    answer = sign_in("yusuf").post(f"/handoffs/{waiting.reference}/take/", {"version": waiting.version})
    assert answer.status_code == 403
