import re
from typing import Any

import pytest

from routing.conditions import HANDOFF_TYPES, Condition, ConditionError, Conditions
from routing.facts import Facts, Located
from routing.models import HandoffType

KNOWN: dict[str, Any] = {
    "handoff_type": "sql_to_ae",
    "country": "NO",
    "region": "emea_north",
    "postal_code": "0150",
    "industry": "transportation",
    "employee_count": 4200,
    "source": "webinar",
    "products": frozenset({"observe", "lineage"}),
    "score": 82,
    "usage_stage": "adopted",
    "custom": {"plan": "gold"},
}


def located(*, segment: str | None = "enterprise", territory: str | None = "emea-north", **facts: Any) -> Located:
    return Located.at(Facts(**{**KNOWN, **facts}), segment, territory)


UNKNOWN = Located.at(Facts(handoff_type="sql_to_ae"), None, None)


def holds(raw: object, at: Located) -> bool:
    return Conditions.from_json(raw).first_failing(at) is None


def test_no_condition_means_everything() -> None:
    assert holds({}, located())
    assert holds({}, UNKNOWN)


@pytest.mark.parametrize(
    ("field", "matching", "other"),
    [
        ("handoff_type", "sql_to_ae", "mql_to_sales"),
        ("segment", "enterprise", "smb"),
        ("territory", "emea-north", "north-america"),
        ("country", "NO", "SE"),
        ("region", "emea_north", "apac"),
        ("postal_prefix", "01", "02"),
        ("industry", "transportation", "retail"),
        ("source", "webinar", "organic"),
        ("product", "lineage", "vault"),
        ("usage_stage", "adopted", "new"),
        ("custom.plan", "gold", "silver"),
    ],
)
def test_a_set_holds_its_members_and_nothing_else(field: str, matching: str, other: str) -> None:
    assert holds({field: [matching]}, located())
    assert holds({field: [other, matching]}, located())
    assert not holds({field: [other]}, located())


@pytest.mark.parametrize(
    "field",
    [
        *("segment", "territory", "country", "region", "postal_prefix", "industry"),
        *("source", "product", "usage_stage", "custom.plan"),
    ],
)
def test_a_missing_fact_is_a_member_of_its_own_and_never_any(field: str) -> None:
    assert not holds({field: ["DE"]}, UNKNOWN)
    assert holds({field: ["missing"]}, UNKNOWN)
    assert holds({field: ["DE", "missing"]}, UNKNOWN)
    assert not holds({field: ["missing"]}, located()), "what is known is not missing"


@pytest.mark.parametrize("field", ["employee_count", "score"])
@pytest.mark.parametrize(
    ("bounds", "inside", "outside"),
    [
        ({"from": 50}, (50, 51, 10_000), (0, 49)),
        ({"below": 50}, (0, 49), (50, 51)),
        ({"from": 50, "below": 60}, (50, 59), (49, 60)),
    ],
)
def test_a_range_includes_its_start_and_not_its_end(
    field: str, bounds: dict[str, int], inside: tuple[int, ...], outside: tuple[int, ...]
) -> None:
    for value in inside:
        assert holds({field: bounds}, located(**{field: value})), value
    for value in outside:
        assert not holds({field: bounds}, located(**{field: value})), value


def test_a_range_does_not_hold_what_is_missing_unless_it_says_so() -> None:
    assert not holds({"score": {"below": 50}}, UNKNOWN)
    assert holds({"score": {"below": 50, "missing": True}}, UNKNOWN)
    assert holds({"score": {"missing": True}}, UNKNOWN)
    assert not holds({"score": {"missing": True}}, located(score=0)), "what is known is not missing"


def test_a_score_between_two_whole_numbers_lies_in_one_range_alone() -> None:
    just_below = located(score=89.6)
    assert holds({"score": {"from": 70, "below": 90}}, just_below)
    assert not holds({"score": {"from": 90}}, just_below)


