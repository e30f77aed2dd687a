"""A decision with its receipt at 10,000 rules, the database included: how long, and where the time goes."""

from __future__ import annotations

import random
import statistics
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from benchmarks import rule_book
from benchmarks.scenario import fresh_firm
from routing import compiling
from routing.assign import assign
from routing.decide import decide
from routing.facts import Facts
from routing.matcher import CompiledRules
from routing.models import Decision, Pool, Rule, RuleSet, Segment, Territory

RULES, ROUNDS, WARM_UP = 10_000, 200, 20


def run() -> bool:
    """Measures and prints; there are no targets here."""
    fresh_firm()
    book = rule_book.rules(RULES, random_from=random.Random(1))
    started = time.perf_counter()
    _publish(book)
    stored = time.perf_counter()
    compiling.live_rules()
    read = time.perf_counter()
    print(f"  {RULES:,} rules: stored in {stored - started:.1f} s, read and compiled in {read - stored:.2f} s")
    spent: dict[str, float] = defaultdict(float)
    whole: list[float] = []
    known = rule_book.facts(book, WARM_UP + ROUNDS, random_from=random.Random(2))
    with _watching(spent):
        for number, each in enumerate(known):
            if number == WARM_UP:
                spent.clear()
                whole.clear()
            facts = Facts(**{**each, "products": frozenset(each["products"]), "owners": {}})
            whole.append(_decided(facts, spent))
    total = sum(whole)
    print(f"  a decision with its receipt: {len(whole) / total:.0f} per second, median {_ms(statistics.median(whole))}")
    for step in ("match", "candidates", "lock", "choose", "write", "commit"):
        print(f"    {step:12} {_ms(spent[step] / len(whole)):>9}  {spent[step] / total:4.0%}")
    chosen = Decision.objects.filter(outcome=Decision.Outcome.ASSIGNED).count()
    print(
        f"  n = {len(whole)}, one connection; {chosen} of {len(known)} went to somebody, the rest wait for an opening"
    )
    return True


def _decided(facts: Facts, spent: dict[str, float]) -> float:
    now = timezone.now()
    started = time.perf_counter()
    matching = spent["match"]
    draft = decide(facts, now=now)
    drafted = time.perf_counter()
    spent["candidates"] += drafted - started - (spent["match"] - matching)
    queries = spent["lock"] + spent["write"]
    with transaction.atomic():
        assign(draft, handoff_uuid=uuid.uuid4(), number=1, now=now, actor="engine")
        assigned = time.perf_counter()
    spent["choose"] += assigned - drafted - (spent["lock"] + spent["write"] - queries)
    spent["commit"] += time.perf_counter() - assigned
    return time.perf_counter() - started


@contextmanager
def _watching(spent: dict[str, float]) -> Iterator[None]:
    """Adds up what matching takes, and what the database takes to lock and to write."""
    match = CompiledRules.match

    def watched(rules: CompiledRules, facts: Facts) -> Any:
        started = time.perf_counter()
        try:
            return match(rules, facts)
        finally:
            spent["match"] += time.perf_counter() - started

    def timed(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            if sql.startswith(("INSERT", "UPDATE")):
                spent["write"] += time.perf_counter() - started
            elif " FOR " in sql:
                spent["lock"] += time.perf_counter() - started

    CompiledRules.match = watched  # type: ignore[method-assign, assignment]
    try:
        with connection.execute_wrapper(timed):
            yield
    finally:
        CompiledRules.match = match  # type: ignore[method-assign]


def _publish(book: list[rule_book.WrittenRule]) -> None:
    """Makes the book live, its rules spread over the pools of the firm."""
    now = timezone.now()
    live = RuleSet.objects.get(state=RuleSet.State.LIVE)
    owner = live.rules.get(is_catch_all=True).owner
    pools = list(Pool.objects.filter(is_active=True).order_by("pk"))
    draft = RuleSet.objects.create(number=live.number + 1, state=RuleSet.State.DRAFT, based_on=live, created_at=now)
    Segment.objects.bulk_create(
        Segment(rule_set=draft, code=code, name=code, employees_from=start, employees_below=below)
        for code, start, below in rule_book.SEGMENTS
    )
    Territory.objects.bulk_create(
        Territory(rule_set=draft, code=code, name=code, conditions=asked)
        for code, asked in rule_book.TERRITORIES.items()
    )
    Rule.objects.bulk_create(
        (
            Rule(
                rule_set=draft,
                position=place,
                code=rule.code,
                name=rule.code,
                conditions=rule.conditions,
                strategy=rule.strategy,
                pool=pools[place % len(pools)] if rule.strategy == Rule.Strategy.ROUND_ROBIN else None,
                is_catch_all=place == len(book),
                owner=owner if place == len(book) else None,
                target_minutes=240 if place == len(book) else None,
            )
            for place, rule in enumerate(book, start=1)
        ),
        batch_size=1000,
    )
    RuleSet.objects.filter(pk=live.pk).update(state=RuleSet.State.ARCHIVED)
    RuleSet.objects.filter(pk=draft.pk).update(state=RuleSet.State.LIVE, published_at=now)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"
