"""What a draft may not say, part by part: bands that overlap, territories that tie, names that nobody has.

Each question is asked when a part is saved, at its field, and again of the whole version when it is submitted. What the
list of rules does as a whole, such as rules that are never reached, is `routing.lint`'s to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import inf
from typing import Any

from routing.conditions import MISSING, Condition, Conditions
from routing.models import HandoffType, Rule, RuleSet, Segment, Territory

ASKS_A_POOL = frozenset({Rule.Strategy.ROUND_ROBIN, Rule.Strategy.LEAST_LOADED, Rule.Strategy.QUEUE})
CATCH_ALL_COLUMNS = ("conditions", "strategy", "is_enabled", "target_minutes", "owner")
SHOWN_CODES = 12
POOL_WANTED = "This strategy gives to the people of a pool. Choose the pool."
Asked = Mapping[str, Condition]
"""What a territory asks, by field."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a version: which part (both empty for the version as a whole), which column if it is known,
    and a sentence. What is not `blocking` may go live all the same.
    """

    kind: str
    code: str
    field: str
    sentence: str
    blocking: bool = True


def problems(rule_set: RuleSet) -> list[Problem]:
    """Everything a draft may not say, and sizes that no segment holds, in the order of the parts; three queries."""
    segments = list(Segment.objects.filter(rule_set=rule_set))
    territories = list(Territory.objects.filter(rule_set=rule_set).order_by("code"))
    rules = list(Rule.objects.filter(rule_set=rule_set).select_related("pool", "named_rep", "owner"))
    found = [Problem("segment", segment.code, "", sentence) for segment, sentence in overlaps(segments)]
    found += [Problem("segment", "", "", sentence, blocking=False) for sentence in gaps(segments)]
    known = {"segment": {row.code for row in segments}, "territory": {row.code for row in territories}}
    for territory in territories:
        if sentence := territory_problem(territory.conditions, segments=known["segment"]):
            found.append(Problem("territory", territory.code, "conditions", sentence))
    found += [Problem("territory", one.code, "conditions", sentence) for one, sentence in ties(territories)]
    for rule in rules:
        found += [Problem("rule", rule.code, field, text) for field, text in rule_problems(rule, known=known)]
    if not any(rule.is_catch_all for rule in rules):
        found.append(Problem("", "", "", "These rules have no catch-all, so some handoffs would find nobody. Add one."))
    return found


# --- Segments ---------------------------------------------------------------------------------------


def overlaps(segments: Iterable[Segment]) -> Iterator[tuple[Segment, str]]:
    """Each band of sizes that begins before the one below it ends, with a sentence naming the sizes both hold."""
    for lower, upper in pairwise(_bands(segments)):
        start = upper.employees_from or 0
        if lower.employees_below is None or lower.employees_below > start:
            ends = [bound for bound in (lower.employees_below, upper.employees_below) if bound is not None]
            shared = f"{start:,} to {min(ends) - 1:,} employees" if ends else f"{start:,} employees or more"
            sentence = f"{lower.name} and {upper.name} both hold {shared}. Let one end where the other begins: "
            yield upper, f"{sentence}on the page of the version both can be changed at once."


def gaps(segments: Iterable[Segment]) -> Iterator[str]:
    """Each stretch of sizes that no band holds, as a sentence; nothing where there are no bands at all."""
    bands = _bands(segments)
    if not bands:
        return
    widest, *others = bands
    if widest.employees_from:
        yield f"No segment holds fewer than {widest.employees_from:,} employees."
    for upper in others:
        start, end = widest.employees_below, upper.employees_from or 0
        if start is not None and start < end:
            yield f"No segment holds {start:,} to {end - 1:,} employees: {widest.name} ends before {upper.name} begins."
        # Where bands overlap, the next may end before one that began sooner.
        widest = max(widest, upper, key=_end)
    if widest.employees_below is not None:
        yield f"No segment holds {widest.employees_below:,} employees or more."


def _bands(segments: Iterable[Segment]) -> list[Segment]:
    by_size = (segment for segment in segments if not segment.by_tier)
    return sorted(by_size, key=lambda band: (band.employees_from or 0, _end(band)))


def _end(band: Segment) -> float:
    """Where the band ends, which may be nowhere."""
    return inf if band.employees_below is None else band.employees_below


# --- Territories ------------------------------------------------------------------------------------


def territory_problem(raw: object, *, segments: set[str]) -> str | None:
    """A sentence if no territory can be made of these conditions; `segments` are the codes of its version."""
    try:
        conditions = Conditions.from_json(raw)
    except ValueError as error:
        return str(error)
    if any(item.field == "territory" for item in conditions.items):
        return "A territory cannot be made of territories. Name countries, regions or others."
    return next(unknown_names(conditions, known={"segment": segments}), None)


def ties(territories: Iterable[Territory]) -> Iterator[tuple[Territory, str]]:
    """Each territory that ties with one after it, with the sentence of `tie`; what cannot be read is left out."""
    by_count: dict[int, list[tuple[Territory, Asked]]] = {}
    for territory in territories:
        asked = _asked(territory)
        if asked is not None:
            by_count.setdefault(len(asked), []).append((territory, asked))
    for alike in by_count.values():
        for (one, ours), (other, theirs) in combinations(alike, 2):
            if sentence := _tie(one, other, _in_both(ours, theirs)):
                yield one, sentence


def tie(one: Territory, other: Territory) -> str | None:
    """A sentence if both can hold one account and neither is more specific, that is, has more conditions."""
    return next((sentence for _, sentence in ties([one, other])), None)


def _asked(territory: Territory) -> Asked | None:
    try:
        return {item.field: item for item in Conditions.from_json(territory.conditions).items}
    except ValueError:
        return None  # said at the field of its own


def _tie(one: Territory, other: Territory, example: str | None) -> str | None:
    if example is None:
        return None
    return (
        f"{one.name} and {other.name} would both hold {example}, and neither is more specific. Add a condition to one "
        "of them, or take from one what they share."
    )


def _in_both(ours: Asked, theirs: Asked) -> str | None:
    """An account that both hold, in words; None if there is none."""
    facts = []
    for field in sorted(ours.keys() | theirs.keys()):
        asked = [side[field] for side in (ours, theirs) if field in side]
        value = _some_value(asked[0], asked[-1])
        if value is None:
            return None
        facts.append(f"{field.removeprefix('custom.').replace('_', ' ')} {value}")
    return f"an account with {' and '.join(facts)}" if facts else "any account"


def _some_value(one: Condition, other: Condition) -> str | None:
    """A value that both conditions on one field admit."""
    if one.missing and other.missing:
        unknown: str | None = "not known"
    else:
        unknown = None
    if one.prefixes and other.prefixes:
        both = [*_beginning_with(one.prefixes, other.prefixes), *_beginning_with(other.prefixes, one.prefixes)]
        return f"{min(both)}…" if both else unknown
    if one.values and other.values:
        shared = sorted(one.values & other.values)
        if not shared and one.field == "product":
            return f"{min(one.values)} and {min(other.values)}"  # an account may have several
        return shared[0] if shared else unknown
    if one.values or other.values or one.prefixes or other.prefixes:
        return unknown
    if _is_range(one) and _is_range(other):
        lowest = max(one.at_least or 0, other.at_least or 0)
        ends = [bound for bound in (one.below, other.below) if bound is not None]
        return f"{lowest:,}" if not ends or lowest < min(ends) else unknown
    return unknown


def _beginning_with(words: Iterable[str], prefixes: Iterable[str]) -> Iterator[str]:
    """The words that begin with one of the prefixes, in time that follows how many there are of both together."""
    known = frozenset(prefixes)
    lengths = sorted({len(prefix) for prefix in known})
    return (word for word in words if any(word[:length] in known for length in lengths))


def _is_range(condition: Condition) -> bool:
    return condition.at_least is not None or condition.below is not None


# --- Rules ------------------------------------------------------------------------------------------


def rule_problems(rule: Rule, *, known: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Columns of a rule that lead nowhere, each with a sentence; `known` are the codes of its version by kind."""
    try:
        conditions = Conditions.from_json(rule.conditions)
    except ValueError as error:
        yield "conditions", str(error)
        return
    yield from ((("conditions", sentence)) for sentence in unknown_names(conditions, known=known))
    if rule.is_catch_all:
        yield from catch_all_problems({name: getattr(rule, name) for name in CATCH_ALL_COLUMNS})
    yield from _target_problems(rule, _types_of(conditions))
    if rule.owner is not None and not rule.owner.is_active:
        yield "owner", f"{rule.owner} is not active any more. Choose somebody who answers for this rule."


