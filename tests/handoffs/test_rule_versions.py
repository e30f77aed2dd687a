"""A version of the rules comes about: begun, submitted, signed by two sides, live; and every refusal on the way."""

from datetime import timedelta

import pytest

from handoffs import rule_signatures, rule_versions, timeline
from handoffs.models import Approval
from routing import compiling, publish
from routing.decide import decide
from routing.drafts import mark_edited
from routing.facts import Facts
from routing.models import RoleCode, Rule, RuleSet, Segment, Territory, User
from routing.publish import BlockedError
from tests.factories import (
    NOW,
    Company,
    DelegationFactory,
    PoolFactory,
    RepFactory,
    RoleFactory,
    TeamFactory,
    UserFactory,
)
from tests.handoffs.versions import change, refusal, sign, signed, state, submit, told

pytestmark = pytest.mark.django_db


# --- The straight way -------------------------------------------------------------------------------


def test_a_signed_version_goes_live_and_the_one_before_is_archived(firm: Company, draft: RuleSet, author: User):
    before = compiling.live_rules().number
    rule_versions.make_live(signed(firm, draft, author), by=firm.user("clara"), now=NOW)
    assert (state(draft), state(firm.rule_set)) == ("live", "archived")
    assert (before, compiling.live_rules().number) == (1, draft.number)
    facts = Facts(handoff_type="sql_to_ae", employee_count=50)
    assert decide(facts, now=NOW).match.line.target_minutes == 90


def test_every_act_is_a_line_of_a_chain_that_holds(firm: Company, draft: RuleSet, author: User):
    rule_versions.make_live(signed(firm, draft, author), by=firm.user("ben"), now=NOW)
    assert told(draft) == [
        "Begun as a copy of v1",
        "Submitted for signatures",
        "Signed for RevOps",
        "Signed for Sales leadership",
        "Went live in place of v1",
    ]
    assert told(firm.rule_set) == [f"Replaced by v{draft.number}"]
    assert timeline.first_broken(rule_signatures.stream_of(draft)) is None


def test_a_receipt_of_before_keeps_its_version(firm: Company, draft: RuleSet, author: User):
    matched = decide(Facts(handoff_type="sql_to_ae", employee_count=50), now=NOW).match
    rule_versions.make_live(signed(firm, draft, author), by=firm.user("ben"), now=NOW)
    assert matched.rules.rule_set_id == firm.rule_set.pk
    assert compiling.compiled(firm.rule_set.pk).number == 1


def test_the_hash_covers_what_routing_reads_and_nothing_else(firm: Company, draft: RuleSet):
    before = publish.content_hash(draft)
    RuleSet.objects.filter(pk=draft.pk).update(title="Another title", version=99)
    last = draft.rules.get(is_catch_all=True)
    last.position = 900
    last.save()
    assert publish.content_hash(draft) == before, "a gap in the numbering is no change"
    seen = {before}
    for edit in (
        lambda: change(draft, "R-220", target_minutes=91),
        lambda: change(draft, "R-220", conditions={"segment": ["smb"]}),
        lambda: change(draft, "R-220", is_enabled=False),
        lambda: change(draft, "R-220", pool=firm.pools["am"]),
        lambda: change(draft, "R-220", position=800),
        lambda: Segment.objects.filter(rule_set=draft, code="smb").update(employees_from=1),
        lambda: Territory.objects.filter(rule_set=draft, code="emea-north").update(conditions={"country": ["NO"]}),
        lambda: Territory.objects.filter(rule_set=draft, code="emea-north").delete(),
    ):
        edit()
        seen.add(publish.content_hash(draft))
    assert len(seen) == 9


# --- Who signs --------------------------------------------------------------------------------------


def test_one_signature_is_not_enough(firm: Company, draft: RuleSet, author: User):
    version = sign(submit(draft, author), firm.user("ben"))
    said = refusal(rule_versions.make_live, rule_set=version, by=firm.user("ben"), now=NOW)
    assert "not signed for Sales leadership yet" in said
    assert state(draft) == "in_approval"


def test_nobody_signs_for_both_sides(firm: Company, draft: RuleSet, author: User):
    both = UserFactory.create(groups=["revops", "leadership"])
    version = sign(submit(draft, author), both)
    said = refusal(
        rule_versions.sign, rule_set=version, seen_hash=version.content_hash, by=both, now=NOW, signed_at=NOW
    )
    assert "You have signed" in said
    assert Approval.objects.get().side == "revops"


@pytest.mark.parametrize("superuser", [False, True])
def test_the_author_never_signs_not_even_as_superuser(firm: Company, draft: RuleSet, author: User, superuser: bool):
    User.objects.filter(pk=author.pk).update(is_superuser=superuser)
    version = submit(draft, author)
    writer = User.objects.get(pk=author.pk)
    arguments = {"seen_hash": version.content_hash, "by": writer, "now": NOW, "signed_at": NOW}
    assert "You wrote" in refusal(rule_versions.sign, rule_set=version, **arguments)
    assert "You wrote" in refusal(rule_versions.ask_for_changes, rule_set=version, comment="No", **arguments)
    assert not Approval.objects.exists()


