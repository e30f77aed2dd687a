import re
from typing import Any

import pytest

from routing.conditions import Conditions
from routing.facts import Facts, Located

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
    return Located(Facts(**{**KNOWN, **facts}), segment, territory)


UNKNOWN = Located(Facts(handoff_type="sql_to_ae"), None, None)


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
    assert not holds({field: ["x"]}, UNKNOWN)
    assert holds({field: ["missing"]}, UNKNOWN)
    assert holds({field: ["x", "missing"]}, UNKNOWN)
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


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ([], 'Conditions are a mapping of field to values, e.g. {"segment": ["smb"]}.'),
        (
            {"colour": ["red"]},
            "“colour” is not a field rules can use. Choose one of the listed fields or custom.<name>.",
        ),
        ({"segment": "smb"}, 'segment: give a list of at least one word, e.g. ["enterprise"].'),
        ({"segment": []}, 'segment: give a list of at least one word, e.g. ["enterprise"].'),
        ({"segment": [""]}, 'segment: give a list of at least one word, e.g. ["enterprise"].'),
        ({"segment": [7]}, 'segment: give a list of at least one word, e.g. ["enterprise"].'),
        ({"score": [70]}, 'score: give a range such as {"from": 100, "below": 1000}.'),
        ({"score": {}}, 'score: give a range such as {"from": 100, "below": 1000}.'),
        ({"score": {"to": 9}}, 'score: give a range such as {"from": 100, "below": 1000}.'),
        ({"score": {"from": -1}}, "score: “-1” is not a whole number of at least 0."),
        ({"score": {"from": True}}, "score: “True” is not a whole number of at least 0."),
        ({"score": {"from": 7.5}}, "score: “7.5” is not a whole number of at least 0."),
        (
            {"score": {"from": 70, "below": 70}},
            "score: the range ends at 70, at or below its start 70. Raise the upper bound.",
        ),
    ],
)
def test_an_impossible_condition_is_refused_with_a_sentence_that_names_the_field(raw: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        Conditions.from_json(raw)


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
