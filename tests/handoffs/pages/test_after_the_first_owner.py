"""What a page says once a handoff left its first owner: passed on, returned, withdrawn, or late up the ladder."""

from datetime import timedelta

import pytest
import time_machine

from handoffs import escalation, outbox, pipeline, timeline
from handoffs.models import Delivery, Handoff
from routing.models import Rep
from sla.models import Clock, ClockKind
from tests.factories import NOW, AbsenceFactory, Company
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import words
from tests.handoffs.pages.test_handoff_page import page_of

HOUR = timedelta(hours=1)
BUDGET = "qualification.budget"


def climb(handoff: Handoff, *, late: timedelta) -> None:
    """Takes the step of the ladder that is due so long after the deadline."""
    clock = Clock.objects.get(handoff_uuid=handoff.uuid, kind=ClockKind.FIRST_CONTACT, state=Clock.State.RUNNING)
    escalation.take_step(clock, now=clock.deadline_at + late)


def without_budget(handoff: Handoff) -> None:
    assert handoff.deal is not None
    assert handoff.package is not None
    handoff.deal.metadata.pop("budget_confirmed", None)
    handoff.deal.save()
    handoff.account.metadata.pop("budget_confirmed", None)
    handoff.account.save()


def test_a_passed_on_handoff_says_whose_it_was_and_what_the_customer_waited(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = give(owner=firm.reps["ingrid"])
    assert "First given to" not in words(sign_in("ingrid").get(page_of(handoff)))
    pipeline.reassign(handoff, to=firm.reps["freya"], reason="On leave", actor="user:1", now=NOW + HOUR)
    clock.move_to(NOW + 2 * HOUR)

    said = words(sign_in("freya").get(page_of(handoff)))
    assert "First given to Ingrid Solheim 10:00; waiting 2 h in all." in said
    present = Handoff.objects.get(pk=handoff.pk)
    pipeline.log_contact(present, contacted_at=NOW + 2 * HOUR, actor="user:1", now=NOW + 2 * HOUR)
    clock.move_to(NOW + 5 * HOUR)
    assert "First given to Ingrid Solheim 10:00; waited 2 h in all." in words(sign_in("freya").get(page_of(handoff)))


def test_what_the_ladder_passed_on_says_the_same_and_that_its_person_held_it_before(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = give(owner=firm.reps["ingrid"])
    assert handoff.owner == firm.reps["ingrid"]
    Rep.objects.filter(pk=firm.reps["ingrid"].pk).update(cover=firm.reps["freya"])
    climb(handoff, late=24 * HOUR)
    clock.move_to(NOW + 26 * HOUR)

    said = words(sign_in("ben").get(page_of(handoff)))

    assert "First given to Ingrid Solheim Tue 10:00; waiting 26 h in all." in said
    assert "Its person held it before, so another stands in" in said
    assert "Its person is out" not in said


def test_giving_it_to_somebody_who_is_away_says_so_at_once(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff, freya = give(owner=firm.reps["ingrid"]), firm.reps["freya"]
    AbsenceFactory.create(rep=freya, starts_at=NOW - HOUR, ends_at=NOW + 3 * HOUR, cover=None)
    form = {"to": str(freya.pk), "reason": "She knows them well."}

    said = words(sign_in("elena").post(f"{page_of(handoff)}reassign/", form, follow=True))

    assert f"{handoff.reference} now belongs to Freya Aldous, who is away until 13:00." in said


def test_a_return_needs_more_than_a_word(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(owner=firm.reps["ingrid"])
    refused = sign_in("ingrid").post(f"{page_of(handoff)}return/", {"reason": "incomplete", "comment": "no"})
    assert refused.status_code == 422
    assert "Write at least one sentence." in words(refused)


def test_a_returned_page_keeps_its_sentences_apart_and_says_when_the_answer_is_late(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = give(owner=firm.reps["ingrid"])
    pipeline.reject(handoff, reason="incomplete", comment="No budget", actor="user:1", now=NOW)
    assert "No budget. The clock for first contact is stopped; Dana has to answer by" in words(
        sign_in("ingrid").get(page_of(handoff))
    )
    clock.move_to(NOW + 48 * HOUR)
    assert "Dana was to answer by" in words(sign_in("ingrid").get(page_of(handoff)))


def test_where_a_team_sent_it_its_manager_answers_by_name(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(owner=firm.reps["ingrid"])
    Handoff.objects.filter(pk=handoff.pk).update(from_rep=None, from_team=firm.teams["marketing"])
    pipeline.reject(handoff, reason="incomplete", comment="No budget", actor="user:1", now=NOW)
    manager, team = firm.reps["mara"].name, firm.teams["marketing"].name
    assert f"stopped; {manager}, who manages {team}, has to answer by" in words(sign_in("ingrid").get(page_of(handoff)))


def test_a_withdrawn_page_gives_the_reason_and_nothing_to_do(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(owner=firm.reps["ingrid"])
    pipeline.withdraw(handoff, reason="They signed elsewhere", actor="user:1", now=NOW)

    said = words(sign_in("ingrid").get(page_of(handoff)))

    assert "It ended without an outcome. Reason given: They signed elsewhere." in said
    for gone in ("trigger was wrong", "Next steps for", "Who can fill it", "was due"):
        assert gone not in said, gone


def test_steps_of_the_ladder_are_called_by_what_they_are(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(owner=firm.reps["ingrid"])
    for late in (timedelta(minutes=-30), HOUR, 4 * HOUR):
        climb(handoff, late=late)

    said = words(sign_in("ben").get(page_of(handoff)))

    assert "At-risk notice: queued" in said
    assert "Overdue alert to the owner: queued" in said
    assert "Escalation to sales manager: queued" in said


@pytest.mark.usefixtures("fake_slack")
def test_the_log_calls_them_so_too(firm: Company, give: Give) -> None:
    handoff = give(owner=firm.reps["ingrid"])
    climb(handoff, late=4 * HOUR)
    row = Delivery.objects.get(handoff=handoff, purpose="escalation", channel="slack")
    [claimed] = outbox.claiming.claim_due(Delivery, now=NOW + 7 * HOUR, real_now=NOW, limit=1, only=row.pk)
    outbox.attempt(claimed, now=NOW + 7 * HOUR)
    assert "Escalation to sales manager: delivered by Slack" in [
        line.text for line in timeline.sentences(handoff.stream)
    ]


def test_a_manager_reads_the_deadline_on_their_own_clock(firm: Company, give: Give) -> None:
    handoff = give(owner=firm.reps["ingrid"])
    Rep.objects.filter(pk=firm.reps["elena"].pk).update(time_zone="America/New_York")
    climb(handoff, late=4 * HOUR)
    row = Delivery.objects.get(handoff=handoff, purpose="escalation", recipient="U0ELENA")
    assert row.payload["alert"]["body"].endswith("was due Tue 17 Nov 2026, 07:00 EST.")


def test_a_breached_row_names_who_is_told_and_says_you_to_them(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    give(owner=firm.reps["ingrid"])
    clock.move_to(NOW + 2 * HOUR + timedelta(minutes=30))
    ahead = "are alerted 16:00, goes to somebody else Wed 12:00."
    assert f"The owner is alerted 13:00, You {ahead}" in words(sign_in("elena").get("/?view=team"))
    assert "Elena Petrova is alerted 16:00, goes to somebody else Wed 12:00." in words(sign_in("ingrid").get("/"))


def test_a_gap_says_in_words_what_is_missing_and_who_was_asked(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(owner=firm.reps["ingrid"])
    without_budget(handoff)
    from_dana = Handoff.objects.get(pk=handoff.pk)
    pipeline.filling.score_again(from_dana, actor="user:1", now=NOW)
    from_dana.refresh_from_db()
    said = words(sign_in("ingrid").get(page_of(handoff)))
    assert "The budget is not confirmed. budget_confirmed on the deal" in said
    assert "Ask Ingrid" not in words(sign_in("dana").get(page_of(handoff)))

    pipeline.ask_gap(from_dana, gap=BUDGET, by=firm.reps["ingrid"], actor="user:1", now=NOW)
    for reader in ("ingrid", "dana"):
        assert "Dana was asked 10:00" in words(sign_in(reader).get(page_of(handoff))), reader
