"""Random small versions of the rules, and what a walk over every record there can be says about them.

The judge knows nothing of cells or boxes: it lists values, builds every combination and asks the rules themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, combinations, product
from math import prod
from random import Random
from typing import Any

from routing.conditions import Conditions
from routing.facts import Facts, Located
from routing.lint_cells import _holds, segment_of
from routing.lint_findings import Target
from routing.lint_space import Space
from routing.matcher import OWNER_STRATEGIES, CompiledRules, Line, Region, SegmentBounds

TYPES = ("mql_to_sales", "sql_to_ae")
BANDS = (
    SegmentBounds("partner", at_least=None, below=None, by_tier=True),
    SegmentBounds("large", at_least=3, below=None, by_tier=False),
    SegmentBounds("small", at_least=1, below=3, by_tier=False),
)
# What a random condition on the field may say.
WORDS = {
    "handoff_type": ["mql_to_sales", "sql_to_ae", "closed_to_cs"],
    "segment": ["partner", "large", "small", "missing"],
    "territory": ["north", "south", "inner", "missing"],
    "country": ["NO", "SE", "missing"],
    "industry": ["retail", "steel", "missing"],
    "product": ["seats", "api", "missing"],
    "postal_prefix": ["0", "01", "5", "missing"],
    "custom.plan": ["gold", "missing"],
}
RANGES = {"employee_count": 5, "score": 3}
SPECIAL = ("account_owner", "open_deal_owner", "named_rep", "pod")
MOST_RECORDS = 2_000
# Every value a record may have, as far as rules can tell, and a little more.
VALUES: dict[str, list[dict[str, Any]]] = {
    "handoff_type": [{"handoff_type": kind} for kind in TYPES],
    "size": [
        *({"employee_count": None, "tier": tier} for tier in (None, "partner", "large", "small", "other")),
        *({"employee_count": n, "tier": tier} for n in range(7) for tier in (None, "partner", "large", "other")),
    ],
    "country": [{"country": code} for code in ("NO", "SE", "DE", None)],
    "industry": [{"industry": word} for word in ("retail", "steel", "mining", None)],
    "product": [
        {"products": frozenset(chosen)}
        for chosen in chain.from_iterable(combinations(("seats", "api", "support"), size) for size in range(4))
    ],
    "postal_prefix": [{"postal_code": code} for code in ("0", "01", "0123", "02", "5", "57", "9", None)],
    "custom.plan": [{"custom": custom} for custom in ({"plan": "gold"}, {"plan": "blue"}, {})],
    "score": [{"score": score} for score in (None, *range(-1, 5))],
    "account_owner": [{}, {"owners": {"account_owner": 3}}],
    "open_deal_owner": [{}, {"owners": {"open_deal_owner": 3}}],
    "named_rep": [{}, {"named": frozenset({7})}],
    "pod": [{}, {"pod": "p"}],
}


@dataclass
class Verdict:
    """What the walk saw, by rule code."""

    impossible: set[str] = field(default_factory=set)
    dead: dict[str, set[str]] = field(default_factory=dict)  # and each rule that alone takes all of it
    overlaps: dict[str, set[str]] = field(default_factory=dict)
    gaps: list[Facts] = field(default_factory=list)


def random_rules(random: Random) -> CompiledRules:
    """A version whose records are few enough to be walked over."""
    while True:
        rules = _any_rules(random)
        if prod(map(len, _parts(rules))) <= MOST_RECORDS:
            return rules


def _any_rules(random: Random) -> CompiledRules:
    """A version with two to eight rules over a few fields, territories and segments, and a catch-all."""
    used = random.sample([*WORDS, *RANGES], random.randint(1, 4))
    strategies = ["round_robin", "round_robin", *random.sample(SPECIAL, random.randint(0, 2))]
    regions = []
    for code in random.sample(["north", "south", "inner"], random.randint(0, 3)):
        fields = random.sample(["country", "postal_prefix", "industry", "segment", "product"], random.choice([1, 1, 2]))
        regions.append(Region(code, Conditions.from_json(_conditions(random, fields[: random.randint(1, 2)]))))
    regions.sort(key=lambda region: (-len(region.conditions.items), region.code))
    lines = [
        _line(random, number, used, strategy=random.choice(strategies)) for number in range(1, random.randint(3, 9))
    ]
    catch_all = _line(random, 99, [], strategy="round_robin", is_catch_all=True)
    bands = BANDS if random.random() < 0.8 else BANDS[1:]
    return CompiledRules(1, 7, bands, tuple(regions), (*lines, catch_all))


def targets_of(rules: CompiledRules) -> dict[int, Target]:
    """Where each of the rules leads: to its pool, or to somebody of the account."""
    return {line.id: Target(goes_to=f"{line.strategy} {line.pool_id}") for line in rules.lines}


def records(rules: CompiledRules) -> Iterator[Facts]:
    """Every record the rules can tell apart."""
    for parts in product(*_parts(rules)):
        values: dict[str, Any] = {"handoff_type": TYPES[0], "owners": {}}
        for part in parts:
            values = {**values, **part, "owners": {**values["owners"], **part.get("owners", {})}}
        yield Facts(**values)


def _parts(rules: CompiledRules) -> list[list[dict[str, Any]]]:
    fields = {item.field for line in rules.lines for item in line.conditions.items}
    if "territory" in fields:
        fields |= {item.field for region in rules.territories for item in region.conditions.items}
    fields |= {line.strategy for line in rules.lines}
    names = {"size" if name in {"segment", "employee_count"} else name for name in fields} & set(VALUES)
    return [VALUES[name] for name in sorted(names)]


def cells_of(space: Space, facts: Facts) -> dict[str, int]:
    """In which cell of each variable a record lies, found out by asking the conditions."""
    placed = Located.at(facts, segment_of(space.rules.segments, facts), None)
    cells = {}
    for name, variable in space.variables.items():
        holding = {condition: _holds(condition, placed) for condition in variable.masks}
        (cells[name],) = (
            1 << number
            for number in range(len(variable.members))
            if all(bool(mask >> number & 1) == holding[condition] for condition, mask in variable.masks.items())
        )
    return cells


def walk(rules: CompiledRules) -> Verdict:
    """Asks every rule about every record."""
    verdict = Verdict()
    plain = [line for line in rules.lines if not line.is_catch_all]
    shadows = {line.code: {other.code for other in plain} for line in plain}
    met, reached = set(), set()
    verdict.overlaps = {line.code: set() for line in plain}
    for facts in records(rules):
        located = rules.locate(facts)
        taking = [line for line in plain if line.refusal(located) is None]
        if not taking:
            verdict.gaps.append(facts)
            continue
        first = taking[0]
        reached.add(first.code)
        for number, line in enumerate(taking):
            met.add(line.code)
            shadows[line.code] &= {other.code for other in taking[:number]}
            if number and _differ(first, line) and first.strategy not in OWNER_STRATEGIES | {"pod"}:
                verdict.overlaps[line.code].add(first.code)
    verdict.impossible = {line.code for line in plain} - met
    verdict.dead = {line.code: shadows[line.code] for line in plain if line.code in met - reached}
    return verdict


def _differ(one: Line, other: Line) -> bool:
    return (one.strategy, one.pool_id) != (other.strategy, other.pool_id)


def _line(random: Random, number: int, used: list[str], *, strategy: str, is_catch_all: bool = False) -> Line:
    conditions = _conditions(random, random.sample(used, random.randint(min(1, len(used)), min(3, len(used)))))
    return Line(
        id=number,
        code=f"R-{number}",
        name="",
        conditions=Conditions.from_json(conditions),
        strategy=strategy,
        pool_id=random.randint(1, 3),
        named_rep=7 if strategy == "named_rep" else None,
        when_unavailable="skip",
        target_minutes=None,
        is_catch_all=is_catch_all,
    )


def _conditions(random: Random, fields: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in fields:
        if name in RANGES:
            low, high = sorted(random.sample(range(RANGES[name] + 1), 2))
            bounds = random.choice([{"from": low}, {"below": high}, {"from": low, "below": high}])
            found[name] = {**bounds, "missing": True} if random.random() < 0.3 else bounds
        else:
            found[name] = random.sample(WORDS[name], random.randint(1, len(WORDS[name])))
    return found
