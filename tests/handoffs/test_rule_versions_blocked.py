"""What stands in the way of a version: its own rules, its checks, and an author who is gone."""

import pytest

from handoffs import rule_signatures, rule_versions
from handoffs.models import Approval
from routing import publish
from routing.models import Rule, RuleSet, Segment, Territory, User
from routing.publish import BlockedError, VersionError
from tests.factories import NOW, CheckFactory, Company, SegmentFactory, TerritoryFactory
from tests.handoffs.versions import refusal, sign, signed, state, submit

pytestmark = pytest.mark.django_db


def problems(work: object, **arguments: object) -> list[tuple[str, str, str]]:
    """Kind, code and field of each problem that blocks."""
    with pytest.raises(BlockedError) as blocked:
        work(**arguments)  # type: ignore[operator]
    return [(problem.kind, problem.code, problem.field) for problem in blocked.value.problems]


def refused_draft(draft: RuleSet, author: User) -> list[tuple[str, str, str]]:
    found = problems(rule_versions.submit, rule_set=draft, by=author, now=NOW)
    assert state(draft) == "draft"
    return found


def test_a_rule_that_nothing_reaches_is_not_submitted(draft: RuleSet, author: User):
    rule = draft.rules.get(code="R-220")
    rule.pk, rule.code, rule.position, rule.is_catch_all = None, "R-221", 90, False
    rule._state.adding = True
    rule.save()
    assert {code for _, code, _ in refused_draft(draft, author)} == {"R-221"}


def test_a_rule_whose_pool_has_nobody_left_is_neither_submitted_nor_published(
    firm: Company, draft: RuleSet, author: User
):
    version = signed(firm, draft, author)
    draft.rules.get(code="R-220").pool.memberships.update(is_active=False)
    said = refusal(rule_versions.make_live, rule_set=version, by=author, now=NOW)
    assert "R-220 SQL, smaller and partner leads to nobody" in said
    rule_versions.take_back(version, by=author, now=NOW)
    assert "leads to nobody" in refusal(rule_versions.submit, rule_set=draft, by=author, now=NOW)


def test_a_check_that_fails_keeps_a_draft_from_being_submitted(draft: RuleSet, author: User):
    CheckFactory.create(name="Fjord", facts={"handoff_type": "sql_to_ae", "employee_count": 50}, rule_code="R-999")
    said = refusal(rule_versions.submit, rule_set=draft, by=author, now=NOW)
    assert "The check “Fjord” expects R-999, but R-220 SQL, smaller and partner takes the record." in said


def test_a_check_that_somebody_adds_after_the_signatures_blocks_publishing(firm: Company, draft: RuleSet, author: User):
    version = signed(firm, draft, author)
    CheckFactory.create(name="Fjord", facts={"handoff_type": "sql_to_ae", "employee_count": 50}, rule_code="R-999")
    assert "“Fjord” expects R-999" in refusal(rule_versions.make_live, rule_set=version, by=author, now=NOW)
    assert (state(version), state(firm.rule_set)) == ("in_approval", "live")


def test_bands_that_overlap_and_territories_that_tie_are_named_whoever_wrote_them(draft: RuleSet, author: User):
    SegmentFactory.create(rule_set=draft, code="small", name="Small", employees_from=0, employees_below=90)
    TerritoryFactory.create(rule_set=draft, code="twin", name="Twin", conditions={"country": ["NO"]})
    Segment.objects.filter(rule_set=draft, code="smb").update(employees_from=10)
    assert {kind for kind, _, _ in refused_draft(draft, author)} == {"segment", "territory"}


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"country": ["ZZ"]}, "country: “ZZ” is not a country code of ISO 3166"),
        ({"territory": ["emea-central"]}, "A territory cannot be made of territories"),
        ({"segment": ["micro"]}, "this version has no segment “micro”"),
    ],
)
def test_a_territory_that_cannot_be_is_named_with_its_field(
    draft: RuleSet, author: User, raw: dict[str, list[str]], sentence: str
):
    Territory.objects.filter(rule_set=draft, code="emea-north").update(conditions=raw)
    assert sentence in refusal(rule_versions.submit, rule_set=draft, by=author, now=NOW)
    assert ("territory", "emea-north", "conditions") in refused_draft(draft, author)


