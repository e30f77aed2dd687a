"""What a version of the rules says, as a plain value: for its hash, for comparing versions, and for merging them.

Segments, territories and rules are known by their code, which is how people and other versions name them; pools and
people by marks of their own, so that a value means the same in every database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.db.models import ForeignKey

from routing.models import Rep, Rule, RuleSet, Segment, Territory

Part = Segment | Territory | Rule
Values = Mapping[str, Any]
KINDS: Final[Mapping[str, type[Part]]] = {"segment": Segment, "territory": Territory, "rule": Rule}
"""The kinds of parts in the order in which routing reads them."""

_PLACE = frozenset({"id", "rule_set", "position"})


@dataclass(frozen=True)
class Contents:
    """The parts of a version: kind -> code -> row. Rules stand in the order in which they are tried."""

    rows: Mapping[str, Mapping[str, Part]]

    @cached_property
    def values(self) -> Mapping[str, Mapping[str, Values]]:
        """Kind -> code -> column -> value, without ids and positions."""
        return {kind: {code: values_of(row) for code, row in rows.items()} for kind, rows in self.rows.items()}

    @property
    def order(self) -> list[str]:
        """The codes of the rules in the order in which they are tried."""
        return list(self.rows["rule"])

    @cached_property
    def hash(self) -> str:
        """SHA-256, in hex, over the canonical JSON of all that routing reads. Only the order of positions counts."""
        told = {kind: [*by_code.values()] for kind, by_code in self.values.items()}
        text = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def contents_of(rule_set: RuleSet) -> Contents:
    """What the version says now; three queries."""
    segments = Segment.objects.filter(rule_set=rule_set).order_by("code")
    territories = Territory.objects.filter(rule_set=rule_set).order_by("code")
    rules = Rule.objects.filter(rule_set=rule_set).select_related("pool", "named_rep", "owner")
    # As the matcher takes them: the catch-all is last, whatever its position.
    return Contents(
        {
            "segment": _by_code(segments),
            "territory": _by_code(territories),
            "rule": _by_code(rules.order_by("is_catch_all", "position")),
        }
    )


def values_of(row: Part) -> dict[str, Any]:
    """The columns of a part that say what it does; pools by code, people by uuid."""
    found: dict[str, Any] = {}
    for column in row._meta.concrete_fields:
        if column.name in _PLACE:
            continue
        value = getattr(row, column.name) if isinstance(column, ForeignKey) else getattr(row, column.attname)
        found[column.name] = value if not isinstance(column, ForeignKey) else _mark(value)
    return found


def _mark(target: Any) -> str | None:
    if target is None:
        return None
    return str(target.uuid) if isinstance(target, Rep) else str(target.code)


def _by_code(rows: Iterable[Part]) -> dict[str, Part]:
    return {row.code: row for row in rows}