def unknown_names(conditions: Conditions, *, known: dict[str, set[str]]) -> Iterator[str]:
    """Segments and territories that the conditions name and the version does not have."""
    for item in conditions.items:
        strange = sorted(item.values - known.get(item.field, item.values) - {MISSING})
        if strange:
            codes = sorted(known[item.field])
            choose = f"Choose from: {', '.join(codes[:SHOWN_CODES])}." if codes else f"Add the {item.field} first."
            yield f"{item.field}: this version has no {item.field} “{strange[0][:80]}”. {choose}"


def catch_all_problems(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Columns of a catch-all that would keep it from taking all that no other rule takes, each with a sentence.

    `values` are the rule's, by column; what is not among them is not asked about.
    """
    if values.get("conditions"):
        yield "conditions", "The catch-all takes everything, so it has no conditions. Write {}."
    if values.get("strategy", Rule.Strategy.ROUND_ROBIN) not in ASKS_A_POOL:
        fitting = " or ".join(f"“{Rule.Strategy(word).label}”" for word in Rule.Strategy if word in ASKS_A_POOL)
        yield "strategy", f"The catch-all takes everything, also what nobody owns. Choose {fitting}."
    if not values.get("is_enabled", True):
        yield "is_enabled", "The catch-all takes what no other rule does, so it stays in use. Tick this."
    if values.get("target_minutes", 1) is None:
        yield "target_minutes", "The catch-all has a target of its own. Say within how many minutes."
    if values.get("owner", "") is None:
        yield "owner", "Somebody answers for what only the catch-all takes. Choose who."


def _target_problems(rule: Rule, types: list[HandoffType]) -> Iterator[tuple[str, str]]:
    if rule.strategy in ASKS_A_POOL:
        if rule.pool is None:
            yield "pool", POOL_WANTED
        elif not rule.pool.is_active:
            yield "pool", f"{rule.pool} is not active, so nobody in it takes anything. Choose another pool."
        else:
            for kind in types:
                if rule.pool.function not in kind.receiving_functions and not rule.is_catch_all:
                    yield "pool", _wrong_function(str(rule.pool), rule.pool.get_function_display(), kind)
    rep = rule.named_rep
    if rep is not None and rule.strategy == Rule.Strategy.NAMED_REP:
        if not rep.is_active:
            yield "named_rep", f"{rep} is not active any more. Choose somebody else."
        elif wrong := next((kind for kind in types if rep.function not in kind.receiving_functions), None):
            yield "named_rep", _wrong_function(str(rep), rep.get_function_display(), wrong)
    if rep is not None and rule.strategy != Rule.Strategy.NAMED_REP:
        yield "named_rep", "Only the strategy “Named account's person” names somebody. Clear this, or choose it."


def _wrong_function(who: str, function: str, kind: HandoffType) -> str:
    return f"{who} ({function}) does not receive {kind.label}. Choose who does, or another handoff type."


def _types_of(conditions: Conditions) -> list[HandoffType]:
    """The kinds of handoff that the conditions name; none where they name none."""
    named = (item.values for item in conditions.items if item.field == "handoff_type")
    return [HandoffType(value) for values in named for value in sorted(values) if value in HandoffType.values]


def codes_of(rule_set_id: int) -> dict[str, set[str]]:
    """The codes of a version's segments and territories, by kind."""
    return {
        kind: set(model._default_manager.filter(rule_set=rule_set_id).values_list("code", flat=True))
        for kind, model in (("segment", Segment), ("territory", Territory))
    }


def naming(rule_set_id: int, kind: str, code: str) -> list[str]:
    """The rules, and other territories, of the version whose conditions name that segment or territory."""
    found = []
    for model in (Rule, Territory):
        for row in model._default_manager.filter(rule_set=rule_set_id).order_by("pk"):
            try:
                items = Conditions.from_json(row.conditions).items
            except ValueError:
                continue
            if any(item.field == kind and code in item.values for item in items):
                found.append(str(row))
    return found
