"""The pages about versions of the rules: what they show to whom, and the way from draft to live by plain forms."""

import re
from typing import Any

import pytest
from django.test import Client

from handoffs import rule_versions
from handoffs.models import Approval
from routing.models import Check, Role, RuleSet, User
from routing.version_locks import VersionError
from tests import factories
from tests.factories import NOW, CheckFactory, Company
from tests.handoffs.pages.conftest import SignIn
from tests.handoffs.pages.reading import html, words
from tests.handoffs.versions import change, sign, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def author(firm: Company) -> User:
    return factories.UserFactory.create(first_name="Rui", last_name="Costa", groups=["revops"])


@pytest.fixture
def draft(firm: Company, author: User) -> RuleSet:
    begun = rule_versions.begin(based_on=firm.rule_set, title="Sooner for the smaller", by=author, now=NOW)
    change(begun, "R-220", target_minutes=90)
    return begun


def press(client: Client, version: RuleSet, act: str, **typed: Any) -> Any:
    """Opens the form of an act and sends it back as it is shown, with what is typed."""
    where = f"/rules/{version.number}/{act}/"
    shown = client.get(where)
    assert shown.status_code == 200, words(shown)
    form = shown.context["form"]
    hidden = {field.html_name: field.value() or "" for field in form.hidden_fields()}
    return client.post(where, hidden | typed, follow=True)


def test_a_finding_names_a_record_and_leads_to_where_something_can_be_done(draft: RuleSet, sign_in: SignIn):
    change(draft, "R-220", is_enabled=False)
    CheckFactory.create(name="Fjord", facts={"handoff_type": "sql_to_ae", "employee_count": 50}, rule_code="R-220")
    User.objects.filter(email="ben@fathomline.example").update(is_staff=True)
    page = sign_in("ben").get(f"/rules/{draft.number}/")
    assert re.search(
        r"Add a rule for them, or leave them to the catch-all\. For example an? [^.]+\. Add a rule", words(page)
    )
    assert f'href="/admin/routing/ruleset/{draft.pk}/change/#rules"' in page.content.decode()
    assert "“Fjord” expects R-220" in words(page)
    assert f'href="/admin/routing/check/{Check.objects.get().pk}/change/"' in page.content.decode()


def test_a_draft_goes_live_by_plain_forms(firm: Company, sign_in: SignIn, author: User):
    rui, ben, clara = Client(), sign_in("ben"), sign_in("clara")
    rui.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
    answer = press(rui, firm.rule_set, "begin", title="Sooner")
    assert "Rules v2 are begun." in words(answer)
    draft = RuleSet.objects.get(number=2)
    change(draft, "R-220", target_minutes=90)
    assert "Rules v2 wait for signatures." in words(press(rui, draft, "submit"))
    assert "You wrote Rules v2, so somebody else signs them." in words(rui.get("/rules/2/"))
    page = words(press(ben, draft, "sign"))
    assert "You have signed Rules v2." in page
    assert "RevOps manager, signed 10:00" in page or "RevOps director, signed 10:00" in page
    press(clara, draft, "sign")
    assert "Rules v2 are live." in words(press(clara, draft, "publish"))
    assert RuleSet.objects.get(state="live").number == 2
    history = words(clara.get("/rules/2/"))
    assert history.index("Went live in place of v1") < history.index("Begun as a copy of v1"), "the latest first"


def test_the_page_says_what_changes_in_words(draft: RuleSet, sign_in: SignIn):
    page = words(sign_in("ben").get(f"/rules/{draft.number}/"))
    assert "Rule R-220 SQL, smaller and partner" in page
    assert "First contact within (minutes) before: nothing now: 90" in page


