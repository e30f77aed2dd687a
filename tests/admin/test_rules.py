"""Versions of the rules: drafts are edited, live ones are not, by nobody and by no way."""

import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from routing.append_only import maintenance
from routing.models import Rule, RuleSet, Segment, Territory
from tests import factories
from tests.admin.pages import act, address, complaints, fields_of, save
from tests.admin.worlds import signed_in
from tests.factories import NOW

pytestmark = pytest.mark.django_db

LIVE = {"state": RuleSet.State.LIVE, "published_at": NOW}


@pytest.fixture
def boss() -> Client:
    return signed_in()


@pytest.fixture
def draft() -> RuleSet:
    """Three rules, the last of which takes everything."""
    draft = factories.RuleSetFactory.create()
    pool = factories.PoolFactory.create()
    for position, code in enumerate(("R-1", "R-2"), start=1):
        factories.RuleFactory(
            rule_set=draft, position=position, code=code, name=code, strategy=Rule.Strategy.ROUND_ROBIN, pool=pool
        )
    factories.RuleFactory(
        rule_set=draft, position=3, code="R-999", name="Catch-all", strategy=Rule.Strategy.ROUND_ROBIN, pool=pool,
        is_catch_all=True, owner=factories.RepFactory.create(), target_minutes=240,
    )  # fmt: skip
    factories.TerritoryFactory(rule_set=draft)
    factories.SegmentFactory(rule_set=draft)
    return draft


@pytest.fixture
def live(draft: RuleSet) -> RuleSet:
    RuleSet.objects.filter(pk=draft.pk).update(**LIVE)
    draft.refresh_from_db()
    return draft


def content(rule_set: RuleSet) -> list[Any]:
    return [
        list(model.objects.filter(rule_set=rule_set).order_by("pk").values()) for model in (Rule, Territory, Segment)
    ] + [list(RuleSet.objects.filter(pk=rule_set.pk).values())]


def order(rule_set: RuleSet) -> list[str]:
    return list(rule_set.rules.order_by("position").values_list("code", flat=True))


def test_two_rules_of_a_draft_trade_places_in_one_save(boss: Client, draft: RuleSet):
    response = save(boss, draft, **{"rules-0-position": 2, "rules-1-position": 1})
    assert response.status_code == 302, complaints(response)
    assert order(draft) == ["R-2", "R-1", "R-999"]


def test_two_rules_in_one_place_are_refused(boss: Client, draft: RuleSet):
    response = save(boss, draft, **{"rules-0-position": 2})
    assert "duplicate" in str(complaints(response))
    assert order(draft) == ["R-1", "R-2", "R-999"]


def test_the_catch_all_cannot_be_deleted_from_the_list(boss: Client, draft: RuleSet):
    response = save(boss, draft, **{"rules-2-DELETE": "on"})
    assert complaints(response)["__all__"] == [
        "The catch-all cannot be deleted, because it takes what no other rule does. Untick “Delete”."
    ]
    assert order(draft) == ["R-1", "R-2", "R-999"]


def test_the_catch_all_cannot_be_deleted_on_its_own_page(boss: Client, draft: RuleSet):
    catch_all = draft.rules.get(is_catch_all=True)
    assert boss.post(address(catch_all, "delete"), {"post": "yes"}).status_code == 403
    assert act(boss, Rule, "delete_selected", catch_all) == []
    assert order(draft) == ["R-1", "R-2", "R-999"]


def test_the_catch_all_cannot_be_moved_up(boss: Client, draft: RuleSet):
    response = save(boss, draft, **{"rules-2-position": 1, "rules-0-position": 3})
    assert complaints(response)["__all__"] == [
        "The catch-all comes last, because no rule after it is ever reached. Give it the highest position."
    ]
    assert order(draft) == ["R-1", "R-2", "R-999"]


def test_another_rule_of_a_draft_can_be_deleted_and_its_place_taken_in_one_save(boss: Client, draft: RuleSet):
    response = save(boss, draft, **{"rules-0-position": 2, "rules-1-DELETE": "on"})
    assert response.status_code == 302, complaints(response)
    assert order(draft) == ["R-1", "R-999"]


def test_a_live_version_shows_no_field_and_no_save_button(boss: Client, live: RuleSet):
    shown = boss.get(address(live, "change"))
    fields = {name for name in fields_of(shown) if name.startswith(("rules-", "title"))}
    assert {name for name in fields if not name.endswith(("-id", "-rule_set", "_FORMS"))} == set()
    assert 'name="_save"' not in shown.content.decode()


def test_a_live_version_refuses_a_post_that_was_filled_in_while_it_was_a_draft(boss: Client, draft: RuleSet):
    filled = fields_of(boss.get(address(draft, "change"))) | {"title": "Sneaked in", "rules-0-name": "Sneaked in"}
    RuleSet.objects.filter(pk=draft.pk).update(**LIVE)
    before = content(draft)
    boss.post(address(draft, "change"), filled)
    assert content(draft) == before


