"""Who may take it: who is asked, who stands in, and when it is asked again."""

from datetime import timedelta

import pytest

from routing import compiling
from routing.append_only import maintenance
from routing.availability import Ask
from routing.decide import covers, decide, loaded
from routing.facts import Facts
from routing.matcher import NoRulesError
from routing.models import Decision, Function, Pool, Rep, RuleSet, Turn
from tests.factories import NOW, AbsenceFactory, AssignmentFactory, CalendarFactory, PodFactory, RepFactory
from tests.routing.desk import FACTS, give, owner_facts, owner_rule, pick, pool_of, publish, who

pytestmark = pytest.mark.django_db


# Who is asked.


def test_members_who_cover_the_territory_are_asked_first() -> None:
    publish(catch_all=pool_of("ABC"))
    Rep.objects.filter(first_name="A").update(territories=["dach"])
    Rep.objects.filter(first_name="B").update(territories=["nordics"])
    draft = decide(FACTS, now=NOW)
    assert [candidate.rep.first_name for candidate in draft.candidates] == ["B", "C"], "no list means everywhere"
    assert draft.notes == ()


def test_if_nobody_covers_the_territory_the_whole_pool_is_asked_and_the_receipt_says_so() -> None:
    pool = pool_of("AB")
    publish(catch_all=pool)
    Rep.objects.filter(memberships__pool=pool).update(territories=["dach"])
    outcome = give(decide(FACTS, now=NOW))
    assert outcome.rep == who("A")
    assert outcome.decision.receipt["notes"] == [f"nobody in {pool.name} covers nordics, so the whole pool was asked"]


def test_who_left_the_roster_covers_no_territory_but_is_told_of() -> None:
    pool = pool_of("ABC")
    publish(catch_all=pool)
    Rep.objects.filter(first_name="A").update(territories=["nordics"], is_active=False)
    Rep.objects.filter(first_name__in="BC").update(territories=["dach"])
    outcome = give(decide(FACTS, now=NOW))
    assert outcome.rep == who("B")
    assert outcome.decision.receipt["notes"] == [f"nobody in {pool.name} covers nordics, so the whole pool was asked"]

    Rep.objects.filter(first_name="C").update(territories=["nordics"])
    draft = decide(FACTS, now=NOW)
    assert [candidate.rep.first_name for candidate in draft.candidates] == ["A", "C"]
    assert (draft.eligible[0].rep, draft.notes) == (who("C"), ())


def test_what_lies_in_no_territory_goes_to_who_covers_all_else_to_the_whole_pool_and_the_receipt_says_so() -> None:
    pool = pool_of("AB")
    publish(catch_all=pool)
    nowhere = Facts(handoff_type="sql_to_ae", country="US")
    Rep.objects.filter(first_name="A").update(territories=["dach"])
    assert [candidate.rep.first_name for candidate in decide(nowhere, now=NOW).candidates] == ["B"]

    Rep.objects.filter(first_name="B").update(territories=["nordics"])
    outcome = give(decide(nowhere, now=NOW))
    assert outcome.rep == who("A")
    assert outcome.decision.receipt["notes"] == [
        f"it lies in no territory and everybody in {pool.name} covers only some, so the whole pool was asked"
    ]


def test_who_does_not_serve_the_segment_is_passed_over() -> None:
    publish(catch_all=pool_of("AB"))
    Rep.objects.filter(first_name="A").update(segments=["smb"])
    assert pick() == "B"
    assert pick(Facts(handoff_type="sql_to_ae", employee_count=5)) == "A"


def test_who_held_it_before_is_passed_over() -> None:
    publish(catch_all=pool_of("AB"))
    assert pick(excluded=frozenset({who("A").pk})) == "B"


def test_members_who_are_switched_off_and_pools_that_are_have_no_candidates() -> None:
    pool = pool_of("AB")
    publish(catch_all=pool)
    pool.memberships.filter(rep=who("A")).update(is_active=False)
    assert [candidate.rep for candidate in decide(FACTS, now=NOW).candidates] == [who("B")]
    Pool.objects.filter(pk=pool.pk).update(is_active=False)
    assert decide(FACTS, now=NOW).candidates == ()
    assert pick() == "-"


def test_a_team_that_was_asked_for_counts_only_its_own_rules() -> None:
    north, south = pool_of("N"), pool_of("S")
    publish({"pool": north}, catch_all=south)
    asked = Facts(handoff_type="sql_to_ae", to_team=south.team.code)
    outcome = give(decide(asked, now=NOW))
    assert outcome.rep == who("S")
    assert outcome.decision.receipt["skipped_rules"] == [f"R-1 {rule_name('R-1')}, another team"]