def test_what_blocks_it_is_said_with_the_way_there_for_staff_alone(draft: RuleSet, sign_in: SignIn, firm: Company):
    firm.pools["ae_general"].is_active = False
    firm.pools["ae_general"].save()
    sentence = "Blocks it. General AE is not active, so nobody in it takes anything. Choose another pool."
    address = f"/admin/routing/rule/{draft.rules.get(code='R-220').pk}/change/"
    leadership = sign_in("clara").get(f"/rules/{draft.number}/")
    assert sentence in words(leadership)
    assert address not in leadership.content.decode()
    User.objects.filter(pk=firm.user("ben").pk).update(is_staff=True)
    assert address in sign_in("ben").get(f"/rules/{draft.number}/").content.decode()
    refused = press(sign_in("ben"), draft, "submit")
    assert refused.status_code == 409
    assert sentence in words(refused)


def test_buttons_are_offered_to_those_who_may_and_when_they_help(draft: RuleSet, sign_in: SignIn, author: User):
    def offered(key: str) -> list[str]:
        return [act.name for act in sign_in(key).get(f"/rules/{draft.number}/").context["offers"]]

    assert (offered("ben"), offered("clara")) == (["submit"], [])
    submit(draft, author)
    assert (offered("ben"), offered("clara")) == (["sign", "ask_for_changes", "take_back"], ["sign", "ask_for_changes"])
    sign(draft, User.objects.get(email="ben@fathomline.example"))
    assert offered("ben") == ["take_back"]
    sign(draft, User.objects.get(email="clara@fathomline.example"))
    assert (offered("ben"), offered("elena")) == (["publish", "take_back"], ["publish"])


def test_asking_for_changes_is_read_by_the_author(draft: RuleSet, sign_in: SignIn, author: User):
    submit(draft, author)
    empty = press(sign_in("clara"), draft, "changes", comment="  ")
    assert (empty.status_code, "Say in a sentence" in words(empty)) == (422, True)
    press(sign_in("clara"), draft, "changes", comment="<b>Too slow</b> for partners")
    page = sign_in("ben").get(f"/rules/{draft.number}/")
    assert "Clara Voss asked for changes" in words(page)
    assert "&lt;b&gt;Too slow&lt;/b&gt;" in page.content.decode()


def test_what_was_signed_elsewhere_meanwhile_is_refused_with_409(draft: RuleSet, sign_in: SignIn, author: User):
    submit(draft, author)
    seen = RuleSet.objects.get(pk=draft.pk).content_hash
    rule_versions.take_back(draft, by=author, now=NOW)
    answer = sign_in("clara").post(f"/rules/{draft.number}/sign/", {"seen_hash": seen})
    assert answer.status_code == 409
    assert "so there is nothing to sign" in words(answer)
    assert not Approval.objects.exists()


def test_a_rebase_with_conflicts_names_them_and_offers_to_keep_the_drafts_own(
    firm: Company, draft: RuleSet, sign_in: SignIn, author: User
):
    other = rule_versions.begin(based_on=firm.rule_set, title="Other", by=author, now=NOW)
    change(other, "R-220", target_minutes=30)
    rule_versions.make_live(sign(submit(draft, author), firm.user("ben"), firm.user("clara")), by=author, now=NOW)
    ben = sign_in("ben")
    assert "Other rules went live since" in words(ben.get(f"/rules/{other.number}/"))
    refused = press(ben, other, "rebase")
    assert refused.status_code == 409
    assert "Rule R-220 SQL, smaller and partner was changed in both." in words(refused)
    assert "are based on the live rules now" in words(press(ben, other, "rebase", keep_mine="on"))
    assert other.rules.get(code="R-220").target_minutes == 30


def test_going_back_takes_one_press_and_says_what_it_changes(
    firm: Company, draft: RuleSet, sign_in: SignIn, author: User
):
    rule_versions.make_live(sign(submit(draft, author), firm.user("ben"), firm.user("clara")), by=author, now=NOW)
    third = rule_versions.begin(based_on=draft, title="Third", by=author, now=NOW)
    change(third, "R-240", target_minutes=15)
    rule_versions.make_live(sign(submit(third, author), firm.user("ben"), firm.user("clara")), by=author, now=NOW)
    clara = sign_in("clara")
    assert "Rule R-240 Closed won" in words(clara.get(f"/rules/{draft.number}/go-back/"))
    assert "Rules v4 are live." in words(press(clara, draft, "go-back"))


