"""Editing a draft of the rules in the admin: several people at once, and what a draft may not say, at its field."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from handoffs import rule_signatures, rule_versions, timeline
from routing.models import Function, Rule, RuleSet, Segment, Territory
from tests import factories
from tests.admin.pages import act, address, complaints, fields_of, save
from tests.admin.worlds import signed_in
from tests.factories import NOW, Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Client:
    return signed_in(first_name="Rui", last_name="Costa")


@pytest.fixture
def draft(firm: Company) -> RuleSet:
    author = factories.UserFactory.create(groups=["revops"])
    return rule_versions.begin(based_on=firm.rule_set, title="Second", by=author, now=NOW)


def rule(draft: RuleSet, code: str = "R-220") -> Rule:
    return draft.rules.get(code=code)


def line_of(shown: dict[str, Any], prefix: str, code: str) -> str:
    """The prefix of the line in which that code stands."""
    return next(
        name.removesuffix("-code") for name, value in shown.items() if name.startswith(prefix) and value == code
    )


def shown(client: Client, draft: RuleSet) -> dict[str, Any]:
    return fields_of(client.get(address(draft, "change")))


def told(draft: RuleSet) -> list[str]:
    return [line.text for line in timeline.sentences(rule_signatures.stream_of(draft))]


# --- Two people at once -----------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["version", "rule", "territory", "segment"])
def test_an_edit_of_what_somebody_changed_meanwhile_is_refused_and_kept(
    firm: Company, boss: Client, draft: Any, what: str
):
    part = {
        "version": draft,
        "rule": rule(draft),
        "territory": draft.territories.get(code="emea-north"),
        "segment": draft.segments.get(code="smb"),
    }[what]
    typed = {"title": "Mine"} if what == "version" else {"name": "Mine"}
    mine = fields_of(boss.get(address(part, "change"))) | typed
    with time_machine.travel(NOW, tick=False):
        rule_versions.edited(draft, what=["rule R-230"], by=firm.user("elena"), now=NOW)
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        answer = boss.post(address(part, "change"), mine)
    [said] = complaints(answer)["__all__"]
    assert said.startswith("Elena Petrova changed this 2 minutes ago. Look at it again: what you typed is kept")
    again = fields_of(answer)
    assert {name: again[name] for name in typed} == typed
    part.refresh_from_db()
    assert "Mine" not in {getattr(part, "title", ""), getattr(part, "name", "")}
    assert boss.post(address(part, "change"), again).status_code == 302, "who saves it again has been told"
    part.refresh_from_db()
    assert "Mine" in {getattr(part, "title", ""), getattr(part, "name", "")}


def test_an_edit_of_a_part_makes_the_open_page_of_the_version_stale(boss: Client, draft: RuleSet):
    mine = shown(boss, draft) | {"title": "Mine"}
    assert save(boss, rule(draft), target_minutes=30).status_code == 302
    assert "Rui Costa changed this just now" in complaints(boss.post(address(draft, "change"), mine))["__all__"][0]


def test_a_form_without_the_number_of_its_edit_is_refused(boss: Client, draft: RuleSet):
    mine = shown(boss, draft) | {"title": "Mine"}
    for wrong in ("", "x", "-1"):
        answer = boss.post(address(draft, "change"), mine | {"seen": wrong})
        assert answer.status_code == 200
    draft.refresh_from_db()
    assert draft.title == "Second"


def test_an_edit_is_noted_with_its_editor_and_its_line_in_the_log(boss: Client, draft: RuleSet):
    fields = shown(boss, draft)
    line = line_of(fields, "rules-", "R-220")
    boss.post(address(draft, "change"), fields | {"title": "Third", f"{line}-name": "SQL, small"})
    draft.refresh_from_db()
    assert (draft.version, draft.edited_by, list(draft.editors.all())) == (2, boss.user, [boss.user])  # type: ignore[attr-defined]
    assert told(draft)[-1] == (
        "Edited: Title: Second → Third. Rule R-220 SQL, small: name: SQL, smaller and partner → SQL, small."
    )
    save(boss, draft)
    draft.refresh_from_db()
    assert draft.version == 2, "saving without a change is no edit"


def test_an_edit_of_a_rule_on_its_own_page_is_told_with_its_value_before_and_after(boss: Client, draft: RuleSet):
    assert save(boss, rule(draft), target_minutes=30).status_code == 302
    assert told(draft)[-1] == (
        "Edited: Rule R-220 SQL, smaller and partner: first contact within (minutes): nothing → 30."
    )


def test_a_line_that_somebody_deleted_meanwhile_is_told_of_and_never_an_error(boss: Client, draft: RuleSet):
    mine = shown(boss, draft) | {"title": "Mine"}
    rule(draft, "R-250").delete()
    draft.territories.all().delete()
    answer = boss.post(address(draft, "change"), mine)
    assert "Somebody deleted a line meanwhile" in str(complaints(answer)["__all__"])
    draft.refresh_from_db()
    assert draft.title == "Second"


def test_a_part_of_a_draft_that_was_deleted_meanwhile_does_not_exist(boss: Client, draft: RuleSet):
    part = rule(draft)
    where, mine = address(part, "change"), fields_of(boss.get(address(part, "change")))
    draft.delete()
    assert boss.post(where, mine).status_code == 404


@pytest.mark.parametrize("way", ["page", "list"])
def test_deleting_a_rule_is_an_edit(boss: Client, draft: RuleSet, way: str):
    part = rule(draft)
    if way == "page":
        assert boss.post(address(part, "delete"), {"post": "yes"}).status_code == 302
    else:
        chosen = {"action": "delete_selected", "_selected_action": [part.pk], "post": "yes"}
        assert boss.post(address(Rule, "changelist"), chosen).status_code == 302
    draft.refresh_from_db()
    assert (draft.version, draft.rules.filter(code="R-220").exists()) == (2, False)
    assert told(draft)[-1] == "Edited: Rule R-220 SQL, smaller and partner is gone."


def test_a_version_that_is_no_draft_shows_no_number_of_an_edit(boss: Client, firm: Company):
    assert "seen" not in shown(boss, firm.rule_set)
    assert b"Went live" not in boss.get(address(firm.rule_set, "change")).content


# --- Territories and segments -----------------------------------------------------------------------


def test_a_tie_of_territories_is_refused_at_its_field_with_an_example(boss: Client, draft: RuleSet):
    part = draft.territories.get(code="emea-central")
    answer = save(boss, part, conditions='{"country": ["DE", "NO"]}')
    [said] = complaints(answer)["conditions"]
    assert said.startswith(
        "EMEA Central and EMEA North would both hold an account with country NO, and neither is more"
    )
    assert save(boss, part, conditions='{"country": ["DE", "NO"], "industry": ["Retail"]}').status_code == 302


def test_a_tie_is_refused_among_the_lines_too_and_a_trade_in_one_save_is_none(boss: Client, draft: RuleSet):
    fields = shown(boss, draft)
    north, central = (line_of(fields, "territories-", code) for code in ("emea-north", "emea-central"))
    answer = boss.post(address(draft, "change"), fields | {f"{central}-conditions": '{"country": ["NO"]}'})
    assert "would both hold an account with country NO" in str(complaints(answer))
    traded = {f"{central}-conditions": '{"country": ["NO"]}', f"{north}-conditions": '{"country": ["DE"]}'}
    assert boss.post(address(draft, "change"), fields | traded).status_code == 302


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ('{"territory": ["emea-north"]}', "A territory cannot be made of territories."),
        ('{"segment": ["micro"]}', "this version has no segment “micro”. Choose from: enterprise, mid_market"),
        ('{"country": []}', "country"),
    ],
)
def test_what_no_territory_can_be_made_of_is_refused(boss: Client, draft: RuleSet, typed: str, sentence: str):
    part = draft.territories.get(code="emea-north")
    assert sentence in complaints(save(boss, part, conditions=typed))["conditions"][0]


def test_overlapping_bands_are_refused_with_the_sizes_they_share(boss: Client, draft: RuleSet):
    part = draft.segments.get(code="mid_market")
    [said] = complaints(save(boss, part, employees_from=80))["employees_from"]
    assert said.startswith("SMB and Mid-market both hold 80 to 99 employees.")
    [said] = complaints(save(boss, part, employees_below=""))["employees_below"]
    assert said.startswith("Mid-market and Enterprise both hold 1,000 employees or more.")


def test_a_boundary_moves_in_one_save_of_both_bands(boss: Client, draft: RuleSet):
    fields = shown(boss, draft)
    small, middle = (line_of(fields, "segments-", code) for code in ("smb", "mid_market"))
    answer = boss.post(address(draft, "change"), fields | {f"{small}-employees_below": 150})
    assert "SMB and Mid-market both hold 100 to 149 employees" in str(complaints(answer))
    both = {f"{small}-employees_below": 150, f"{middle}-employees_from": 150}
    assert boss.post(address(draft, "change"), fields | both).status_code == 302


def test_a_gap_between_bands_is_reported_with_the_sizes(boss: Client, draft: RuleSet):
    assert save(boss, draft.segments.get(code="smb"), employees_below=80).status_code == 302
    page = boss.get(address(draft, "change")).content.decode()
    assert "No segment holds 80 to 99 employees: SMB ends before Mid-market begins." in page


@pytest.mark.parametrize(("model", "code"), [(Segment, "enterprise"), (Territory, "emea-north")])
def test_what_rules_name_is_neither_deleted_nor_renamed(boss: Client, draft: RuleSet, model: Any, code: str):
    part = model.objects.get(rule_set=draft, code=code)
    assert "R-110" in boss.get(address(part, "delete")).content.decode()
    boss.post(address(part, "delete"), {"post": "yes"})
    act(boss, model, "delete_selected", part)
    fields = shown(boss, draft)
    line = line_of(fields, f"{'territories' if model is Territory else 'segments'}-", code)
    answer = boss.post(address(draft, "change"), fields | {f"{line}-DELETE": "on"})
    assert "cannot be deleted, because R-110" in str(complaints(answer)["__all__"])
    [said] = complaints(save(boss, part, code="another"))["code"]
    assert said.startswith("R-110")
    assert said.endswith(
        f"names this {part._meta.model_name} by its code “{code}”. Keep the code, or change that first."
    )
    assert model.objects.filter(rule_set=draft, code=code).exists()


# --- Rules ------------------------------------------------------------------------------------------


def test_a_rule_names_only_what_its_version_has(boss: Client, draft: RuleSet):
    part = rule(draft)
    for typed, sentence in (
        ('{"segment": ["micro"]}', "this version has no segment “micro”"),
        ('{"territory": ["atlantis"]}', "this version has no territory “atlantis”"),
        ('{"handoff_type": ["gift"]}', "“gift” is not a kind of handoff"),
    ):
        assert sentence in complaints(save(boss, part, conditions=typed))["conditions"][0]


def test_a_rule_leads_to_an_active_pool_of_the_right_function(firm: Company, boss: Client, draft: RuleSet):
    part, closed = rule(draft), factories.PoolFactory.create(name="Closed", function=Function.AE, is_active=False)
    [said] = complaints(save(boss, part, pool=closed.pk))["pool"]
    assert said == "Closed is not active, so nobody in it takes anything. Choose another pool."
    [said] = complaints(save(boss, part, pool=firm.pools["cs"].pk))["pool"]
    assert said.startswith("Customer success (Customer success manager) does not receive SDR → AE (SQL).")
    assert save(boss, part, pool=firm.pools["ae_enterprise"].pk).status_code == 302


def test_a_rule_names_somebody_who_works_here_and_receives_the_type(firm: Company, boss: Client, draft: RuleSet):
    part = rule(draft)
    gone = factories.RepFactory.create(first_name="Nils", last_name="", function=Function.AE, is_active=False)
    named = {"strategy": "named_rep", "pool": ""}
    assert "Nils is not active any more" in complaints(save(boss, part, named_rep=gone.pk, **named))["named_rep"][0]
    said = complaints(save(boss, part, named_rep=firm.reps["hannah"].pk, **named))["named_rep"][0]
    assert "does not receive SDR" in said
    said = complaints(save(boss, part, named_rep=firm.reps["ingrid"].pk))["named_rep"][0]
    assert "Only the strategy" in said
    assert save(boss, part, named_rep=firm.reps["ingrid"].pk, **named).status_code == 302
    assert "Nils is not active any more" in complaints(save(boss, part, owner=gone.pk))["owner"][0]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"is_enabled": ""}, "it stays in use"),
        ({"conditions": '{"segment": ["smb"]}'}, "it has no conditions"),
        ({"owner": ""}, "Choose who"),
        ({"target_minutes": ""}, "minutes"),
    ],
)
def test_the_catch_all_is_neither_switched_off_nor_narrowed_nor_left_without_owner_or_target(
    boss: Client, draft: RuleSet, typed: dict[str, str], said: str
):
    part = rule(draft, "R-999")
    answer = save(boss, part, **typed) if typed != {"is_enabled": ""} else _without(boss, part, "is_enabled")
    [field] = typed
    assert said in complaints(answer)[field][0]
    part.refresh_from_db()
    assert (part.is_enabled, part.conditions, part.target_minutes) == (True, {}, 240)


def _without(client: Client, row: Any, name: str) -> Any:
    fields = fields_of(client.get(address(row, "change")))
    return client.post(address(row, "change"), {key: value for key, value in fields.items() if key != name})


def test_a_person_whom_a_draft_names_cannot_be_deleted_and_it_is_said(firm: Company, boss: Client, draft: RuleSet):
    owner = factories.RepFactory.create()
    assert save(boss, rule(draft), owner=owner.pk).status_code == 302
    assert "would require deleting the following protected" in boss.get(address(owner, "delete")).content.decode()
    boss.post(address(owner, "delete"), {"post": "yes"})
    owner.refresh_from_db()


@pytest.mark.parametrize("text", ["長" * 10_000, "x" * 10_000, "Öst & <Väst>", "شمال", "\u202egnp.exe"])
def test_long_and_foreign_texts_are_told_or_kept_and_never_an_error(boss: Client, draft: RuleSet, text: str):
    for part in (rule(draft), draft.territories.get(code="emea-north"), draft.segments.get(code="smb")):
        answer = save(boss, part, name=text)
        if len(text) > 1000:
            assert "at most" in complaints(answer)["name"][0]
        else:
            assert answer.status_code == 302
            part.refresh_from_db()
            assert part.name == text
            assert boss.get(address(draft, "change")).status_code == 200
    answer = save(boss, rule(draft), conditions=json.dumps({"custom.plan": [text]}))
    assert answer.status_code == 302 or "custom.plan" in complaints(answer)["conditions"][0]
    assert save(boss, rule(draft), code=text).status_code in {200, 302}
    assert boss.get(f"/rules/{draft.number}/").status_code == 200
