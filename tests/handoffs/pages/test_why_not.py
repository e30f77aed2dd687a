"""On the handoff's page anybody may ask why it did not go to somebody else, or by another rule."""

import re

import pytest

from handoffs import pipeline
from handoffs.models import Handoff
from routing.append_only import maintenance
from routing.compiling import compiled
from routing.models import Decision, Rep, Rule, User
from tests.factories import NOW, AbsenceFactory, Company
from tests.handoffs.given import received
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html


def asked(sign_in: SignIn, handoff: Handoff, about: str, *, who: str = "ben") -> str:
    """The answer that the page gives."""
    page = html(sign_in(who).get(f"/handoffs/{handoff.reference}/", {"why_not": about}))
    found = re.search(r'<span id="why-not">(.*?)</span>', page, re.DOTALL)
    assert found is not None
    return found[1].replace("&#x27;", "'")


def of(rep: Rep) -> str:
    return f"person-{rep.pk}"


def rule(code: str) -> str:
    return f"rule-{Rule.objects.get(code=code).pk}"


def taken_by(handoff: Handoff) -> str:
    decision = Decision.objects.select_related("rule").get(handoff_uuid=handoff.uuid)
    assert decision.rule is not None
    return decision.rule.code


def test_somebody_with_the_same_pointer_is_later_in_the_list(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    said = asked(sign_in, handoff, of(firm.reps["freya"]))
    assert said == (
        "Freya Aldous could have taken it. Both stood at 0 turns, and Ingrid Solheim is earlier in the list."
    )


def test_somebody_who_had_more_turns_is_told_so_in_turns(firm: Company, give: Give, sign_in: SignIn) -> None:
    give()
    second = give()
    said = asked(sign_in, second, of(firm.reps["ingrid"]))
    assert said == (
        "Ingrid Solheim could have taken it, but it was Freya Aldous's turn. "
        "Freya Aldous stood at 0 turns, Ingrid Solheim at 1 turn."
    )


def test_somebody_who_was_away_is_told_with_the_time_on_the_readers_clock(
    firm: Company, give: Give, sign_in: SignIn
) -> None:
    User.objects.filter(pk=firm.user("ingrid").pk).update(time_zone="Europe/Oslo")
    AbsenceFactory.create(rep=firm.reps["freya"], starts_at=NOW, ends_at=NOW.replace(day=18, hour=6))
    said = asked(sign_in, give(), of(firm.reps["freya"]), who="ingrid")
    assert said == "Freya Aldous is away until Wed 07:00."


def test_somebody_outside_the_pool_was_not_asked(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    said = asked(sign_in, handoff, of(firm.reps["oskar"]))
    assert said.endswith("and Oskar Lind was not among them then.")
    assert f"Rule {taken_by(handoff)}" in said


def test_a_rule_before_the_one_that_won_says_what_did_not_match(firm: Company, give: Give, sign_in: SignIn) -> None:
    first = Rule.objects.order_by("position").first()
    assert first is not None
    assert asked(sign_in, give(), rule(first.code)) == "It did not match: nobody in the receiving role is set for it."


def test_a_rule_that_asks_for_something_else_says_so_in_names(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    decision = Decision.objects.get(handoff_uuid=handoff.uuid)
    said = {asked(sign_in, handoff, f"rule-{line.pk}") for line in decision.rule_set.rules.exclude(conditions={})}
    told = " ".join(said)
    assert "only where Handoff type" not in told
    assert "only where handoff type is Expansion; here it is SQL." in told
    assert not any(code in told for code in ("sql_to_ae", "expansion_to_sales", "mid_market"))


def test_a_rule_after_the_one_that_won_is_not_reached(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    last = Rule.objects.get(is_catch_all=True)
    assert asked(sign_in, handoff, rule(last.code)) == (
        f"It comes after {taken_by(handoff)}, and the first rule that matches decides. It would have matched as well."
    )


@pytest.mark.parametrize("about", ["person-0", "rule-0", "person-", "x", "<script>", "person--1"])
def test_what_cannot_be_asked_about_has_no_answer(firm: Company, give: Give, sign_in: SignIn, about: str) -> None:
    assert asked(sign_in, give(), about) == ""


def test_why_nobody_has_it_can_be_asked_as_well(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    Handoff.objects.filter(pk=handoff.pk).update(assignment=None, owner=None, state="received")
    assert asked(sign_in, handoff, of(firm.reps["oskar"])).endswith("was not among them then.")


def otherwise(policy: str) -> None:
    """What the live rules say where the one whose turn it is is out. A new version, as it were."""
    with maintenance():
        Rule.objects.filter(pool__isnull=False).update(when_unavailable=policy)
    compiled.cache_clear()


def test_where_a_rule_waits_for_whose_turn_it_is_the_others_are_told_so(firm: Company, sign_in: SignIn) -> None:
    otherwise("hold")
    AbsenceFactory.create(rep=firm.reps["ingrid"])
    handoff = pipeline.run(received(firm), now=NOW, actor="engine")
    assert handoff.state == "unassigned"
    said = asked(sign_in, handoff, of(firm.reps["freya"]))
    assert said == "Freya Aldous could take it, but it waits for whoever's turn it is."


def test_where_a_cover_took_it_the_page_says_whose_turn_it_was(firm: Company, sign_in: SignIn) -> None:
    otherwise("cover")
    AbsenceFactory.create(rep=firm.reps["ingrid"], cover=firm.reps["freya"])
    handoff = pipeline.run(received(firm), now=NOW, actor="engine")
    assert handoff.owner == firm.reps["freya"]
    said = asked(sign_in, handoff, of(firm.reps["mikael"]))
    assert said == (
        "Mikael Strand could have taken it, but it was Ingrid Solheim's turn, for whom Freya Aldous stands in."
    )
    page = html(sign_in("ben").get(f"/handoffs/{handoff.reference}/"))
    assert "Freya Aldous covers for Ingrid Solheim." in page