def test_a_form_that_shows_what_is_no_more_is_refused_and_comes_back_as_things_are(
    firm: Company, draft: RuleSet, sign_in: SignIn, author: User
):
    version = sign(submit(draft, author), firm.user("ben"), firm.user("clara"))
    ben = sign_in("ben")

    def send(act: str, **typed: Any) -> Any:
        return ben.post(f"/rules/{version.number}/{act}/", typed)

    for act in ("take-back", "publish"):
        answer = send(act, seen_version=version.version - 1)
        assert (answer.status_code, "Rules v2 are not what you saw" in words(answer)) == (409, True)
        assert answer.context["form"]["seen_version"].value() == str(version.version)
        assert send(act).status_code == 409, "it does not say what it showed"
    version.refresh_from_db()
    assert version.state == "in_approval"
    shown = ben.get("/rules/2/publish/").context["form"]
    send("publish", **{field.html_name: field.value() or "" for field in shown.hidden_fields()})
    assert RuleSet.objects.get(state="live").number == 2
    stale = ben.post("/rules/1/go-back/", {"seen_live": "1"})
    assert (stale.status_code, "Rules v2 are live by now" in words(stale)) == (409, True)
    assert press(ben, firm.rule_set, "go-back").redirect_chain == [("/rules/3/", 302)]


def test_a_rebase_onto_other_rules_than_were_shown_is_refused(
    firm: Company, draft: RuleSet, sign_in: SignIn, author: User
):
    other = rule_versions.begin(based_on=firm.rule_set, title="Other", by=author, now=NOW)
    rule_versions.make_live(sign(submit(draft, author), firm.user("ben"), firm.user("clara")), by=author, now=NOW)
    seen = {"seen_version": other.version, "seen_live": 2}
    for stale in ({"seen_version": 9}, {"seen_live": 1}, {"seen_live": ""}):
        answer = sign_in("ben").post(f"/rules/{other.number}/rebase/", seen | stale)
        assert answer.status_code == 409
        assert RuleSet.objects.get(pk=other.pk).based_on == firm.rule_set
    assert sign_in("ben").post(f"/rules/{other.number}/rebase/", seen).status_code == 302


def test_a_draft_that_is_deleted_while_its_form_is_open_is_told_of(draft: RuleSet, sign_in: SignIn):
    ben = sign_in("ben")
    assert ben.get(f"/rules/{draft.number}/submit/").status_code == 200
    draft.delete()
    assert ben.post(f"/rules/{draft.number}/submit/", {"seen_version": "1"}).status_code == 404


@pytest.mark.parametrize("key", ["ingrid", "carsten", "mara"])
def test_for_others_there_are_no_rules_and_no_entry_in_the_navigation(draft: RuleSet, sign_in: SignIn, key: str):
    client = sign_in(key)
    for address in ("/rules/", f"/rules/{draft.number}/", f"/rules/{draft.number}/sign/"):
        assert client.get(address).status_code == 404
    assert 'href="/rules/"' not in client.get("/").content.decode()
    assert 'href="/rules/"' in sign_in("elena").get("/").content.decode()


@pytest.mark.parametrize("number", ["0", "99", "99999999999999999999"])
def test_a_version_that_never_was_is_not_found(firm: Company, sign_in: SignIn, number: str):
    answer = sign_in("ben").get(f"/rules/{number}/")
    assert answer.status_code == 404
    assert f"There is no version {number} of the rules. Choose one of the list" in words(answer)
    assert "people whose work you do not see" in words(sign_in("ingrid").get(f"/rules/{number}/"))