def test_a_head_count_below_nought_is_not_known() -> None:
    assert holds({"employee_count": {"missing": True}}, located(employee_count=-3))
    assert located(score=-3).facts.score == -3, "a score may be"


def test_nought_is_a_number_and_not_missing() -> None:
    assert holds({"score": {"below": 1}}, located(score=0))
    assert not holds({"score": {"from": 1, "missing": True}}, located(score=0))


def test_conditions_are_a_conjunction() -> None:
    both = {"segment": ["enterprise"], "country": ["SE"]}
    assert not holds(both, located())
    assert holds(both, located(country="SE"))


def test_one_product_in_common_is_enough() -> None:
    assert holds({"product": ["vault", "observe"]}, located())
    assert not holds({"product": ["vault"]}, located())


LIST = 'give a list of at least one word, e.g. ["enterprise"].'
RANGE = 'give a range such as {"from": 100, "below": 1000}.'
UNTYPED = "a value holds characters that nobody can type. Type it again."
KINDS = "closed_to_cs, expansion_to_sales, mql_to_sales, sql_to_ae"
NO_FIELD = "is not a field rules can use. Choose one of the listed fields or custom.<name>."


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"segment": "smb"}, f"segment: {LIST}"),
        ({"segment": []}, f"segment: {LIST}"),
        ({"segment": [""]}, f"segment: {LIST}"),
        ({"segment": [7]}, f"segment: {LIST}"),
        ({"segment": [True]}, f"segment: {LIST}"),
        ({"segment": [None]}, f"segment: {LIST}"),
        ({"segment": [["smb"]]}, f"segment: {LIST}"),
        ({"segment": ["  "]}, "segment: “  ” is not a word."),
        ({"segment": ["smb\0"]}, f"segment: {UNTYPED}"),
        ({"custom.plan": ["gold\n"]}, f"custom.plan: {UNTYPED}"),
        ({"industry": ["\ud800"]}, f"industry: {UNTYPED}"),
        (
            {"source": ["x" * 10_000]},
            "source: a value has 10,000 characters; the longest has 200. Shorten it.",
        ),
        (
            {"custom.account": [f"a{number}" for number in range(1001)]},
            "custom.account: 1,001 values are more than the 1,000 a rule may list. Split the rule.",
        ),
        ({"country": ["ZZ"]}, "country: “ZZ” is not a country code of ISO 3166. Write two letters, e.g. NO."),
        ({"country": ["Norway"]}, "country: “Norway” is not a country code of ISO 3166. Write two letters, e.g. NO."),
        (
            {"handoff_type": ["sql"]},
            f"handoff_type: “sql” is not a kind of handoff. Choose from {KINDS}.",
        ),
        ({"score": [70]}, f"score: {RANGE}"),
        ({"score": {}}, f"score: {RANGE}"),
        ({"score": {"to": 9}}, f"score: {RANGE}"),
        ({"score": {"from": 1, "to": 9}}, f"score: {RANGE}"),
        ({"score": {"from": 1, "missing": "yes"}}, f"score: {RANGE}"),
        ({"score": {"from": -1}}, "score: “-1” is not a whole number of at least 0."),
        ({"score": {"from": True}}, "score: “True” is not a whole number of at least 0."),
        ({"score": {"from": 7.5}}, "score: “7.5” is not a whole number of at least 0."),
        ({"score": {"from": "70"}}, "score: “70” is not a whole number of at least 0."),
        ({"score": {"from": 10**5000}}, "score: numbers go from 0 to 2,147,483,647. Use one of these."),
        ({"score": {"from": -(10**5000)}}, "score: numbers go from 0 to 2,147,483,647. Use one of these."),
        (
            {"score": {"from": 70, "below": 70}},
            "score: the range ends at 70, at or below its start 70. Raise the upper bound.",
        ),
        (
            {"employee_count": {"below": 0, "missing": True}},
            "employee_count: the range ends at 0, at or below its start 0. Raise the upper bound.",
        ),
        ({"score": {"missing": False}}, f"score: {RANGE}"),
        ({"score": {"from": [1]}}, f"score: {RANGE}"),
        ({"segment": {"from": 1}}, f"segment: {LIST}"),
        ({"segment": ["smb"] * 9 + [7]}, f"segment: {LIST}"),
    ],
)
def test_an_impossible_condition_is_refused_with_a_sentence_that_names_the_field(raw: Any, sentence: str) -> None:
    with pytest.raises(ConditionError, match=f"^{re.escape(sentence)}$") as refused:
        Conditions.from_json(raw)
    assert refused.value.field == next(iter(raw))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("colour", "colour"),
        ("taker", "taker"),
        ("custom.", "custom."),
        ("custom.\0", "custom."),
        ("custom." + "x" * 65, "custom." + "x" * 57 + "…"),
        ("x" * 10_000, "x" * 64 + "…"),
    ],
)
def test_a_field_that_rules_do_not_know_is_refused(name: str, shown: str) -> None:
    with pytest.raises(ConditionError, match=f"^{re.escape(f'“{shown}” {NO_FIELD}')}$"):
        Conditions.from_json({name: ["red"]})