def test_a_rule_that_another_release_wrote_is_named_with_its_field(draft: RuleSet, author: User):
    Rule.objects.filter(rule_set=draft, code="R-220").update(conditions={"country": ["ZZ"]})
    assert refused_draft(draft, author) == [("rule", "R-220", "conditions")]


@pytest.mark.parametrize("where", ["live", "archived"])
def test_what_is_no_draft_is_not_rebased(firm: Company, draft: RuleSet, author: User, where: str):
    second = rule_versions.begin(based_on=firm.rule_set, title="Second", by=author, now=NOW)
    rule_versions.make_live(signed(firm, draft, author), by=author, now=NOW)
    rule_versions.rebase(second, by=author, now=NOW)
    if where == "archived":
        rule_versions.make_live(signed(firm, second, author), by=author, now=NOW)
    said = refusal(rule_versions.rebase, rule_set=draft, by=author, now=NOW)
    assert said.startswith(f"{draft} are {where}, so they cannot be rebased.")


def test_nobody_signs_what_has_no_author_any_more_until_somebody_submits_it_in_their_name(
    firm: Company, draft: RuleSet, author: User
):
    version = submit(draft, author)
    author.delete()
    version.refresh_from_db()
    arguments = {"seen_hash": version.content_hash, "by": firm.user("ben"), "now": NOW, "signed_at": NOW}
    assert "have no author any more" in refusal(rule_versions.sign, rule_set=version, **arguments)
    assert not Approval.objects.exists()
    rule_versions.take_back(version, by=firm.user("clara"), now=NOW)
    version = sign(submit(version, firm.user("clara")), firm.user("ben"))
    assert version.author == firm.user("clara")


def test_whoever_brings_a_draft_up_to_date_does_not_sign_it(firm: Company, draft: RuleSet, author: User):
    second = rule_versions.begin(based_on=firm.rule_set, title="Second", by=author, now=NOW)
    rule_versions.make_live(signed(firm, draft, author), by=author, now=NOW)
    rule_versions.rebase(second, by=firm.user("ben"), now=NOW)
    assert "You edited" in str(rule_signatures.why_not_sign(submit(second, author), firm.user("ben"), at=NOW))


def test_what_is_gone_back_to_must_say_what_was_signed(firm: Company, draft: RuleSet, author: User):
    version = signed(firm, draft, author)
    with pytest.raises(VersionError, match="cannot be gone back to"):
        publish.rollback(version, signed_hash=version.content_hash, by=author, now=NOW)
    rule_versions.make_live(version, by=author, now=NOW)
    with pytest.raises(VersionError, match="do not say what was signed then"):
        publish.rollback(firm.rule_set, signed_hash=version.content_hash, by=author, now=NOW)


@pytest.mark.parametrize("way", ["one side alone", "each side another time", "one side asked for changes"])
def test_only_what_both_sides_signed_at_one_time_comes_back_by_itself(
    firm: Company, draft: RuleSet, author: User, way: str
):
    """The signatures that `go_back` counts are those of one submission."""
    content = publish.content_hash(draft)
    version = sign(submit(draft, author), firm.user("ben"))
    if way == "each side another time":
        rule_versions.take_back(version, by=author, now=NOW)
        sign(submit(version, author), firm.user("clara"))
    if way == "one side asked for changes":
        arguments = {"seen_hash": version.content_hash, "by": firm.user("clara"), "now": NOW, "signed_at": NOW}
        rule_versions.ask_for_changes(version, comment="Too long", **arguments)  # type: ignore[arg-type]
    assert not rule_signatures.was_signed(content)