@pytest.mark.parametrize("superuser", [False, True])
def test_whoever_edited_it_does_not_sign(firm: Company, draft: RuleSet, author: User, superuser: bool):
    User.objects.filter(pk=firm.user("ben").pk).update(is_superuser=superuser)
    editor = User.objects.get(pk=firm.user("ben").pk)
    mark_edited(draft, by=editor, now=NOW)
    version = submit(draft, author)
    arguments = {"seen_hash": version.content_hash, "by": editor, "now": NOW, "signed_at": NOW}
    assert "You edited" in refusal(rule_versions.sign, rule_set=version, **arguments)


@pytest.mark.parametrize("act", ["draft", "in approval"])
def test_nothing_is_begun_from_what_was_never_live(firm: Company, draft: RuleSet, author: User, act: str):
    """Whoever wrote it is the author of no copy, and would sign their own words there."""
    if act == "in approval":
        submit(draft, author)
    said = refusal(rule_versions.begin, based_on=draft, title="Copy", by=firm.user("ben"), now=NOW)
    assert said == f"Rules v{draft.number} were never live, so no draft is based on them. Begin from the live rules."
    assert RuleSet.objects.count() == 2


def test_a_superuser_without_an_office_neither_signs_nor_publishes_past_the_signatures(
    firm: Company, draft: RuleSet, author: User
):
    root = UserFactory.create(is_superuser=True)
    version = submit(draft, author)
    arguments = {"seen_hash": version.content_hash, "by": root, "now": NOW, "signed_at": NOW}
    assert "Only RevOps and sales leadership" in refusal(rule_versions.sign, rule_set=version, **arguments)
    assert "not signed" in refusal(rule_versions.make_live, rule_set=version, by=root, now=NOW)


def test_the_sales_manager_and_whom_they_delegate_to_sign_for_leadership(firm: Company, draft: RuleSet, author: User):
    version = submit(draft, author)
    DelegationFactory.create(
        holder=firm.reps["elena"],
        delegate=firm.reps["ingrid"],
        role=RoleCode.SALES_MANAGER,
        starts_at=NOW - timedelta(days=1),
        ends_at=NOW + timedelta(days=1),
    )
    assert rule_signatures.why_not_sign(version, firm.user("elena"), at=NOW) is None
    assert rule_signatures.why_not_sign(version, firm.user("ingrid"), at=NOW) is None
    assert rule_signatures.why_not_sign(version, firm.user("ingrid"), at=NOW + timedelta(days=2)) is not None
    sign(version, firm.user("ingrid"))
    assert Approval.objects.values_list("side", "role").get() == ("leadership", RoleCode.SALES_MANAGER)


@pytest.mark.parametrize("key", ["carsten", "mara", "ingrid"])
def test_nobody_else_signs(firm: Company, draft: RuleSet, author: User, key: str):
    version = submit(draft, author)
    assert "Only RevOps and sales leadership" in str(rule_signatures.why_not_sign(version, firm.user(key), at=NOW))


def test_who_holds_an_office_and_has_left_does_not_sign(firm: Company, draft: RuleSet, author: User):
    gone = RepFactory.create(user=UserFactory.create(), is_active=False)
    RoleFactory.create(code=RoleCode.SALES_MANAGER, team=TeamFactory.create(), holder=gone)
    assert rule_signatures.why_not_sign(submit(draft, author), gone.user, at=NOW) is not None


def test_a_side_that_is_signed_for_leaves_nothing_to_sign(firm: Company, draft: RuleSet, author: User):
    version = sign(submit(draft, author), firm.user("clara"))
    assert "signed for Sales leadership already" in str(
        rule_signatures.why_not_sign(version, firm.user("elena"), at=NOW)
    )


# --- What voids a signature -------------------------------------------------------------------------


def test_signing_something_else_than_what_was_seen_is_refused(firm: Company, draft: RuleSet, author: User):
    version = submit(draft, author)
    arguments = {"seen_hash": "0" * 64, "by": firm.user("ben"), "now": NOW, "signed_at": NOW}
    assert "do not say any more what you saw" in refusal(rule_versions.sign, rule_set=version, **arguments)


def test_an_edit_voids_the_signatures(firm: Company, draft: RuleSet, author: User):
    version = signed(firm, draft, author)
    rule_versions.take_back(version, by=author, now=NOW)
    change(version, "R-220", target_minutes=45)
    submit(version, author)
    said = refusal(rule_versions.make_live, rule_set=version, by=author, now=NOW)
    assert "not signed for RevOps and Sales leadership" in said


def test_taking_it_back_voids_the_signatures_even_without_an_edit(firm: Company, draft: RuleSet, author: User):
    version = signed(firm, draft, author)
    assert rule_signatures.standing(rule_versions.take_back(version, by=author, now=NOW)).signed == {}
    submit(version, author)
    assert "not signed" in refusal(rule_versions.make_live, rule_set=version, by=author, now=NOW)
    sign(version, firm.user("ben"), firm.user("clara"))
    rule_versions.make_live(version, by=author, now=NOW)
    assert state(version) == "live"