def test_what_was_read_before_makes_nothing_sound_that_is_not() -> None:
    Conditions.from_json({"score": {"from": 1, "below": 2}})
    for odd in (True, 1.0):
        with pytest.raises(ConditionError, match="is not a whole number"):
            Conditions.from_json({"score": {"from": odd, "below": 2}})


def test_conditions_that_are_no_mapping_are_refused() -> None:
    with pytest.raises(ConditionError) as refused:
        Conditions.from_json([])
    assert str(refused.value) == 'Conditions are a mapping of field to values, e.g. {"segment": ["smb"]}.'


def test_a_condition_made_by_hand_that_nothing_could_pass_is_refused() -> None:
    for made in (lambda: Condition("segment"), lambda: Condition("postal_prefix"), lambda: Condition("score")):
        with pytest.raises(ConditionError, match="nothing at all would pass"):
            made()


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        ({"segment": ["Mid-Market"]}, {"segment": "mid_market"}),
        ({"country": [" no "]}, {}),
        ({"country": ["UK"]}, {"country": "GB"}),
        ({"country": ["GB"]}, {"country": "uk"}),
        ({"industry": ["物流"]}, {"industry": " 物流 "}),
        ({"industry": ["ЛОГИСТИКА"]}, {"industry": "логистика"}),
        ({"source": ["Straße"]}, {"source": "STRASSE"}),
        ({"custom.plan": ["Gold Plus"]}, {"custom": {"plan": "gold  plus"}}),
        ({"postal_prefix": ["sw 1"]}, {"postal_code": "SW1A 1AA"}),
        ({"postal_prefix": ["\uff10\uff11"]}, {"postal_code": "0150"}),
        ({"segment": ["Missing"]}, {"segment": None}),
        ({"product": ["Data Lineage"]}, {"products": ["data-lineage"]}),
    ],
)
def test_rules_and_facts_spell_a_word_alike(raw: object, at: dict[str, Any]) -> None:
    assert holds(raw, located(**at))


def test_every_kind_of_handoff_is_one_that_conditions_know() -> None:
    assert set(HandoffType.values) == HANDOFF_TYPES


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"segment": ["smb", "enterprise"]}, "segment is enterprise or smb"),
        ({"postal_prefix": ["01", "missing"]}, "postal prefix is 01… or not known"),
        ({"employee_count": {"from": 1000}}, "employee count is 1,000 or more"),
        ({"employee_count": {"below": 1000}}, "employee count is under 1,000"),
        ({"employee_count": {"from": 100, "below": 1000}}, "employee count is 100 to 999"),
        ({"custom.plan_name": ["gold"]}, "plan name is gold"),
    ],
)
def test_a_condition_says_itself_in_words(raw: object, words: str) -> None:
    [condition] = Conditions.from_json(raw).items
    assert condition.words() == words
