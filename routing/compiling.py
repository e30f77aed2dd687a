"""Reads a rule-set version and compiles it, once per process and version.

A live version never changes, so its compiled form is shared for the life of the process. Which version is live is
asked of the database every time: a publish is then in force in every process at once.
"""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock

from routing.conditions import Conditions
from routing.facts import normal_word
from routing.matcher import CompiledRules, Line, NoRulesError, Region, SegmentBounds
from routing.models import Rule, RuleSet, Segment, Territory


def live_rules() -> CompiledRules:
    """The compiled live version. Raises NoRulesError when nothing has been published."""
    live = RuleSet.objects.filter(state=RuleSet.State.LIVE).values_list("id", flat=True).first()
    if live is None:
        raise NoRulesError("No rules are live, so nothing can be routed. Publish a rule set first.")
    return compiled(live)


def compile_now(rule_set_id: int) -> CompiledRules:
    """Compiles a version as it stands."""
    rule_set = RuleSet.objects.prefetch_related("segments", "territories", "rules").get(pk=rule_set_id)
    return put_together(
        rule_set,
        segments=rule_set.segments.all(),
        territories=rule_set.territories.all(),
        rules=rule_set.rules.all(),
    )


def put_together(
    rule_set: RuleSet, *, segments: Iterable[Segment], territories: Iterable[Territory], rules: Iterable[Rule]
) -> CompiledRules:
    """Compiles rows that are in memory; what is switched off is left out.

    What a version says is in force, so that nothing in it is refused here: `soundness` and `linting` tell of it.
    """
    with _uncollected():
        regions = [Region(t.code, Conditions.stored(t.conditions)) for t in territories]
        sizes = [
            SegmentBounds(normal_word(s.code) or s.code, s.employees_from, s.employees_below, s.by_tier)
            for s in segments
        ]
        enabled = [rule for rule in rules if rule.is_enabled]
        return CompiledRules(
            rule_set_id=rule_set.pk,
            number=rule_set.number,
            segments=tuple(sorted(sizes, key=lambda size: (not size.by_tier, -(size.at_least or 0), size.code))),
            territories=tuple(sorted(regions, key=lambda region: (-len(region.conditions.items), region.code))),
            lines=tuple(map(_line, sorted(enabled, key=lambda rule: (rule.is_catch_all, rule.position)))),
        )


class _Slot:
    """Where one version is compiled, by whoever holds `making`."""

    __slots__ = ("making", "rules")

    def __init__(self) -> None:
        self.making = Lock()
        self.rules: CompiledRules | None = None


class _Kept:
    """The versions that were asked for last. One thread compiles a version while the others that want it wait."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._slots: OrderedDict[int, _Slot] = OrderedDict()
        self._looking = Lock()

    def __call__(self, rule_set_id: int) -> CompiledRules:
        """An immutable version, compiled. Do not ask for drafts: use `compile_now`."""
        slot = self._slot(rule_set_id)
        if slot.rules is not None:
            return slot.rules
        with slot.making:
            if slot.rules is None:
                slot.rules = compile_now(rule_set_id)
            return slot.rules

    def keep(self, rules: CompiledRules) -> None:
        """Takes a version that was compiled before it became immutable, now that it has."""
        self._slot(rules.rule_set_id).rules = rules

    def cache_clear(self) -> None:
        """Forgets everything."""
        with self._looking:
            self._slots.clear()

    def _slot(self, rule_set_id: int) -> _Slot:
        with self._looking:
            slot = self._slots.setdefault(rule_set_id, _Slot())
            self._slots.move_to_end(rule_set_id)
            if len(self._slots) > self._most:
                self._slots.popitem(last=False)
            return slot


compiled = _Kept(most=16)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for what may be freed: everything that is made here stays."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _line(rule: Rule) -> Line:
    return Line(
        id=rule.id,
        code=rule.code,
        name=rule.name,
        conditions=Conditions.stored(rule.conditions),
        strategy=rule.strategy,
        pool_id=rule.pool_id,
        named_rep=rule.named_rep_id,
        when_unavailable=rule.when_unavailable,
        target_minutes=rule.target_minutes,
        is_catch_all=rule.is_catch_all,
    )