def change_past_everything(version: RuleSet) -> None:
    RuleSet.objects.filter(pk=version.pk).update(state="draft")
    Rule.objects.filter(rule_set=version, code="R-220").update(target_minutes=1)
    RuleSet.objects.filter(pk=version.pk).update(state="in_approval")


def test_content_that_was_changed_past_everything_is_not_signed(firm: Company, draft: RuleSet, author: User):
    version = submit(draft, author)
    change_past_everything(version)
    arguments = {"seen_hash": version.content_hash, "by": firm.user("ben"), "now": NOW, "signed_at": NOW}
    assert "do not say any more what you saw" in refusal(rule_versions.sign, rule_set=version, **arguments)


def test_content_that_was_changed_past_everything_is_not_published(firm: Company, draft: RuleSet, author: User):
    version = signed(firm, draft, author)
    change_past_everything(version)
    assert "do not say what was signed" in refusal(rule_versions.make_live, rule_set=version, by=author, now=NOW)
    assert state(firm.rule_set) == "live"


def test_asking_for_changes_needs_words_and_makes_it_a_draft_again(firm: Company, draft: RuleSet, author: User):
    version = submit(draft, author)
    arguments = {"seen_hash": version.content_hash, "by": firm.user("clara"), "now": NOW, "signed_at": NOW}
    assert "Say in a sentence" in refusal(rule_versions.ask_for_changes, rule_set=version, comment=" ", **arguments)
    rule_versions.ask_for_changes(version, comment="90 minutes is too long", **arguments)
    assert state(version) == "draft"
    assert told(version)[-1] == "Changes asked for by Sales leadership; a draft again"
    [answer] = rule_signatures.standing(version).answers
    assert (answer.verdict, answer.comment) == ("changes", "90 minutes is too long")
    submit(version, author)
    assert rule_signatures.why_not_sign(version, firm.user("clara"), at=NOW) is None, "they may sign the next one"
    sign(version, firm.user("clara"))


# --- What blocks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["submit", "take_back", "make_live"])
def test_what_does_not_go_with_the_state_is_refused_with_the_state(firm: Company, act: str):
    said = refusal(getattr(rule_versions, act), rule_set=firm.rule_set, by=firm.user("ben"), now=NOW)
    assert said.startswith("Rules v1 are live, so they cannot be")


def test_a_draft_cannot_be_signed(firm: Company, draft: RuleSet):
    arguments = {"seen_hash": "", "by": firm.user("ben"), "now": NOW, "signed_at": NOW}
    assert "nothing to sign" in refusal(rule_versions.sign, rule_set=draft, **arguments)


def test_a_draft_that_was_deleted_meanwhile_is_told_of(firm: Company, draft: RuleSet, author: User):
    seen = RuleSet.objects.get(pk=draft.pk)
    draft.delete()
    assert "somebody deleted the draft" in refusal(rule_versions.submit, rule_set=seen, by=author, now=NOW)


def test_a_draft_edited_since_it_was_looked_at_is_not_submitted(firm: Company, draft: RuleSet, author: User):
    seen = draft.version
    rule_versions.edited(draft, what=["rule R-220"], by=firm.user("ben"), now=NOW)
    said = refusal(rule_versions.submit, rule_set=draft, by=author, now=NOW, version=seen)
    assert "not what you saw (last edited by Ben Akerman)" in said
    assert told(draft)[-1] == "Edited: rule R-220"


def test_who_submits_what_somebody_else_submitted_meanwhile_is_told_where_it_stands(draft: RuleSet, author: User):
    seen = draft.version
    submit(draft, author)
    said = refusal(rule_versions.submit, rule_set=draft, by=author, now=NOW, version=seen)
    assert "are in approval, so they cannot be submitted" in said


def test_unsound_rules_are_not_submitted_and_every_problem_is_named(firm: Company, draft: RuleSet, author: User):
    change(draft, "R-220", conditions={"segment": ["micro"]})
    change(draft, "R-230", pool=PoolFactory.create(name="Closed pool", is_active=False))
    with pytest.raises(BlockedError) as blocked:
        submit(draft, author)
    assert {(problem.code, problem.field) for problem in blocked.value.problems} == {
        ("R-220", "conditions"),
        ("R-230", "pool"),
    }
    assert state(draft) == "draft"


def test_a_pool_that_closes_after_the_signatures_blocks_publishing(firm: Company, draft: RuleSet, author: User):
    version = signed(firm, draft, author)
    firm.pools["sdr"].is_active = False
    firm.pools["sdr"].save()
    assert "is not active" in refusal(rule_versions.make_live, rule_set=version, by=author, now=NOW)


def test_a_version_without_a_catch_all_is_refused(firm: Company, draft: RuleSet, author: User):
    draft.rules.filter(is_catch_all=True).delete()
    assert "have no catch-all" in refusal(rule_versions.submit, rule_set=draft, by=author, now=NOW)
