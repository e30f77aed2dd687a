"""Versions of the rules when the live ones move: rebase, conflicts, and going back."""

from datetime import timedelta

import pytest

from handoffs import rule_signatures, rule_versions
from handoffs.models import Event
from routing import publish
from routing.models import Rule, RuleSet, User
from routing.publish import ConflictError
from tests.factories import NOW, Company
from tests.handoffs.versions import change, refusal, signed, state, submit, told

pytestmark = pytest.mark.django_db


# --- Rebase -----------------------------------------------------------------------------------------


@pytest.fixture
def behind(firm: Company, author: User, draft: RuleSet) -> RuleSet:
    """A second draft of v1, while the first went live."""
    second = rule_versions.begin(based_on=firm.rule_set, title="Second", by=author, now=NOW)
    rule_versions.make_live(signed(firm, draft, author), by=firm.user("ben"), now=NOW)
    return second


def test_a_draft_of_what_is_live_no_more_is_told_to_rebase(behind: RuleSet, author: User):
    said = refusal(rule_versions.submit, rule_set=behind, by=author, now=NOW)
    assert said.endswith("are based on v1, and v2 is live now. Rebase them first.")


def test_a_draft_of_an_older_version_keeps_what_it_says_when_others_go_live(
    firm: Company, behind: RuleSet, author: User
):
    older = rule_versions.begin(based_on=firm.rule_set, title="As it was", by=author, now=NOW)
    assert (older.based_on, older.rules.get(code="R-220").target_minutes) == (RuleSet.objects.get(state="live"), None)
    rule_versions.rebase(behind, by=author, now=NOW)
    change(behind, "R-240", target_minutes=15)
    rule_versions.make_live(signed(firm, behind, author), by=author, now=NOW)
    rebased = rule_versions.rebase(older, by=author, now=NOW)
    targets = dict(rebased.rules.values_list("code", "target_minutes"))
    assert (targets["R-220"], targets["R-240"]) == (None, 15), "its own, and what others changed since"


def test_signed_rules_are_not_published_once_live_moved(firm: Company, author: User, draft: RuleSet):
    other = rule_versions.begin(based_on=firm.rule_set, title="Other", by=author, now=NOW)
    change(other, "R-240", target_minutes=15)
    signed(firm, other, author)
    rule_versions.make_live(signed(firm, draft, author), by=author, now=NOW)
    assert "Rebase them first" in refusal(rule_versions.make_live, rule_set=other, by=author, now=NOW)
    rule_versions.rebase(other, by=author, now=NOW)
    assert state(other) == "draft"
    submit(other, author)
    assert "not signed for RevOps and Sales" in refusal(rule_versions.make_live, rule_set=other, by=author, now=NOW)


def test_a_rebase_takes_what_was_left_alone_and_keeps_what_was_changed(firm: Company, behind: RuleSet, author: User):
    change(behind, "R-240", name="Won")
    Rule.objects.filter(rule_set=behind, code="R-250").delete()
    Rule.objects.create(
        rule_set=behind, code="R-235", name="Extra", position=99, strategy="round_robin", pool=firm.pools["sdr"]
    )
    rebased = rule_versions.rebase(behind, by=author, now=NOW)
    found = {rule.code: rule for rule in rebased.rules.all()}
    assert found["R-220"].target_minutes == 90, "from the live rules"
    assert (found["R-240"].name, "R-250" in found) == ("Won", False)
    assert [rule.code for rule in rebased.rules.order_by("position")][-3:] == ["R-240", "R-235", "R-999"]
    assert (rebased.based_on, told(rebased)[-1]) == (
        RuleSet.objects.get(state="live"),
        "Brought up to date with v2; signatures are void",
    )


def test_who_edited_a_draft_does_not_sign_it_after_a_rebase_either(firm: Company, behind: RuleSet, author: User):
    rule_versions.edited(behind, what=["rule R-220"], by=firm.user("ben"), now=NOW)
    rule_versions.rebase(behind, by=author, now=NOW)
    assert firm.user("ben") in behind.editors.all()
    assert "You edited" in str(rule_signatures.why_not_sign(submit(behind, author), firm.user("ben"), at=NOW))


def test_conflicts_are_named_one_by_one_and_the_draft_stays_as_it_was(firm: Company, behind: RuleSet, author: User):
    change(behind, "R-220", target_minutes=30)
    before, version = publish.content_hash(behind), behind.version
    with pytest.raises(ConflictError) as refused:
        rule_versions.rebase(behind, by=author, now=NOW)
    [conflict] = refused.value.conflicts
    assert conflict.startswith("Rule R-220 SQL, smaller and partner was changed in both. Live: ")
    assert conflict.endswith("nothing → 90. The draft: first contact within (minutes): nothing → 30.")
    behind.refresh_from_db()
    assert (publish.content_hash(behind), behind.version, behind.based_on) == (before, version, firm.rule_set)
    kept = rule_versions.rebase(behind, by=author, now=NOW, keep_mine=True)
    assert kept.rules.get(code="R-220").target_minutes == 30


