"""What a version of the rules says, line by line, for those who sign it and those who work under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import QueryDict

from handoffs import wording
from routing.models import Rule, RuleSet, Segment, Territory
from routing.rule_words import Asked, Names, size, taker

PAGE_SIZE = 200
ANSWERS_SHOWN = 12
"""Values of one condition before the rest is folded: a territory may name a thousand postal codes."""


@dataclass(frozen=True, slots=True)
class When:
    """One condition: what of, the first answers in a row, and the rest, which is folded."""

    of: str
    shown: str
    folded: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleLine:
    """A rule as the page shows it; `place` is its number in the order in which rules are tried."""

    place: int
    code: str
    name: str
    when: list[When]
    who: str
    otherwise: str
    within: str
    is_enabled: bool
    is_catch_all: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PartLine:
    """A territory or segment: its name, and what it holds."""

    name: str
    code: str
    when: list[When]
    size: str = ""


def rule_list(row: RuleSet, asked: QueryDict) -> dict[str, Any]:
    """The rules, territories and segments of a version, for its template; ten queries at most, however many there are.

    `asked` holds the pages that were asked for, `rules` and `territories`.
    """
    names = Names.of(row.pk)
    in_order = Rule.objects.filter(rule_set=row).select_related("pool", "named_rep")
    rules = _page(in_order.order_by("is_catch_all", "position"), asked.get("rules"))
    territories = _page(Territory.objects.filter(rule_set=row).order_by("name", "code"), asked.get("territories"))
    return {
        "rules": rules,
        "rule_lines": [_rule(rule, place, names) for place, rule in enumerate(rules, rules.start_index())],
        "territories": territories,
        "territory_lines": [
            PartLine(name=part.name, code=part.code, when=_when(names.conditions(part.conditions)))
            for part in territories
        ],
        "segment_lines": [
            PartLine(name=part.name, code=part.code, when=[], size=size(part))
            for part in Segment.objects.filter(rule_set=row).order_by("by_tier", "-employees_from", "code")
        ],
    }


def _page(rows: QuerySet[Any], number: str | None) -> Page[Any]:
    return Paginator(rows, PAGE_SIZE).get_page(number)


def _rule(rule: Rule, place: int, names: Names) -> RuleLine:
    is_queue = rule.strategy == Rule.Strategy.QUEUE
    return RuleLine(
        place=place,
        code=rule.code,
        name=rule.name,
        when=_when(names.rule(rule)),
        who=taker(rule),
        otherwise="" if is_queue else rule.get_when_unavailable_display(),
        within=wording.duration(rule.target_minutes) if rule.target_minutes else "as the policy says",
        is_enabled=rule.is_enabled,
        is_catch_all=rule.is_catch_all,
    )


def _when(asked: list[Asked]) -> list[When]:
    return [When(one.of, " or ".join(one.answers[:ANSWERS_SHOWN]), one.answers[ANSWERS_SHOWN:]) for one in asked]
