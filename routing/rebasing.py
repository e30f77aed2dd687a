"""Bringing a draft up to date with the live version: three-way, part by part.

What the draft left alone follows the live version; what only the draft changed is kept. What both changed, and not
alike, is a conflict: it is named, and nothing is done unless the draft is told to keep its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F, ForeignKey

from routing.contents import KINDS, Contents, Part, contents_of, values_of
from routing.differences import changed_columns, name_of, same_order
from routing.models import Rule, RuleSet


@dataclass(frozen=True, slots=True)
class Merged:
    """The outcome: the rows to have, by kind and code, the order of the rules, and a sentence for each conflict."""

    rows: dict[str, dict[str, Part]]
    order: list[str]
    conflicts: list[str]


def merge(*, base: Contents, mine: Contents, theirs: Contents) -> Merged:
    """The parts and order after both sets of changes; where they conflict, mine. Writes nothing."""
    rows: dict[str, dict[str, Part]] = {}
    conflicts: list[str] = []
    for kind in KINDS:
        old, own, live = (side.values[kind] for side in (base, mine, theirs))
        rows[kind] = {}
        for code in {**live, **own}:
            take_mine = live.get(code) == old.get(code) or own.get(code) == live.get(code)
            if not take_mine and own.get(code) != old.get(code):
                conflicts.append(_conflict(kind, code, base=base, mine=mine, theirs=theirs))
                take_mine = True
            source = (mine if take_mine else theirs).rows[kind]
            if code in source:
                rows[kind][code] = source[code]
    second = [code for code, row in theirs.rows["rule"].items() if _is_second_catch_all(code, row, rows["rule"], mine)]
    for code in second:
        conflicts.append(f"Rule {code} takes everything in the live rules, and the draft has a catch-all of its own.")
        del rows["rule"][code]
    order, refusal = _order(base=base.order, mine=mine.order, theirs=theirs.order)
    if refusal:
        conflicts.append(refusal)
    return Merged(rows, [code for code in order if code in rows["rule"]], conflicts)


def write(merged: Merged, *, draft: RuleSet) -> None:
    """Makes the draft say what was merged, in the caller's transaction; what stays the same keeps its row."""
    present = contents_of(draft)
    # Places are unique even for a moment, so all step aside first.
    Rule.objects.filter(rule_set=draft).update(position=F("position") + 1_000_000)
    for kind, model in KINDS.items():
        for code, gone in present.rows[kind].items():
            if code not in merged.rows[kind]:
                model._default_manager.filter(pk=gone.pk).delete()
        for code, wanted in merged.rows[kind].items():
            there = present.rows[kind].get(code)
            row = there if there is not None else model(rule_set=draft)
            if there is None or values_of(row) != values_of(wanted):
                _take_over(row, wanted)
            if isinstance(row, Rule):
                row.position = merged.order.index(code) + 1
            row.save()


def _take_over(row: Part, wanted: Part) -> None:
    for column in wanted._meta.concrete_fields:
        if column.name not in {"id", "rule_set", "position"}:
            name = column.name if isinstance(column, ForeignKey) else column.attname
            setattr(row, name, getattr(wanted, name))


def _conflict(kind: str, code: str, *, base: Contents, mine: Contents, theirs: Contents) -> str:
    before, own, live = (side.rows[kind].get(code) for side in (base, mine, theirs))
    if own is None or live is None:
        row, gone, kept = (live, "the draft", "the live rules") if own is None else (own, "the live rules", "the draft")
        return f"{name_of(kind, row) if row else code} was removed in {gone} and changed in {kept}."
    name = name_of(kind, own)
    if before is None:
        return f"{name} was added in both, and not alike: {_told(live, own)}."
    return f"{name} was changed in both. Live: {_told(before, live)}. The draft: {_told(before, own)}."


def _told(before: Part, after: Part) -> str:
    return "; ".join(map(str, changed_columns(before, after)))


def _is_second_catch_all(code: str, row: Part, merged: Mapping[str, Part], mine: Contents) -> bool:
    """Whether the live rule would stand in the merged rules as a catch-all beside the draft's own."""
    takes_all = [other for other, rule in mine.rows["rule"].items() if isinstance(rule, Rule) and rule.is_catch_all]
    kept = [other for other in takes_all if other in merged]
    return isinstance(row, Rule) and row.is_catch_all and code in merged and bool(kept) and code not in kept


def _order(*, base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> tuple[list[str], str]:
    """The codes in their new order, mine where both moved rules; and what to say then."""
    if same_order(base, mine):
        return _inserted(theirs, into_from=mine), ""
    if same_order(base, theirs) or same_order(mine, theirs):
        return _inserted(mine, into_from=theirs), ""
    return _inserted(mine, into_from=theirs), "The order of the rules was changed in both, and not alike."


def _inserted(order: Sequence[str], *, into_from: Sequence[str]) -> list[str]:
    """`order`, with the codes that only the other list has put behind what they stand behind there."""
    whole = list(order)
    for place, code in enumerate(into_from):
        if code not in whole:
            whole.insert(whole.index(into_from[place - 1]) + 1 if place else 0, code)
    return whole