def test_without_any_rules_the_list_says_so(sign_in: SignIn, firm: Company):
    RuleSet.objects.update(state="archived")
    assert "No version is live, so nothing can be routed" in words(sign_in("ben").get("/rules/"))


@pytest.mark.parametrize("typed", [{"seen_version": "x"}, {"seen_version": ""}, {"seen_version": "9" * 30}])
def test_a_forged_number_of_an_edit_is_refused_and_never_an_error(
    draft: RuleSet, sign_in: SignIn, typed: dict[str, str]
):
    answer = sign_in("ben").post(f"/rules/{draft.number}/submit/", typed)
    assert answer.status_code in {409, 422}
    assert RuleSet.objects.get(pk=draft.pk).state == "draft"


def test_a_signer_sees_in_the_navigation_and_the_list_that_a_version_waits(
    draft: RuleSet, sign_in: SignIn, author: User
):
    entry = "Rules , 1 to sign"
    assert entry not in words(sign_in("ben").get("/"))
    submit(draft, author)
    for key in ("ben", "clara", "elena"):
        client = sign_in(key)
        assert entry in words(client.get("/"))
        assert "Sooner for the smaller , waits for your signature." in words(client.get("/rules/"))
    assert "to sign" not in words(sign_in("ingrid").get("/"))
    sign(draft, User.objects.get(email="ben@fathomline.example"))
    assert "to sign" not in words(sign_in("ben").get("/"))
    assert "waits for your signature" not in words(sign_in("ben").get("/rules/"))


def test_the_notice_of_a_version_leads_to_it_while_the_reader_may_see_it(
    draft: RuleSet, sign_in: SignIn, author: User, firm: Company
):
    submit(draft, author)
    link = f'href="/rules/{draft.number}/"'
    assert link in html(sign_in("elena").get("/notices/"))
    Role.objects.filter(holder=firm.reps["elena"]).delete()
    page = sign_in("elena").get("/notices/")
    assert "Version 2 of the rules waits for your signature" in words(page)
    assert link not in html(page)


def test_the_notice_of_a_deleted_draft_stays_and_leads_nowhere(draft: RuleSet, sign_in: SignIn, author: User):
    rule_versions.take_back(submit(draft, author), by=author, now=NOW)
    draft.delete()
    assert "Version 2 of the rules waits for your signature" in words(sign_in("ben").get("/notices/"))


def test_what_is_blocked_is_not_offered_to_be_submitted_and_the_page_says_why(
    draft: RuleSet, sign_in: SignIn, firm: Company
):
    assert "submit" in [act.name for act in sign_in("ben").get(f"/rules/{draft.number}/").context["offers"]]
    firm.pools["ae_general"].is_active = False
    firm.pools["ae_general"].save()
    page = sign_in("ben").get(f"/rules/{draft.number}/")
    assert "submit" not in [act.name for act in page.context["offers"]]
    assert "Something in these rules keeps them from being submitted. See the findings" in words(page)


def test_conditions_and_types_are_named_as_people_name_them(draft: RuleSet, sign_in: SignIn):
    change(draft, "R-220", conditions={"handoff_type": ["sql_to_ae"], "segment": ["mid_market"]})
    page = words(sign_in("ben").get(f"/rules/{draft.number}/"))
    assert "now: handoff type is SQL; segment is Mid-market" in page
    assert "sql_to_ae" not in page


def test_a_comment_beyond_measure_is_refused_in_our_words(draft: RuleSet, sign_in: SignIn, author: User):
    submit(draft, author)
    answer = press(sign_in("clara"), draft, "changes", comment="ß" * 10_000)
    assert (answer.status_code, Approval.objects.count()) == (422, 0)
    assert "Say it in at most 2000 characters; these are 10000." in words(answer)


