"""Who is offered which verb, to whom a manager may give a handoff, and hostile names in every form."""

import re

import pytest
import time_machine
from django.test import Client

from handoffs import pipeline
from handoffs.models import Delivery, Event, Handoff
from handoffs.states import BadValueError
from handoffs.views.verbs.offers import BUTTONS
from tests.factories import NOW, Company
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html, words

HTMX = {"HX-Request": "true", "HX-Target": "dialog"}

# Reassigning.


def test_a_manager_chooses_among_those_who_do_the_work_and_sees_how_they_stand(
    firm: Company, give: Give, sign_in: SignIn
) -> None:
    freya = firm.reps["freya"]
    freya.paused_since = NOW
    freya.save()
    handoff = give()
    client = sign_in("elena")
    form = client.get(f"/handoffs/{handoff.reference}/reassign/", headers=HTMX)
    said = words(form)
    assert "Mikael Strand Enterprise AE, 0 open, available now" in said
    assert "Freya Aldous Enterprise AE, 0 open, asked for no new work" in said
    assert said.index("Mikael Strand") < said.index("Freya Aldous") < said.index("Oskar Lind")
    assert "Ingrid Solheim" not in said, "she has it already"
    assert "Hannah Brandt" not in said, "she works in another role"

    mikael = firm.reps["mikael"]
    sent = {"to": mikael.pk, "reason": "Knows the CFO.", "version": handoff.version}
    for _ in range(2):
        answer = client.post(f"/handoffs/{handoff.reference}/reassign/", sent, headers=HTMX)
        assert answer.status_code == 200
    after = Handoff.objects.get(pk=handoff.pk)
    assert (after.owner, after.version) == (mikael, handoff.version + 1)
    assert Event.objects.filter(stream=handoff.stream, verb="reassigned").count() == 1


@pytest.mark.parametrize("to", ["", "0", "999999", "x", "hannah"])
def test_nobody_outside_the_list_can_be_given_it(to: str, firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    chosen = str(firm.reps["hannah"].pk) if to == "hannah" else to
    sent = {"to": chosen, "reason": "Because.", "version": handoff.version}

    answer = sign_in("elena").post(f"/handoffs/{handoff.reference}/reassign/", sent, headers=HTMX)

    assert answer.status_code == 422
    assert Handoff.objects.get(pk=handoff.pk).owner == firm.reps["ingrid"]


@pytest.mark.parametrize(
    ("who", "status"), [("ingrid", 403), ("dana", 403), ("freya", 404), ("ben", 200), ("elena", 200)]
)
def test_only_managers_and_revops_reassign(who: str, status: int, firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    assert sign_in(who).get(f"/handoffs/{handoff.reference}/reassign/").status_code == status


# What is offered.


def drawn(client: Client, handoff: Handoff) -> list[str]:
    page = html(client.get(f"/handoffs/{handoff.reference}/"))
    return [verb for verb, *_ in BUTTONS if f'data-verb="{verb}"' in page]


def test_each_state_offers_each_reader_what_they_may_do_next(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = give()
    assert drawn(sign_in("ingrid"), handoff) == ["acknowledge", "log_contact", "reject"]
    assert drawn(sign_in("elena"), handoff) == ["acknowledge", "log_contact", "reject", "reassign", "withdraw"]
    assert drawn(sign_in("dana"), handoff) == ["withdraw"]
    assert drawn(sign_in("ben"), handoff) == ["reassign", "withdraw"]
    assert drawn(sign_in("clara"), handoff) == []
    pipeline.log_contact(handoff, contacted_at=NOW, actor="user:0", now=NOW)
    assert drawn(sign_in("ingrid"), handoff) == ["book_meeting", "close", "add_findings"]
    assert drawn(sign_in("dana"), handoff) == []
    pipeline.add_findings(handoff, findings="They want a pilot.", actor="user:0", now=NOW)
    assert drawn(sign_in("ingrid"), handoff) == ["book_meeting", "close"]


def test_the_step_of_the_findings_says_where_their_note_is(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    pipeline.log_contact(handoff, contacted_at=NOW, actor="user:0", now=NOW)
    client, step = sign_in("ingrid"), re.compile(r"with initial findings(?: , done)? (note queued|note failed|10:00)?")

    def stands() -> str | None:
        found = step.search(words(client.get(f"/handoffs/{handoff.reference}/")))
        assert found is not None
        return found[1]

    assert stands() is None
    pipeline.add_findings(handoff, findings="They want a pilot.", actor="user:0", now=NOW)
    assert stands() == "note queued"
    note = handoff.deliveries.filter(key__contains="/crm_note-findings-")
    assert note.get().payload["description"].startswith("They want a pilot.")
    note.update(state=Delivery.State.PARKED, next_at=None)
    assert stands() == "note failed"
    note.update(state=Delivery.State.DELIVERED, delivered_at=NOW)
    assert stands() == "10:00"


def test_findings_without_a_word_are_no_findings(firm: Company, give: Give) -> None:
    handoff = give()
    pipeline.log_contact(handoff, contacted_at=NOW, actor="user:0", now=NOW)
    with pytest.raises(BadValueError):
        pipeline.add_findings(handoff, findings=" ", actor="user:0", now=NOW)


@pytest.mark.parametrize(
    "hostile", ["<b onclick=alert(1)>x</b>", "<!channel> <script>alert(1)</script>", "شركة \u202e evil"]
)
def test_hostile_names_stay_text_in_every_form(hostile: str, firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(name=hostile)
    for path, who in (("contact", "ingrid"), ("return", "ingrid"), ("reassign", "elena"), ("withdraw", "dana")):
        for headers in (HTMX, {}):
            page = html(sign_in(who).get(f"/handoffs/{handoff.reference}/{path}/", headers=headers))
            assert "<script>alert" not in page
            assert "<b onclick" not in page
            assert "<!channel>" not in page
