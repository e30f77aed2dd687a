"""The index against the plain walk: random rules, random facts, hostile ones among them; every answer must be equal."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from routing import index
from routing.conditions import Conditions
from routing.facts import Facts, Located
from routing.matcher import CompiledRules, Line, NoRulesError, Region, SegmentBounds

WORDS = ("a", "b", "c", "0", "01", "012", "ø")
NUMBERS = st.integers(min_value=0, max_value=12)
ODD_TEXT = st.one_of(
    st.none(), st.just(""), st.just("missing"), st.just("x" * 10_000), st.just("\x00\ud800"), st.text(max_size=5)
)
TYPES = ("mql_to_sales", "sql_to_ae")
REPS = (5, 7)


def some(*words: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from((*words, "missing")), min_size=1, max_size=3, unique=True)


def bounds() -> st.SearchStrategy[dict[str, Any]]:
    missing = st.booleans()
    return st.one_of(
        st.builds(lambda start, m: {"from": start, "below": start + 3, "missing": m}, NUMBERS, missing),
        st.builds(lambda start, m: {"from": start, "missing": m}, NUMBERS, missing),
        st.builds(lambda end, m: {"below": end + 1, "missing": m}, NUMBERS, missing),
        st.just({"missing": True}),
    )


PLACES = {
    "country": some("NO", "SE"),
    "region": some(*WORDS),
    "postal_prefix": some("0", "01", "012", "A"),
    "industry": some(*WORDS),
    "segment": some("big", "small", "friend"),
    "employee_count": bounds(),
}
ASKED = {
    **PLACES,
    "handoff_type": some(*TYPES),
    "territory": some("t0", "t1"),
    "source": some(*WORDS),
    "product": some(*WORDS),
    "usage_stage": some(*WORDS),
    "score": bounds(),
    "custom.plan": some(*WORDS),
}
STRATEGIES = ("round_robin", "round_robin", "pod", "named_rep", "named_rep", "open_deal_owner", "account_owner")


def conditions(fields: dict[str, Any]) -> st.SearchStrategy[Conditions]:
    names = st.lists(st.sampled_from(sorted(fields)), max_size=3, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: fields[name] for name in chosen})).map(
        Conditions.from_json
    )


SEGMENTS = st.permutations(
    (
        SegmentBounds("friend", None, None, by_tier=True),
        SegmentBounds("big", 8, None, by_tier=False),
        SegmentBounds("small", 2, 10, by_tier=False),
        SegmentBounds("tiny", None, 2, by_tier=False),
    )
)


def rule(
    place: int, asked: Conditions, *, strategy: str = "round_robin", named_rep: int | None = None, last: bool = False
) -> Line:
    return Line(
        id=place,
        code=f"R-{place}",
        name="",
        conditions=asked,
        strategy=strategy,
        pool_id=1,
        named_rep=named_rep,
        when_unavailable="skip",
        target_minutes=None,
        is_catch_all=last,
    )


@st.composite
def rule_sets(draw: st.DrawFn) -> CompiledRules:
    """Up to a dozen rules, sometimes with a catch-all, over a map of two territories."""
    one = st.tuples(conditions(ASKED), st.sampled_from(STRATEGIES), st.sampled_from((None, *REPS)))
    written = draw(st.lists(one, max_size=12))
    if draw(st.booleans()):
        written.append((Conditions(), "round_robin", None))
    lines = [
        rule(place, asked, strategy=strategy, named_rep=rep if strategy == "named_rep" else None)
        for place, (asked, strategy, rep) in enumerate(written)
    ]
    regions = [Region(f"t{place}", draw(conditions(PLACES))) for place in range(2)]
    return CompiledRules(1, 7, tuple(draw(SEGMENTS)), tuple(regions), tuple(lines))


def word(*words: str) -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from((None, *words)), ODD_TEXT)


@st.composite
def any_facts(draw: st.DrawFn) -> Facts:
    number = st.one_of(st.none(), NUMBERS, st.sampled_from((-1, 10**400, True, 2.5, float("nan"))))
    return Facts(
        handoff_type=draw(st.one_of(st.sampled_from(TYPES), ODD_TEXT)),
        tier=draw(word("friend", "small", "tiny")),
        country=draw(word("NO", "SE", "ZZ")),
        region=draw(word(*WORDS)),
        postal_code=draw(word("0150", "0125", "012", "0", "A1")),
        industry=draw(word(*WORDS)),
        employee_count=draw(number),
        source=draw(word(*WORDS)),
        products=frozenset(draw(st.sets(st.sampled_from(WORDS), max_size=3))),
        score=draw(number),
        usage_stage=draw(word(*WORDS)),
        pod=draw(word("fjord")),
        sender=draw(st.sampled_from((None, *REPS))),
        owners=draw(st.dictionaries(st.sampled_from(STRATEGIES[3:]), st.sampled_from(REPS), max_size=3)),
        named=frozenset(draw(st.sets(st.sampled_from(REPS)))),
        custom=draw(st.dictionaries(st.sampled_from(("plan", "x\x00")), word(*WORDS), max_size=2)),
    )


def walked(rules: CompiledRules, facts: Facts) -> tuple[Located, list[Line]]:
    """The same answer by asking everything of everybody, one after another."""
    segment = next((bounds.code for bounds in rules.segments if bounds.holds(facts)), None)
    placed = Located.at(facts, segment, None)
    lies_in = (region.code for region in rules.territories if region.conditions.first_failing(placed) is None)
    located = Located.at(facts, segment, next(lies_in, None))
    return located, [line for line in rules.lines if line.refusal(located) is None]


def assert_equal_to_the_walk(rules: CompiledRules, facts: Facts) -> None:
    located, matching = walked(rules, facts)
    assert rules.locate(facts) == located
    if not matching:
        with pytest.raises(NoRulesError):
            rules.match(facts)
        return
    match = rules.match(facts)
    assert match.line is matching[0]
    for place, line in enumerate(matching):
        assert list(replace(match, line=line).onward()) == matching[place:]
    for line in rules.lines:
        assert match.why_not(line.code) == match.why_not(line.id) == line.refusal(located)
    passed = list(rules.lines[: rules.lines.index(match.line)])
    assert [line for line, _ in match.passed_over()] == passed
    assert [why for _, why in match.passed_over()] == [match.why_not(line.id) for line in passed]
    assert match.just_before(3) == [(line, line.conditions.first_failing(located)) for line in passed[-3:]]


@settings(max_examples=250, deadline=None)
@given(rules=rule_sets(), facts=st.lists(any_facts(), min_size=1, max_size=8))
def test_the_index_gives_what_the_walk_gives(rules: CompiledRules, facts: list[Facts]) -> None:
    for known in facts:
        assert_equal_to_the_walk(rules, known)


@settings(max_examples=100, deadline=None)
@given(rules=rule_sets(), facts=st.lists(any_facts(), min_size=1, max_size=8), room=st.sampled_from((0, 1, 2, 4)))
def test_with_no_room_for_masks_the_index_gives_the_same(rules: CompiledRules, facts: list[Facts], room: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "ROOM", room)
        patch.setattr(index, "_fits", lambda masks, size: masks <= room)
        narrow = CompiledRules(1, 7, rules.segments, rules.territories, rules.lines)
    for known in facts:
        assert_equal_to_the_walk(narrow, known)


@pytest.mark.parametrize("room", [1, 2, 5, 1000])
def test_many_ranges_hold_the_same_numbers_with_little_room(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    monkeypatch.setattr(index, "_fits", lambda masks, size: masks <= room)
    lines = [
        rule(place, Conditions.from_json({"score": {"from": place * 3 % 41, "below": place * 3 % 41 + 1 + place % 7}}))
        for place in range(60)
    ]
    rules = CompiledRules(1, 7, (), (), (*lines, rule(99, Conditions(), last=True)))
    for score in range(60):
        assert_equal_to_the_walk(rules, Facts(handoff_type="sql_to_ae", score=score))


@given(facts=any_facts())
def test_the_catch_all_takes_everything_whatever_it_is(facts: Facts) -> None:
    catch_all = rule(9, Conditions(), last=True)
    for before in (Conditions.from_json({"country": ["NO"]}), Conditions.from_json({"handoff_type": ["sql_to_ae"]})):
        narrow = rule(1, before)
        match = CompiledRules(1, 7, (), (), (narrow, catch_all)).match(facts)
        assert catch_all in match.onward()


@settings(max_examples=100, deadline=None)
@given(rules=rule_sets(), facts=any_facts())
def test_compiling_twice_gives_the_same(rules: CompiledRules, facts: Facts) -> None:
    again = CompiledRules(1, 7, rules.segments, rules.territories, rules.lines)
    assert again == rules
    located = rules.locate(facts)
    assert list(again.all_that_match(located)) == list(rules.all_that_match(located))


@settings(max_examples=250, deadline=None)
@given(facts=any_facts())
@example(facts=Facts(handoff_type="x" * 2000, region="\u2026" * 300, custom={"k" * 300: "\ufdfa" * 150}))
def test_normal_facts_are_normal_once_more_and_come_back_from_the_receipt(facts: Facts) -> None:
    assert Facts.from_json(facts.to_json()) == facts


@given(raw=st.text())
def test_whatever_text_a_fact_was_it_can_be_kept_and_is_not_long(raw: str) -> None:
    facts = Facts(handoff_type=raw, region=raw, postal_code=raw, pod=raw, custom={raw: raw})
    for text in (facts.handoff_type, facts.region, facts.postal_code, facts.pod, *facts.custom, *facts.custom.values()):
        assert text is None or (len(text.encode("utf-8").decode()) <= 201 and "\0" not in text)


def test_a_fact_that_was_cut_equals_no_word_of_a_rule() -> None:
    narrow = rule(1, Conditions.from_json({"region": ["x" * 200]}))
    rules = CompiledRules(1, 7, (), (), (narrow,))
    assert rules.match(Facts(handoff_type="sql_to_ae", region="x" * 200)).line is narrow
    with pytest.raises(NoRulesError):
        rules.match(Facts(handoff_type="sql_to_ae", region="x" * 201))


def test_a_rule_that_is_not_there_cannot_be_asked_about() -> None:
    match = CompiledRules(1, 7, (), (), (rule(1, Conditions()),)).match(Facts(handoff_type="sql_to_ae"))
    assert match.why_not("R-1") is None
    with pytest.raises(LookupError, match=r"^Rules v7 use no rule R-2\. Choose one of their list\.$"):
        match.why_not("R-2")