def test_what_one_removed_and_the_other_changed_is_a_conflict(behind: RuleSet, author: User):
    behind.rules.filter(code="R-220").delete()
    with pytest.raises(ConflictError) as refused:
        rule_versions.rebase(behind, by=author, now=NOW)
    assert "was removed in the draft and changed in the live rules" in refused.value.conflicts[0]


def test_a_draft_of_the_live_rules_has_nothing_to_rebase(draft: RuleSet, author: User):
    assert "nothing to rebase" in refusal(rule_versions.rebase, rule_set=draft, by=author, now=NOW)


# --- Going back -------------------------------------------------------------------------------------


def test_going_back_republishes_what_was_signed_under_a_new_number(firm: Company, behind: RuleSet, author: User):
    second = RuleSet.objects.get(state="live")
    change(behind, "R-240", target_minutes=15)
    rule_versions.rebase(behind, by=author, now=NOW)
    rule_versions.make_live(signed(firm, behind, author), by=author, now=NOW)
    back = rule_versions.go_back(second, by=firm.user("ben"), now=NOW + timedelta(hours=1))
    assert (back.number, back.state, back.content_hash) == (4, "live", RuleSet.objects.get(number=2).content_hash)
    assert state(second) == "archived"
    assert told(back) == ["Made from v2, under the signatures it had", "Went live in place of v3"]
    again = rule_versions.go_back(RuleSet.objects.get(number=3), by=author, now=NOW)
    assert rule_versions.go_back(back, by=author, now=NOW).number == again.number + 1, (
        "and back to what was gone back to"
    )


def test_what_was_live_once_is_gone_back_to_although_nobody_signed_it(firm: Company, behind: RuleSet, author: User):
    """The rules that a company begins with were never signed, and are what it goes back to when its first fail."""
    back = rule_versions.go_back(firm.rule_set, by=author, now=NOW)
    assert (back.number, back.state, state(RuleSet.objects.get(number=2))) == (4, "live", "archived")
    assert publish.content_hash(back) == publish.content_hash(firm.rule_set)
    assert told(back) == ["Made from v1, which was live before", "Went live in place of v2"]


def test_what_was_neither_live_nor_signed_does_not_come_back_by_itself(firm: Company, behind: RuleSet, author: User):
    RuleSet.objects.filter(pk=behind.pk).update(state="archived", content_hash=publish.content_hash(behind))
    said = refusal(rule_versions.go_back, version=behind, by=author, now=NOW)
    assert said == "Rules v3 were neither live nor signed, so they cannot go live at once. Submit them as a draft."
    assert not Event.objects.filter(verb__in=["rules_gone_back", "rules_live_again"]).exists()
    assert RuleSet.objects.get(state="live").number == 2


def test_only_what_is_archived_can_be_gone_back_to(firm: Company, draft: RuleSet, author: User):
    version = signed(firm, draft, author)
    assert "cannot be gone back to" in refusal(rule_versions.go_back, version=version, by=author, now=NOW)


# --- What was looked at -----------------------------------------------------------------------------


def test_an_approval_that_was_looked_at_before_it_changed_is_neither_taken_back_nor_published(
    firm: Company, draft: RuleSet, author: User
):
    seen = submit(draft, author).version
    rule_versions.take_back(draft, by=author, now=NOW)
    rule_versions.edited(draft, what=["rule R-220"], by=author, now=NOW)
    version = signed(firm, draft, author)
    for act in (rule_versions.take_back, rule_versions.make_live):
        said = refusal(act, rule_set=version, by=author, now=NOW, version=seen)
        assert said == (
            "Rules v2 are not what you saw (last edited by Rui Costa): they were changed since. Look at them again."
        )
    assert state(version) == "in_approval"
    version.refresh_from_db()
    rule_versions.make_live(version, by=author, now=NOW, version=version.version)
    assert state(version) == "live"


def test_a_rebase_goes_onto_what_was_looked_at_or_nowhere(firm: Company, behind: RuleSet, author: User):
    said = refusal(rule_versions.rebase, rule_set=behind, by=author, now=NOW, version=behind.version, live=1)
    assert said == "Rules v2 are live by now, and v1 were when you looked. Look again."
    said = refusal(rule_versions.rebase, rule_set=behind, by=author, now=NOW, version=behind.version + 1, live=2)
    assert "Rules v3 are not what you saw: they were changed since." in said
    rule_versions.rebase(behind, by=author, now=NOW, version=behind.version, live=2)
    assert behind.based_on == firm.rule_set
    assert RuleSet.objects.get(pk=behind.pk).based_on == RuleSet.objects.get(state="live")


def test_going_back_replaces_what_was_looked_at_or_nothing(firm: Company, behind: RuleSet, author: User):
    said = refusal(rule_versions.go_back, version=firm.rule_set, by=author, now=NOW, live=1)
    assert said == "Rules v2 are live by now, and v1 were when you looked. Look again."
    assert rule_versions.go_back(firm.rule_set, by=author, now=NOW, live=2).state == "live"
