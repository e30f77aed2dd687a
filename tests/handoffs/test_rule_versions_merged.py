"""Bringing a draft up to date with live rules that moved: what is a conflict, and in which order rules stand then."""

import pytest

from handoffs import rule_versions
from routing.models import RuleSet, User
from routing.publish import ConflictError
from tests.factories import NOW, Company
from tests.handoffs.versions import change, refusal, signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(firm: Company, draft: RuleSet, author: User) -> RuleSet:
    """A second draft of v1, while the first is still to go live."""
    return rule_versions.begin(based_on=firm.rule_set, title="Mine", by=author, now=NOW)


def publish(firm: Company, draft: RuleSet, author: User) -> None:
    rule_versions.make_live(signed(firm, draft, author), by=author, now=NOW)


def conflicts(version: RuleSet, by: User) -> list[str]:
    with pytest.raises(ConflictError) as refused:
        rule_versions.rebase(version, by=by, now=NOW)
    return list(refused.value.conflicts)


def swap(version: RuleSet, one: str, other: str) -> None:
    places = {code: version.rules.get(code=code).position for code in (one, other)}
    for code, position in ((one, 900), (other, places[one]), (one, places[other])):
        change(version, code, position=position)


def add(version: RuleSet, code: str, name: str) -> None:
    """A rule after all others, switched off."""
    last = version.rules.order_by("-position")[0]
    version.rules.create(
        code=code, name=name, position=last.position + 1, strategy="round_robin", pool=last.pool, is_enabled=False
    )


def order(version: RuleSet) -> list[str]:
    return list(version.rules.order_by("position").values_list("code", flat=True))


def test_the_same_change_in_both_is_no_conflict(firm: Company, draft: RuleSet, mine: RuleSet, author: User):
    change(mine, "R-220", target_minutes=90)
    publish(firm, draft, author)
    rebased = rule_versions.rebase(mine, by=author, now=NOW)
    assert rebased.rules.get(code="R-220").target_minutes == 90


def test_rules_added_in_both_under_one_code_are_a_conflict_unless_they_are_alike(
    firm: Company, draft: RuleSet, mine: RuleSet, author: User
):
    for version, name in ((draft, "Theirs"), (mine, "Mine")):
        add(version, "R-500", name)
        add(version, "R-501", "Alike")
    publish(firm, draft, author)
    [said] = conflicts(mine, author)
    assert said.startswith("Rule R-500 Mine was added in both, and not alike: ")


def test_the_live_order_is_taken_where_the_draft_moved_nothing(
    firm: Company, draft: RuleSet, mine: RuleSet, author: User
):
    swap(draft, "R-230", "R-240")
    publish(firm, draft, author)
    assert order(rule_versions.rebase(mine, by=author, now=NOW)) == order(draft) != order(firm.rule_set)


def test_the_drafts_order_is_kept_where_the_live_rules_moved_nothing(
    firm: Company, draft: RuleSet, mine: RuleSet, author: User
):
    swap(mine, "R-230", "R-240")
    wanted = order(mine)
    publish(firm, draft, author)
    assert order(rule_versions.rebase(mine, by=author, now=NOW)) == wanted != order(draft)


def test_rules_moved_in_both_are_a_conflict_unless_they_were_moved_alike(
    firm: Company, draft: RuleSet, mine: RuleSet, author: User
):
    alike = rule_versions.begin(based_on=firm.rule_set, title="Alike", by=author, now=NOW)
    swap(draft, "R-230", "R-240")
    swap(alike, "R-230", "R-240")
    swap(mine, "R-240", "R-250")
    wanted = order(mine)
    publish(firm, draft, author)
    assert order(rule_versions.rebase(alike, by=author, now=NOW)) == order(draft)
    assert conflicts(mine, author) == ["The order of the rules was changed in both, and not alike."]
    assert order(rule_versions.rebase(mine, by=author, now=NOW, keep_mine=True)) == wanted


def test_of_two_catch_alls_the_drafts_own_is_kept_and_it_is_said(
    firm: Company, draft: RuleSet, mine: RuleSet, author: User
):
    last = draft.rules.get(is_catch_all=True)
    draft.rules.filter(pk=last.pk).delete()
    last.pk, last.code = None, "R-998"
    last._state.adding = True
    last.save()
    publish(firm, draft, author)
    change(mine, "R-999", target_minutes=15)
    assert "Rule R-998 takes everything in the live rules, and the draft has a catch-all of its own." in conflicts(
        mine, author
    )
    kept = rule_versions.rebase(mine, by=author, now=NOW, keep_mine=True)
    assert [(rule.code, rule.target_minutes) for rule in kept.rules.filter(is_catch_all=True)] == [("R-999", 15)]


def test_a_draft_that_follows_no_version_is_told_to_begin_again(firm: Company, author: User):
    alone = RuleSet.objects.create(number=9, title="Alone", author=author, created_at=NOW)
    said = refusal(rule_versions.rebase, rule_set=alone, by=author, now=NOW)
    assert said == "Rules v9 are based on no version, so nothing can be compared. Begin a draft from the live rules."


def test_without_live_rules_there_is_nothing_to_rebase(firm: Company, mine: RuleSet, author: User):
    RuleSet.objects.filter(state="live").update(state="archived")
    assert "No rules are live" in refusal(rule_versions.rebase, rule_set=mine, by=author, now=NOW)