def test_a_team_that_no_rule_serves_is_refused_with_the_way_out() -> None:
    publish(catch_all=pool_of("A"))
    with pytest.raises(NoRulesError) as refused:
        decide(Facts(handoff_type="sql_to_ae", to_team="night-shift"), now=NOW)
    assert str(refused.value) == (
        "No rule of v3 gives this handoff to the team night-shift. Leave the team out, or add a rule for it."
    )


# When the chosen one is out.


def test_in_a_pool_where_all_are_off_work_it_is_held_until_the_first_opens() -> None:
    publish(catch_all=pool_of("AB"))
    Rep.objects.filter(first_name="A").update(calendar=CalendarFactory.create(week={"tue": [["14:00", "18:00"]]}))
    Rep.objects.filter(first_name="B").update(calendar=CalendarFactory.create(week={"tue": [["12:00", "18:00"]]}))
    outcome = give(decide(FACTS, now=NOW))
    assert (outcome.assignment, outcome.held_until) == (None, NOW + timedelta(hours=2))
    assert outcome.decision.outcome == Decision.Outcome.HELD
    assert not Turn.objects.exists()


def test_an_empty_pool_is_asked_again_soon() -> None:
    publish(catch_all=pool_of(""))
    assert give(decide(FACTS, now=NOW)).held_until == NOW + timedelta(minutes=5)


def test_assign_anyway_takes_the_next_in_turn_though_all_are_off_work() -> None:
    pool = pool_of("AB")
    publish({"pool": pool, "when_unavailable": "assign_anyway"}, catch_all=pool)
    for letter in "AB":
        AbsenceFactory.create(rep=who(letter))
    Rep.objects.filter(first_name="B").update(load_cap=0)
    assert [pick(), pick()] == ["A", "B"]


def test_assign_anyway_never_takes_who_left_who_held_it_before_or_who_does_not_serve_the_segment() -> None:
    pool = pool_of("ABC")
    publish({"pool": pool, "when_unavailable": "assign_anyway"}, catch_all=pool)
    Rep.objects.filter(first_name="A").update(is_active=False)
    Rep.objects.filter(first_name="C").update(segments=["smb"])
    assert pick(excluded=frozenset({who("B").pk})) == "-"


def test_an_owner_who_is_out_is_skipped_where_the_rule_says_so_and_the_next_rule_decides() -> None:
    owner = RepFactory.create(first_name="O")
    publish(owner_rule("skip", name="Account owner"), catch_all=pool_of("A"))
    AbsenceFactory.create(rep=owner)
    outcome = give(decide(owner_facts(owner), now=NOW))
    assert outcome.rep == who("A")
    assert outcome.decision.receipt["rule"] == "R-99"
    assert outcome.decision.receipt["skipped_rules"] == ["R-1 Account owner"]


def test_an_owner_who_is_out_is_waited_for_where_the_rule_says_so() -> None:
    owner = RepFactory.create(first_name="O")
    publish(owner_rule("hold"), catch_all=pool_of("A"))
    AbsenceFactory.create(rep=owner, ends_at=NOW + timedelta(hours=6))
    outcome = give(decide(owner_facts(owner), now=NOW))
    assert (outcome.rep, outcome.held_until) == (None, NOW + timedelta(hours=6))


def test_an_owner_who_is_out_gets_it_anyway_where_the_rule_says_so() -> None:
    owner = RepFactory.create(first_name="O")
    publish(owner_rule("assign_anyway"), catch_all=pool_of("A"))
    AbsenceFactory.create(rep=owner)
    assert pick(owner_facts(owner)) == "O"


def test_an_owner_who_left_never_gets_it_anyway() -> None:
    owner = RepFactory.create(first_name="O", is_active=False)
    publish(owner_rule("assign_anyway"), catch_all=pool_of("A"))
    assert pick(owner_facts(owner)) == "A"


def test_an_owner_who_left_is_covered_or_passed_over_but_never_waited_for() -> None:
    owner = RepFactory.create(first_name="O", is_active=False)
    publish(owner_rule("hold"), catch_all=pool_of("A"))
    assert pick(owner_facts(owner)) == "A"


