"""Lint of 500 rules, of the books of grown companies up to 10,000, and lint beside a walk over every record on 2,000
random small versions.

Lint is one thread that waits for nothing, so its time is that of the processor: what else runs does not count.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from time import process_time
from typing import Any

from benchmarks import rule_book
from benchmarks.matching import compiled_rows, rows_of
from routing.checks import generated_failures
from routing.conditions import Conditions
from routing.countries import COUNTRIES
from routing.lint import findings_of
from routing.lint_findings import Target
from routing.matcher import CompiledRules, Line, Region, SegmentBounds
from routing.models import HandoffType
from tests.routing.brute import random_rules
from tests.routing.test_lint_exact import differences

RULES, MOST_SECONDS = 500, 2.0
SIZES = (500, 2_000, 10_000)
SHOWN = 3
VERSIONS = 2_000
TANGLED = "of which nearly all meet"
ROUNDS = 5
SEGMENTS = (
    SegmentBounds("partner", at_least=None, below=None, by_tier=True),
    SegmentBounds("enterprise", at_least=1000, below=None, by_tier=False),
    SegmentBounds("mid_market", at_least=100, below=1000, by_tier=False),
    SegmentBounds("smb", at_least=0, below=100, by_tier=False),
)
INDUSTRIES = ("software", "retail", "banking", "health", "energy", "transport", "media", "public")
PRODUCTS = ("seats", "api", "support", "training")


def run() -> bool:
    """Prints the times of a version as people write them, which has the target, and of one in which nearly all rules
    meet; whether the target was kept and nothing differed.
    """
    met = True
    for name, rules in (("as people write them", written(Random(4))), (TANGLED, tangled(Random(4)))):
        targets = {line.id: Target(goes_to=f"pool {line.pool_id}") for line in rules.lines}
        times = []
        for _ in range(ROUNDS):
            start = process_time()
            findings = findings_of(rules, targets=targets, types=HandoffType.values)
            times.append(process_time() - start)
        kinds = Counter(finding.kind for finding in findings)
        counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        print(f"  {len(rules.lines)} rules {name}: median {sorted(times)[ROUNDS // 2]:.2f} s; {counted}")
        if name != TANGLED:
            met = max(times) < MOST_SECONDS
            kept = "met" if met else "missed"
            print(f"    slowest of {ROUNDS} {max(times):.2f} s (under {MOST_SECONDS:.0f} s): {kept}")
    for size in SIZES:
        _print_size(size)
    wrong = sum(bool(differences(random_rules(Random(seed)))) for seed in range(VERSIONS))
    print(f"  {wrong} of {VERSIONS:,} random versions differ from a walk over every record (none may)")
    return met and not wrong


def _print_size(size: int) -> None:
    """How long lint and the generated checks of a grown company's book take, and what they leave open."""
    book = compiled_rows(rows_of(rule_book.rules(size, random_from=Random(4))))
    targets = {line.id: Target(goes_to=f"pool {line.id % 40}") for line in book.lines}
    start = process_time()
    findings = findings_of(book, targets=targets, types=HandoffType.values)
    seconds = process_time() - start
    start = process_time()
    failures = list(generated_failures(book))
    checking = process_time() - start
    undecided = sum(finding.kind == "undecided" and bool(finding.code) for finding in findings)
    print(f"  {size:,} rules of a grown book: {seconds:.2f} s, {undecided} undecided; checks {checking:.2f} s")
    told = [finding.sentence for finding in findings if finding.kind == "undecided"]
    told += [failure.sentence for failure in failures if not failure.blocking]
    for sentence in told[:SHOWN]:
        print(f"    {sentence}")


def written(random: Random) -> CompiledRules:
    """Owner rules, then one rule for each type, segment and territory, then industries; some are shadowed."""
    countries = sorted(COUNTRIES)
    regions = []
    for number in range(30):
        lands = countries[3 * number : 3 * number + 3]
        regions.append(Region(f"t{number:02}", Conditions.from_json({"country": lands})))
        if number % 3 == 0:
            inner = Conditions.from_json({"country": lands[:1], "postal_prefix": [str(number % 10), f"{number}7"]})
            regions.append(Region(f"t{number:02}-city", inner))
    regions.sort(key=lambda region: (-len(region.conditions.items), region.code))
    wanted: list[dict[str, Any]] = [
        {"handoff_type": [kind], "segment": [segment], "territory": [region.code]}
        for kind in ("sql_to_ae", "closed_to_cs", "expansion_to_sales")
        for segment in ("enterprise", "mid_market", "smb")
        for region in regions
    ]
    while len(wanted) < RULES - 5:
        conditions: dict[str, Any] = {"handoff_type": [random.choice(HandoffType.values)]}
        conditions["industry"] = random.sample(INDUSTRIES, random.randint(1, 3))
        if random.random() < 0.5:
            conditions["product"] = random.sample(PRODUCTS, 2)
        if random.random() < 0.5:
            low = random.choice((0, 20, 50, 70))
            conditions["score"] = {"from": low, "below": low + 30}
        if random.random() < 0.5:
            conditions["employee_count"] = {"from": random.choice((0, 50, 500, 5000))}
        wanted.insert(random.randint(0, len(wanted)), conditions)
    owners = [_line(n, {}, strategy) for n, strategy in enumerate(("named_rep", "open_deal_owner", "account_owner"), 1)]
    pools = [_line(number, conditions) for number, conditions in enumerate(wanted, start=4)]
    return CompiledRules(1, 1, SEGMENTS, tuple(regions), (*owners, *pools, _line(10_000, {}, is_catch_all=True)))


def tangled(random: Random) -> CompiledRules:
    """Rules over one to five fields at random, nearly all of which meet."""
    lines = []
    for number in range(1, RULES):
        conditions: dict[str, Any] = {
            "handoff_type": random.sample(HandoffType.values, 2),
            "industry": random.sample(INDUSTRIES, 3),
            "product": random.sample(PRODUCTS, 2),
            "country": random.sample(("NO", "SE", "DK", "FI", "IS", "missing"), 3),
            "score": {"from": random.randint(0, 60), "below": random.randint(61, 120)},
            "employee_count": {"from": random.randint(0, 2000)},
            "source": random.sample(("web", "event", "partner", "missing"), 2),
        }
        kept = random.sample(sorted(conditions), random.randint(3, 5))
        lines.append(_line(number, {name: conditions[name] for name in kept}))
    return CompiledRules(1, 1, SEGMENTS, (), (*lines, _line(10_000, {}, is_catch_all=True)))


def _line(
    number: int, conditions: dict[str, Any], strategy: str = "round_robin", *, is_catch_all: bool = False
) -> Line:
    return Line(
        id=number,
        code=f"R-{number}",
        name="",
        conditions=Conditions.from_json(conditions),
        strategy=strategy,
        pool_id=number % 12,
        named_rep=None,
        when_unavailable="skip",
        target_minutes=None,
        is_catch_all=is_catch_all,
    )
