"""What a rule asks of the facts: a conjunction of conditions, each a set or a half-open range; absent means any.

A condition set is valid by having been constructed: `Conditions.from_json` raises ValueError with one sentence naming
the field. A missing fact is its own member, written "missing"; it is never *any*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from routing.facts import Located, normal_word

MISSING = "missing"
SET_FIELDS = (
    "handoff_type",
    "segment",
    "territory",
    "country",
    "region",
    "industry",
    "source",
    "product",
    "usage_stage",
)
RANGE_FIELDS = ("employee_count", "score")
PREFIX_FIELDS = ("postal_prefix",)
NORMAL_WORDS = frozenset({"segment", "region", "industry", "source", "product", "usage_stage"})


@dataclass(frozen=True, slots=True)
class Condition:
    """One field's test: `values`, `prefixes` or the range is in use; `missing` admits the absent fact."""

    field: str
    values: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    at_least: int | None = None
    below: int | None = None
    missing: bool = False

    def holds(self, located: Located) -> bool:
        found = located.value(self.field)
        if found is None or found == frozenset():
            return self.missing
        if self.prefixes:
            return str(found).startswith(self.prefixes)
        if isinstance(found, int):
            return (self.at_least is None or found >= self.at_least) and (self.below is None or found < self.below)
        if isinstance(found, frozenset):
            return not self.values.isdisjoint(found)
        return found in self.values

    def words(self) -> str:
        """The condition as people say it: "segment is enterprise or mid_market"."""
        name = self.field.removeprefix("custom.").replace("_", " ")
        parts = sorted(self.values)
        if self.prefixes:
            parts = [f"{prefix}…" for prefix in self.prefixes]
        elif self.at_least is not None and self.below is not None:
            parts = [f"{self.at_least:,} to {self.below - 1:,}"]
        elif self.at_least is not None:
            parts = [f"{self.at_least:,} or more"]
        elif self.below is not None:
            parts = [f"under {self.below:,}"]
        if self.missing:
            parts.append("not known")
        return f"{name} is {' or '.join(parts)}"


@dataclass(frozen=True, slots=True)
class Conditions:
    """All conditions of a rule or territory; no condition means everything."""

    items: tuple[Condition, ...] = ()

    @classmethod
    def from_json(cls, raw: object) -> Conditions:
        """Reads {"segment": ["smb", "missing"], "score": {"from": 70, "below": 90}, "custom.tier": ["gold"]}."""
        if not isinstance(raw, Mapping):
            raise ValueError('Conditions are a mapping of field to values, e.g. {"segment": ["smb"]}.')
        return cls(tuple(_read(str(field), value) for field, value in sorted(raw.items())))

    def first_failing(self, located: Located) -> Condition | None:
        """The first condition that does not hold, or None when all hold."""
        return next((item for item in self.items if not item.holds(located)), None)


def _read(field: str, value: object) -> Condition:
    if field in RANGE_FIELDS:
        return _read_range(field, value)
    known = field in SET_FIELDS or field in PREFIX_FIELDS or field.startswith("custom.")
    if not known:
        raise ValueError(f"“{field}” is not a field rules can use. Choose one of the listed fields or custom.<name>.")
    if not isinstance(value, list) or not value or not all(isinstance(item, str) and item for item in value):
        raise ValueError(f'{field}: give a list of at least one word, e.g. ["enterprise"].')
    words = frozenset(_normal(field, word) for word in value if word != MISSING)
    if field in PREFIX_FIELDS:
        return Condition(field=field, prefixes=tuple(sorted(words)), missing=MISSING in value)
    return Condition(field=field, values=words, missing=MISSING in value)


def _normal(field: str, word: str) -> str:
    """The word as facts spell it: "Mid-market" is mid_market, "no" is NO."""
    if field == "country":
        return word.strip().upper()
    if field in PREFIX_FIELDS:
        return word.replace(" ", "").upper()
    if field in NORMAL_WORDS:
        return normal_word(word) or word
    return word


def _read_range(field: str, value: object) -> Condition:
    if not isinstance(value, Mapping) or not set(value) <= {"from", "below", MISSING} or not value:
        raise ValueError(f'{field}: give a range such as {{"from": 100, "below": 1000}}.')
    at_least, below = (
        _whole(field, value.get("from")),
        _whole(field, value.get("below")),
    )
    if at_least is not None and below is not None and below <= at_least:
        raise ValueError(
            f"{field}: the range ends at {below}, at or below its start {at_least}. Raise the upper bound."
        )
    return Condition(field=field, at_least=at_least, below=below, missing=bool(value.get(MISSING)))


def _whole(field: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{field}: “{value}” is not a whole number of at least 0.")
    return value