def test_covers_are_asked_one_after_another_and_the_chain_is_bounded() -> None:
    last = RepFactory.create(first_name="Z")
    cover = last
    for letter in "VWXY":
        cover = RepFactory.create(first_name=letter, cover=cover)
        AbsenceFactory.create(rep=cover)
    owner = RepFactory.create(first_name="O", cover=cover)
    AbsenceFactory.create(rep=owner)
    publish(owner_rule("cover"), catch_all=pool_of("A"))
    draft = decide(owner_facts(owner), now=NOW)
    assert [candidate.rep.first_name for candidate in draft.candidates] == ["O", "Y", "X", "W", "V", "Z"]
    assert pick(owner_facts(owner)) == "Z"

    # One more link, and nobody goes looking that far.
    farther = RepFactory.create(first_name="P", cover=owner)
    AbsenceFactory.create(rep=farther)
    assert pick(owner_facts(farther)) == "-"


# Pods.


def test_a_ring_of_covers_from_before_asks_everybody_once() -> None:
    owner, cover, boss = (RepFactory.create(first_name=name, last_name="") for name in ("O", "C", "Boss"))
    for rep, stands_in in ((owner, cover), (cover, owner)):
        Rep.objects.filter(pk=rep.pk).update(cover=stands_in)
        AbsenceFactory.create(rep=rep)
    publish(owner_rule("cover"), catch_all=pool_of("A"))
    draft = decide(owner_facts(owner), now=NOW)
    assert [candidate.rep for candidate in draft.candidates] == [owner, cover]
    ask = Ask(now=NOW)
    [person] = loaded([owner.pk], ask, pool=None)
    assert [rep for rep, _ in covers(person, ask, owner_facts(owner), pool=None)] == [cover]
    owner.team.manager = boss
    owner.team.save()
    assert pick(owner_facts(owner)) == "Boss"


def test_a_cover_who_receives_no_such_handoffs_is_passed_by_for_their_own_cover() -> None:
    second = RepFactory.create(first_name="Second", last_name="")
    first = RepFactory.create(first_name="First", function=Function.SDR, cover=second)
    owner = RepFactory.create(first_name="O", cover=first)
    AbsenceFactory.create(rep=owner)
    publish(owner_rule("cover"), catch_all=pool_of("A"))
    assert pick(owner_facts(owner)) == "Second"


@pytest.mark.parametrize("which", ["cover", "manager"])
def test_whoever_hands_it_over_does_not_get_it_back_as_a_stand_in(which: str) -> None:
    sender = RepFactory.create(first_name="Sender", last_name="")
    owner = RepFactory.create(first_name="O", cover=sender if which == "cover" else None)
    if which == "manager":
        owner.team.manager = sender
        owner.team.save()
    AbsenceFactory.create(rep=owner)
    publish(owner_rule("cover"), catch_all=pool_of("A"))
    assert pick(owner_facts(owner, sender=sender.pk)) == "-"


def test_a_pods_member_in_the_receiving_role_takes_it_the_least_loaded_first() -> None:
    busy = RepFactory.create(first_name="P", function=Function.AE)
    free = RepFactory.create(first_name="Q", function=Function.AE)
    manager = RepFactory.create(first_name="R", function=Function.CSM)
    PodFactory.create(code="fjord", members=[busy, free, manager])
    AssignmentFactory.create(rep=busy)
    publish({"strategy": "pod"}, catch_all=pool_of("A"))
    assert pick(Facts(handoff_type="sql_to_ae", pod="fjord")) == "Q"
    assert pick(Facts(handoff_type="closed_to_cs", pod="fjord")) == "R"
    assert pick(Facts(handoff_type="sql_to_ae", pod="fjord", sender=free.pk)) == "P", "never the sender"
    assert pick(Facts(handoff_type="sql_to_ae")) == "A", "no pod owns it"


def test_a_pod_without_anybody_in_the_receiving_role_leaves_it_to_the_next_rule() -> None:
    PodFactory.create(code="fjord", members=[RepFactory.create(function=Function.CSM)])
    publish({"strategy": "pod"}, catch_all=pool_of("A"))
    assert pick(Facts(handoff_type="sql_to_ae", pod="fjord")) == "A"


def test_a_pod_whose_members_are_out_is_waited_for_unless_the_rule_skips() -> None:
    only = RepFactory.create(first_name="P", function=Function.AE)
    PodFactory.create(code="fjord", members=[only])
    AbsenceFactory.create(rep=only, ends_at=NOW + timedelta(hours=4))
    version = publish({"strategy": "pod", "when_unavailable": "hold"}, catch_all=pool_of("A"))
    facts = Facts(handoff_type="sql_to_ae", pod="fjord")
    assert decide(facts, now=NOW).held_until == NOW + timedelta(hours=4)
    with maintenance():
        version.rules.filter(code="R-1").update(when_unavailable="skip")
    compiling.compiled.cache_clear()
    assert pick(facts) == "A"


def rule_name(code: str) -> str:
    return str(RuleSet.objects.get().rules.get(code=code).name)