def test_a_version_that_is_behind_is_signed_by_nobody_until_it_is_rebased(
    firm: Company, draft: RuleSet, sign_in: SignIn, author: User
):
    other = rule_versions.begin(based_on=firm.rule_set, title="Other", by=author, now=NOW)
    change(other, "R-240", target_minutes=30)
    submit(other, author)
    rule_versions.make_live(sign(submit(draft, author), firm.user("ben"), firm.user("clara")), by=author, now=NOW)
    clara = sign_in("clara")
    page = clara.get(f"/rules/{other.number}/")
    assert "are based on v1, and v2 is live now. Rebase them first" in words(page)
    assert page.context["offers"] == []
    assert [act.name for act in sign_in("ben").get(f"/rules/{other.number}/").context["offers"]] == [
        "rebase",
        "take_back",
    ]
    other.refresh_from_db()
    with pytest.raises(VersionError, match="Rebase them first"):
        rule_versions.sign(other, seen_hash=other.content_hash, by=firm.user("clara"), now=NOW, signed_at=NOW)
    assert "waits for your signature" not in words(clara.get("/rules/"))


def test_once_both_have_signed_the_page_says_that_it_can_be_published(
    firm: Company, draft: RuleSet, sign_in: SignIn, author: User
):
    sign(submit(draft, author), firm.user("ben"), firm.user("clara"))
    said = words(sign_in("ben").get(f"/rules/{draft.number}/"))
    assert "Both sides have signed Rules v2. They can be published now." in said
    assert "for somebody else to sign" not in said


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        ("sign", "Rules v2 are a draft, and “Sign” is for a version that is in approval."),
        ("publish", "Rules v2 are a draft, and “Publish” is for a version that is in approval."),
        ("rebase", "Rules v2 are based on the live rules already. There is nothing to rebase."),
        ("go-back", "Rules v2 are a draft, and “Go back to these” is for a version that is archived."),
    ],
)
def test_a_form_that_could_not_be_sent_shows_why_instead(
    draft: RuleSet, sign_in: SignIn, firm: Company, act: str, sentence: str
):
    ben = sign_in("ben")
    shown = ben.get(f"/rules/{draft.number}/{act}/")
    assert (shown.status_code, sentence in words(shown)) == (409, True), words(shown)
    assert 'type="submit"' not in shown.content.decode().partition("<main")[2].partition("</main")[0]


def test_publishing_is_refused_at_once_while_a_signature_is_missing(draft: RuleSet, sign_in: SignIn, author: User):
    submit(draft, author)
    shown = sign_in("ben").get(f"/rules/{draft.number}/publish/")
    assert shown.status_code == 409
    assert "are not signed for RevOps and Sales leadership yet" in words(shown)


def test_a_check_written_since_does_not_bar_the_way_back_but_is_told(
    firm: Company, draft: RuleSet, sign_in: SignIn, author: User
):
    rule_versions.make_live(sign(submit(draft, author), firm.user("ben"), firm.user("clara")), by=author, now=NOW)
    CheckFactory.create(name="Fjord", facts={"handoff_type": "sql_to_ae", "employee_count": 50}, rule_code="R-999")
    clara = sign_in("clara")
    shown = words(clara.get("/rules/1/go-back/"))
    assert "“Fjord” expects R-999" in shown
    assert "Going back is possible all the same." in shown
    assert "Blocks it" not in shown
    assert "Rules v3 are live." in words(press(clara, firm.rule_set, "go-back"))


def test_unsound_rules_are_never_gone_back_to(firm: Company, draft: RuleSet, sign_in: SignIn, author: User):
    rule_versions.make_live(sign(submit(draft, author), firm.user("ben"), firm.user("clara")), by=author, now=NOW)
    draft.rules.get(code="R-220").pool.memberships.update(is_active=False)
    refused = press(sign_in("clara"), firm.rule_set, "go-back")
    assert (refused.status_code, "leads to nobody" in words(refused)) == (409, True)
    assert RuleSet.objects.get(state="live").number == 2
