"""A stored decision is made again from its own inputs: the same always, and another when an input was altered."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from routing.compiling import compiled
from routing.decide import decide
from routing.facts import Facts
from routing.models import Absence, Decision, HandoffType, Membership, Pod, Rep, RuleSet
from routing.replay import NotReplayableError, replay
from tests.factories import NOW, AbsenceFactory, RepFactory
from tests.routing.desk import FACTS, give, owner_facts, owner_rule, pick, pool_of, publish, who

pytestmark = pytest.mark.django_db

RECEIPTS = 1_000


@pytest.fixture(autouse=True)
def afresh() -> None:
    compiled.cache_clear()


def last() -> Decision:
    return Decision.objects.latest("id")


def a_busy_desk() -> list[Facts]:
    """Rules of every strategy over eleven people, of whom some are away, capped or covered."""
    turns, loads = pool_of("ABCD", A=3, C=2), pool_of("EFG", E=2)
    owner, away, pod_member = (RepFactory.create(first_name=name, last_name="") for name in ("Owner", "Away", "Pod"))
    Pod.objects.create(code="north", name="North").members.add(pod_member)
    AbsenceFactory.create(rep=away, ends_at=NOW + timedelta(hours=9), cover=who("B"))
    AbsenceFactory.create(
        rep=who("C"), starts_at=NOW + timedelta(hours=2), ends_at=NOW + timedelta(hours=5), cover=pod_member
    )
    Rep.objects.filter(first_name="F").update(load_cap=3)
    publish(
        owner_rule("cover", code="R-own", conditions={"source": ["referral"]}),
        owner_rule("skip", code="R-maybe", conditions={"source": ["partner"]}),
        {"strategy": "pod", "code": "R-pod", "conditions": {"source": ["event"]}},
        {"code": "R-hold", "pool": turns, "when_unavailable": "hold", "conditions": {"source": ["web"]}},
        {"code": "R-cover", "pool": turns, "when_unavailable": "cover", "conditions": {"source": ["fair"]}},
        {"strategy": "least_loaded", "code": "R-load", "pool": loads, "conditions": {"segment": ["smb"]}},
        catch_all=turns,
    )
    kinds = [owner_facts(person, source=source) for person in (owner, away) for source in ("referral", "partner")]
    kind = HandoffType.SQL_TO_AE
    kinds += [
        Facts(handoff_type=kind, employee_count=40),
        Facts(handoff_type=kind, employee_count=4_200, country="NO"),
        Facts(handoff_type=kind, source="event", pod="north"),
        Facts(handoff_type=kind, source="web"),
        Facts(handoff_type=kind, source="fair"),
        Facts(handoff_type=kind),
    ]
    return kinds


def test_a_thousand_receipts_lead_to_the_same_owner_after_roster_and_rules_changed(
    record_property: Callable[[str, object], None],
) -> None:
    drawn = random.Random(11)
    kinds = a_busy_desk()
    for place in range(RECEIPTS):
        now = NOW + timedelta(seconds=30 * place)
        give(decide(drawn.choice(kinds), now=now), now=now)
    assert Counter(
        decision.rule.code for decision in Decision.objects.select_related("rule") if decision.rule
    ) > Counter(["R-own", "R-maybe", "R-pod", "R-hold", "R-cover", "R-load", "R-99"]), "every rule took some"
    assert Decision.objects.filter(rule__code="R-hold", chosen=None).exists(), "some waited for whose turn it was"
    assert Decision.objects.filter(rule__code="R-cover", chosen__first_name="Pod").exists(), "and some were covered"

    Membership.objects.update(weight=7, position=3)
    Rep.objects.filter(first_name__in="ABE").update(is_active=False, load_cap=0)
    Absence.objects.all().delete()
    Pod.objects.all().delete()
    RuleSet.objects.update(state=RuleSet.State.ARCHIVED)
    publish(catch_all=pool_of("Z"), number=4)
    compiled.cache_clear()

    decisions = Decision.objects.order_by("id")
    wrong = [decision.pk for decision in decisions if not replay(decision).is_same]
    record_property("counted", f"{len(decisions):,} stored receipts replayed, {len(wrong)} to another owner")
    assert (len(decisions), wrong) == (RECEIPTS, [])


def altered(change: Callable[[Decision], None]) -> tuple[str, ...]:
    """What a replay says of the last decision after one of its stored inputs was changed."""
    decision = last()
    change(decision)
    return replay(decision).differences


def candidate(decision: Decision, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in decision.receipt["candidates"] if each["name"] == name)
    return found


@pytest.fixture
def chosen_b() -> Decision:
    """A took the first turn and B the second; C is away."""
    publish(owner_rule("skip", conditions={"source": ["partner"]}), catch_all=pool_of("ABC", A=2))
    AbsenceFactory.create(rep=who("C"))
    assert (pick(), pick()) == ("A", "B")
    assert replay(last()).is_same
    return last()


def test_another_pointer_gives_another_owner(chosen_b: Decision) -> None:
    said = altered(lambda decision: candidate(decision, "A").update(pointer=-1))
    assert said == ("It goes to A, and B is stored.",)


def test_a_reason_that_is_taken_away_gives_another_owner(chosen_b: Decision) -> None:
    def back(decision: Decision) -> None:
        candidate(decision, "C").update(code="eligible", pointer=-1)

    assert altered(back) == ("It goes to C, and B is stored.",)


def test_an_owner_who_could_not_take_it_gives_nobody(chosen_b: Decision) -> None:
    def nobody_free(decision: Decision) -> None:
        for each in decision.receipt["candidates"]:
            each["code"] = "absent"

    assert altered(nobody_free) == ("It goes to nobody, and B is stored.",)


def test_other_facts_are_another_rule(chosen_b: Decision) -> None:
    def owned(decision: Decision) -> None:
        decision.facts |= {"source": "partner", "owners": {"account_owner": who("A").pk}}

    assert altered(owned) == ("The rule is R-1, and R-99 is stored.",)


def test_other_facts_are_another_segment_and_territory(chosen_b: Decision) -> None:
    def small_and_far(decision: Decision) -> None:
        decision.facts |= {"employee_count": 10, "country": "US"}

    assert altered(small_and_far) == (
        "The segment is smb, and enterprise is stored.",
        "The territory is none, and nordics is stored.",
    )


def test_a_ledger_that_does_not_add_up_is_told(chosen_b: Decision) -> None:
    def twice(decision: Decision) -> None:
        decision.receipt["ledger"]["after"] *= 2

    [said] = altered(twice)
    assert said.startswith("A turn of weight 1 does not lead from 0 to ")
    [said] = altered(lambda decision: candidate(decision, "B").update(pointer=-5))
    assert said == "The ledger begins at 0, and the pointer it began with was -5."


def test_a_rule_that_was_skipped_although_its_person_could_take_it_would_have_taken_it() -> None:
    owner = RepFactory.create(first_name="Owner", last_name="")
    publish(owner_rule("skip"), catch_all=pool_of("AB"))
    AbsenceFactory.create(rep=owner)
    assert pick(owner_facts(owner)) == "A"
    assert replay(last()).is_same

    def was_there(decision: Decision) -> None:
        decision.receipt["skipped"][0]["candidates"][0]["code"] = "eligible"

    assert altered(was_there)[0] == "The rule is R-1, and R-99 is stored."


def test_a_decision_for_nobody_replays_too() -> None:
    publish(catch_all=pool_of("AB"))
    Rep.objects.filter(first_name__in="AB").update(load_cap=0)
    assert pick(FACTS) == "-"
    assert replay(last()).is_same

    assert altered(lambda decision: candidate(decision, "B").update(code="eligible")) == (
        "It goes to B, and nobody is stored.",
    )


def test_a_receipt_of_another_format_is_refused_in_words() -> None:
    publish(catch_all=pool_of("A"))
    pick()
    decision = last()
    del decision.receipt["format"]
    with pytest.raises(NotReplayableError, match="has the format None, which another release wrote"):
        replay(decision)