@pytest.mark.parametrize("model", [Rule, Territory, Segment])
def test_a_part_of_a_live_version_refuses_post_and_delete(boss: Client, draft: RuleSet, model: type[Any]):
    part = model.objects.filter(rule_set=draft).first()
    filled = fields_of(boss.get(address(part, "change"))) | {"name": "Sneaked in", "code": "sneak"}
    RuleSet.objects.filter(pk=draft.pk).update(**LIVE)
    before = content(draft)
    assert boss.post(address(part, "change"), filled).status_code == 403
    assert boss.post(address(part, "delete"), {"post": "yes"}).status_code == 403
    act(boss, model, "delete_selected", part)
    assert content(draft) == before


@pytest.mark.parametrize("model", [Rule, Territory, Segment])
def test_the_same_part_can_be_edited_while_its_version_is_a_draft(boss: Client, draft: RuleSet, model: type[Any]):
    part = model.objects.filter(rule_set=draft).order_by("pk").first()
    response = save(boss, part, name="Renamed")
    assert response.status_code == 302, complaints(response)
    part.refresh_from_db()
    assert part.name == "Renamed"


@pytest.mark.parametrize("state", ["live", "in_approval", "archived"])
def test_only_a_draft_can_be_deleted(boss: Client, draft: RuleSet, state: str):
    published = NOW if state == "live" else None
    RuleSet.objects.filter(pk=draft.pk).update(state=state, published_at=published)
    assert boss.post(address(draft, "delete"), {"post": "yes"}).status_code == 403
    with maintenance():
        RuleSet.objects.filter(pk=draft.pk).update(state="draft", published_at=None)
    assert boss.post(address(draft, "delete"), {"post": "yes"}).status_code == 302
    assert not RuleSet.objects.filter(pk=draft.pk).exists()


def test_the_state_of_a_version_cannot_be_set_by_a_form(boss: Client, draft: RuleSet):
    save(boss, draft, state="live", published_at_0="2026-11-17", published_at_1="10:00:00", number=1)
    draft.refresh_from_db()
    assert draft.state == RuleSet.State.DRAFT


def test_no_action_makes_a_draft_live(boss: Client, draft: RuleSet):
    actions = boss.get(address(RuleSet, "changelist")).context["action_form"].fields["action"].choices
    assert [name for name, _words in actions] == ["", "delete_selected"]


def test_a_new_draft_is_a_copy_of_the_version_it_is_based_on(boss: Client, live: RuleSet):
    response = save(boss, RuleSet, title="Nordics to their own pool")
    assert response.status_code == 302, complaints(response)
    draft = RuleSet.objects.get(state=RuleSet.State.DRAFT)
    assert (draft.number, draft.based_on, draft.title) == (live.number + 1, live, "Nordics to their own pool")
    assert draft.author == boss.user  # type: ignore[attr-defined]
    same = [
        [{key: value for key, value in row.items() if key not in {"id", "rule_set_id"}} for row in rows]
        for rows in content(live)[:3]
    ]
    copied = [
        [{key: value for key, value in row.items() if key not in {"id", "rule_set_id"}} for row in rows]
        for rows in content(draft)[:3]
    ]
    assert copied == same


@pytest.mark.parametrize("state", ["draft", "in_approval"])
def test_no_draft_is_begun_from_what_was_never_live(boss: Client, live: RuleSet, state: str):
    other = factories.RuleSetFactory.create(state=state)
    response = save(boss, RuleSet, title="Copy", based_on=other.pk)
    assert "Select a valid choice" in str(complaints(response))
    assert set(RuleSet.objects.all()) == {live, other}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ('{"segment": ["smb"]', "This is not JSON."),
        ('["smb"]', "This is no mapping. Write names with their values between braces, as in the example."),
        ('"x"', "This is no mapping."),
        ("", "Nothing is written here, and no conditions mean everything. If that is meant, write {}."),
        ('{"segment": ["smb"], "segment": ["enterprise"]}', "“segment” stands here twice, and only one of them would"),
        ('{"score": {"from": 1, "from": 2}}', "“from” stands here twice"),
        ('{"shoe_size": ["44"]}', "“shoe_size” is not a field rules can use."),
        ('{"segment": []}', "segment: give a list of at least one word"),
        ('{"score": {"from": 90, "below": 70}}', "the range ends at 70, at or below its start 90"),
        ('{"score": {"from": NaN}}', "This is not JSON."),
        ('{"segment": ["\\u0000"]}', "This is not JSON."),
        (f'{{"score": {{"from": {"9" * 5000}}}}}', "This is not JSON."),
        (f'{{"score": {"[" * 50_000}', "This is not JSON."),
        ('{"country": ["ZZ"]}', "country: “ZZ” is not a country code of ISO 3166. Write two letters, e.g. NO."),
    ],
)
def test_conditions_that_cannot_be_are_told_at_their_field(boss: Client, draft: RuleSet, typed: str, sentence: str):
    rule = draft.rules.get(position=1)
    assert sentence in complaints(save(boss, rule, conditions=typed))["conditions"][0]
    rule.refresh_from_db()
    assert rule.conditions == {}


