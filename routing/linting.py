"""Lint of a stored version: its rules from the tables, and where each leads today."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.db.models import Q

from routing.compiling import compile_now
from routing.conditions import ConditionError, Conditions
from routing.lint import findings_of
from routing.lint_findings import Finding, Target
from routing.matcher import OWNER_STRATEGIES, CompiledRules, Line
from routing.models import Function, HandoffType, Membership, Pod, Pool, Rep, Rule, RuleSet, Territory
from routing.rule_words import Names
from routing.soundness import ASKS_A_POOL


def findings(rule_set_id: int) -> list[Finding]:
    """What is wrong with a version as it stands, rule by rule in their order; nothing when it is sound.

    What conditions of today cannot say comes first. Pools, members and people are taken as they are now. Raises
    RuleSet.DoesNotExist.
    """
    rules = compile_now(rule_set_id)
    found = findings_of(rules, targets=targets_of(rules), types=HandoffType.values, say=Names.of(rule_set_id).value)
    return [*_unreadable(rule_set_id), *_catch_all(rules), *found]


def _catch_all(rules: CompiledRules) -> Iterator[Finding]:
    """What keeps handoffs from finding anybody at all."""
    if not any(line.is_catch_all and line.strategy in ASKS_A_POOL for line in rules.lines):
        yield Finding(
            kind="catch_all",
            code="",
            blocking=True,
            sentence="No rule in use takes everything, so some handoffs would find nobody. Let the catch-all give to a "
            "pool.",
        )


def targets_of(rules: CompiledRules) -> dict[int, Target]:
    """Where each rule leads, by its id, and why nobody is there if so; five queries for any number of rules."""
    pools = {
        pool.pk: pool for pool in Pool.objects.filter(pk__in={line.pool_id for line in rules.lines if line.pool_id})
    }
    staffed = set(
        Membership.objects.filter(pool__in=pools, is_active=True, rep__is_active=True).values_list("pool", flat=True)
    )
    people = {rep.pk: rep for rep in Rep.objects.filter(pk__in=rules.named)}
    pods = Pod.objects.filter(members__is_active=True).exists()
    return {line.id: _target(line, pools=pools, staffed=staffed, people=people, pods=pods) for line in rules.lines}


def by_number(number: int | None) -> RuleSet | None:
    """A version by its number, or the live one; None when there is none."""
    wanted = Q(number=number) if number is not None else Q(state=RuleSet.State.LIVE)
    return RuleSet.objects.filter(wanted).first()


def _unreadable(rule_set_id: int) -> Iterator[Finding]:
    """Rules in use and territories that another release wrote, and of which this one lets nothing or less pass."""
    rules = Rule.objects.filter(rule_set=rule_set_id, is_enabled=True).order_by("position")
    parts: list[Rule | Territory] = [*rules, *Territory.objects.filter(rule_set=rule_set_id)]
    for part in parts:
        try:
            Conditions.from_json(part.conditions)
        except ConditionError as error:
            code, name = (part.code, str(part)) if isinstance(part, Rule) else ("", f"Territory {part}")
            sentence = f"{name} asks for what no record can have. {error}"
            yield Finding(kind="unreadable", code=code, blocking=True, sentence=sentence)


def _target(
    line: Line, *, pools: dict[int, Pool], staffed: Collection[int], people: dict[int, Rep], pods: bool
) -> Target:
    if line.strategy == Rule.Strategy.POD:
        trouble = "" if pods else "no pod has an active member"
        return Target(goes_to="pod", trouble=trouble, way_out="Put people into pods, or choose another strategy.")
    if line.strategy in OWNER_STRATEGIES:
        rep = people.get(line.named_rep) if line.named_rep is not None else None
        if rep is None:
            return Target(goes_to=line.strategy)
        return Target(goes_to=f"rep {rep.pk}", trouble=_why_not(rep, line), way_out="Name somebody else.")
    pool = pools.get(line.pool_id) if line.pool_id is not None else None
    if pool is None:
        return Target(goes_to=f"rule {line.id}", trouble="it has no pool", way_out="Choose a pool.")
    trouble = ""
    if not pool.is_active:
        trouble = f"its pool {pool.name} is switched off"
    elif pool.pk not in staffed:
        trouble = f"its pool {pool.name} has no active member"
    return Target(goes_to=f"pool {pool.pk}", trouble=trouble, way_out="Add an active member, or choose another pool.")


def _why_not(rep: Rep, line: Line) -> str:
    if not rep.is_active:
        return f"{rep.name} is no longer active"
    asked = [item.values for item in line.conditions.items if item.field == "handoff_type"]
    types = [kind for kind in HandoffType if all(kind.value in values for values in asked)]
    if any(rep.function in kind.receiving_functions for kind in types):
        return ""
    return f"{rep.name} is {Function(rep.function).label} and receives none of its handoffs"