def test_a_rule_that_asks_for_something_is_not_made_to_take_everything_by_an_emptied_box(boss: Client, draft: RuleSet):
    rule = draft.rules.get(position=1)
    Rule.objects.filter(pk=rule.pk).update(conditions={"segment": ["smb"]})
    assert "write {}" in complaints(save(boss, rule, conditions=""))["conditions"][0]
    assert save(boss, rule, conditions="{}").status_code == 302
    rule.refresh_from_db()
    assert rule.conditions == {}


def test_conditions_are_shown_line_by_line_and_in_words(boss: Client, draft: RuleSet):
    rule = draft.rules.get(position=1)
    stored = {"segment": ["smb", "missing"], "score": {"from": 70, "below": 90}}
    Rule.objects.filter(pk=rule.pk).update(conditions=stored)
    shown = fields_of(boss.get(address(rule, "change")))["conditions"].strip()
    assert sorted(line.rstrip(",") for line in shown.splitlines()[1:-1]) == [
        f'  "score": {json.dumps(Rule.objects.get(pk=rule.pk).conditions["score"])}',
        '  "segment": ["smb", "missing"]',
    ]
    assert json.loads(shown) == stored
    assert "score is 70 to 89; segment is SMB or not known" in boss.get(address(Rule, "changelist")).content.decode()


def test_a_rule_that_takes_turns_needs_its_pool(boss: Client, draft: RuleSet):
    rule = draft.rules.get(position=1)
    assert complaints(save(boss, rule, pool="")) == {
        "pool": ["This strategy gives to the people of a pool. Choose the pool."]
    }


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        *(
            (
                "strategy",
                strategy,
                "The catch-all takes everything, also what nobody owns. Choose “Weighted round robin”",
            )
            for strategy in ("account_owner", "open_deal_owner", "parent_account_owner", "named_rep", "pod")
        ),
        ("conditions", '{"country": ["NO"]}', "The catch-all takes everything, so it has no conditions. Write {}."),
        ("is_enabled", "", "The catch-all takes what no other rule does, so it stays in use. Tick this."),
        ("target_minutes", "", "The catch-all has a target of its own. Say within how many minutes."),
        ("owner", "", "Somebody answers for what only the catch-all takes. Choose who."),
    ],
)
def test_the_catch_all_cannot_be_made_to_take_less_than_all(
    boss: Client, draft: RuleSet, field: str, typed: str, sentence: str
):
    catch_all = draft.rules.get(is_catch_all=True)
    found = complaints(save(boss, catch_all, **{field: typed}))
    assert list(found) == [field]
    assert found[field][0].startswith(sentence)


def test_the_catch_all_cannot_be_made_to_take_less_than_all_on_the_page_of_the_draft(boss: Client, draft: RuleSet):
    found = complaints(save(boss, draft, **{"rules-2-strategy": "account_owner", "rules-2-pool": ""}))
    assert found["rules-2-strategy"][0].startswith("The catch-all takes everything, also what nobody owns.")
    assert complaints(save(boss, draft, **{"rules-2-is_enabled": ""}))["rules-2-is_enabled"]


@pytest.mark.sqlite
@pytest.mark.parametrize("changed", [{"strategy": "account_owner"}, {"target_minutes": 525_601}, {"target_minutes": 0}])
def test_the_database_keeps_the_catch_all_and_the_targets_as_they_must_be(draft: RuleSet, changed: dict[str, Any]):
    with pytest.raises(IntegrityError), transaction.atomic():
        draft.rules.filter(is_catch_all=True).update(**changed)


@pytest.mark.parametrize(
    ("part", "field", "typed", "sentence"),
    [
        ("rules", "target_minutes", "99999999999", "At most 525,600 minutes, which is a year."),
        ("rules", "target_minutes", "0", "Ensure this value is greater than or equal to 1."),
        ("segments", "employees_below", "100000001", "At most 100,000,000 employees; blank means no bound."),
    ],
)
def test_a_number_beyond_all_reason_is_told_at_its_field(
    boss: Client, draft: RuleSet, part: str, field: str, typed: str, sentence: str
):
    row = getattr(draft, part).order_by("pk").first()
    assert complaints(save(boss, row, **{field: typed})) == {field: [sentence]}


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        ("account_owner", "the account has an owner in the receiving role"),
        ("named_rep", "somebody in the receiving role is named for the account"),
        ("pod", "a pod owns the account"),
    ],
)
def test_a_rule_that_asks_for_an_owner_is_not_shown_as_taking_everything(
    boss: Client, draft: RuleSet, strategy: str, words: str
):
    places = (address(Rule, "changelist"), address(draft, "change"))
    before = [boss.get(where).content.decode().count("everything") for where in places]
    Rule.objects.filter(pk=draft.rules.get(position=1).pk).update(strategy=strategy, pool=None)
    pages = [boss.get(where).content.decode() for where in places]
    assert [words in page for page in pages] == [True, True]
    assert [page.count("everything") for page in pages] == [count - 1 for count in before]


def test_the_help_of_conditions_can_be_read_as_it_is_written(boss: Client, draft: RuleSet):
    page = boss.get(address(draft.rules.get(position=1), "change")).content.decode()
    assert "custom. with a name, e.g. custom.plan" in page
