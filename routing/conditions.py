"""What a rule asks of the facts: a conjunction of conditions, each a set or a half-open range; absent means any.

A condition set is valid by having been constructed: `Conditions.from_json` raises ConditionError with one sentence
naming the field. A missing fact is its own member, written "missing"; it is never *any*. `Conditions.stored` reads what
is in force already and raises nothing: what is refused today lets nothing pass.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from routing.countries import normal_country
from routing.facts import LONGEST_WORD, Known, Located, normal_postcode, normal_value, normal_word, plain_text

MISSING = "missing"
NOT_KNOWN = "not known"
"""What people call a missing fact."""
TAKER = "taker"
"""Not for writing: whether somebody is there whom an owner or a pod rule would give it to."""
HANDOFF_TYPES = frozenset({"mql_to_sales", "sql_to_ae", "closed_to_cs", "expansion_to_sales"})
"""The words of `routing.models.HandoffType`, spelled here so that reasoning needs no tables."""
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
_FIELDS = frozenset({*SET_FIELDS, *RANGE_FIELDS, *PREFIX_FIELDS})
CUSTOM = "custom."
MOST_FIELDS = 50
MOST_VALUES = 1000
MOST_SHARED = 8
LONGEST_NAME = 64
LARGEST_NUMBER = 2_147_483_647


Say = Callable[[str, str], str]
"""From a field and a value of it, as rules spell it, to what people call that value."""


class ConditionError(ValueError):
    """A condition that cannot be; `field` is its name, and the message a sentence with the way out."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.field = name


@dataclass(frozen=True, slots=True)
class Condition:
    """One field's test: `values`, `prefixes` or the range is in use; `missing` admits the absent fact.

    A range field without bounds admits the absent fact alone. `is_unreadable` is a stored test of which no sense can be
    made any more, and that nothing passes. Raises ConditionError for any other test that nothing can pass.
    """

    field: str
    values: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    at_least: int | None = None
    below: int | None = None
    missing: bool = False
    is_unreadable: bool = False
    admitted: frozenset[str | None] | None = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        name, below = self.field, self.below
        admitted: frozenset[str | None] | None = None
        if name in RANGE_FIELDS:
            start = self.at_least or 0
            if below is not None and below <= start:
                raise ConditionError(
                    name, f"{name}: the range ends at {below}, at or below its start {start}. Raise the upper bound."
                )
            empty = below is None and self.at_least is None
        elif name in PREFIX_FIELDS:
            empty = not self.prefixes
        else:
            empty = not self.values
            if name not in {"product", TAKER}:
                admitted = self.values | _ABSENT if self.missing else self.values
        # Whoever reasons about rules makes tests on names of their own.
        if empty and not self.missing and not self.is_unreadable and (name in _FIELDS or name.startswith(CUSTOM)):
            raise ConditionError(name, f"{name}: nothing at all would pass. Name a value, or leave the field out.")
        object.__setattr__(self, "admitted", admitted)

    def holds(self, located: Located) -> bool:
        """Whether the facts pass."""
        return self.admits(located.known.get(self.field))

    def admits(self, found: Known) -> bool:
        """Whether this value of the field passes."""
        if self.admitted is not None:
            return found in self.admitted
        if found is None:
            return self.missing
        if isinstance(found, frozenset):
            return not self.values.isdisjoint(found) if found else self.missing
        if isinstance(found, str):
            return found.startswith(self.prefixes)
        if self.at_least is None:
            return self.below is not None and found < self.below
        return found >= self.at_least and (self.below is None or found < self.below)

    @property
    def label(self) -> str:
        """The field as people say it."""
        return self.field.removeprefix(CUSTOM).replace("_", " ")

    def answers(self, *, say: Say | None = None) -> list[str]:
        """What passes, as people say it. `say` may know better words."""
        if self.is_unreadable:
            parts = ["something that cannot be read"]
        elif self.prefixes:
            parts = [f"{prefix}…" for prefix in self.prefixes]
        elif self.at_least is not None and self.below is not None:
            parts = [f"{self.at_least:,} to {self.below - 1:,}"]
        elif self.at_least is not None:
            parts = [f"{self.at_least:,} or more"]
        elif self.below is not None:
            parts = [f"under {self.below:,}"]
        else:
            parts = sorted(say(self.field, word) if say else word for word in self.values)
        return [*parts, NOT_KNOWN] if self.missing else parts

    def words(self, *, say: Say | None = None) -> str:
        """The condition as people say it: "segment is enterprise or mid_market". `say` may know better words."""
        return f"{self.label} is {' or '.join(self.answers(say=say))}"


_RANGE_KEYS = frozenset({"from", "below", MISSING})
_ABSENT: frozenset[None] = frozenset({None})


@dataclass(frozen=True, slots=True)
class Conditions:
    """All conditions of a rule or territory; no condition means everything."""

    items: tuple[Condition, ...] = ()

    @classmethod
    def from_json(cls, raw: object) -> Conditions:
        """Reads {"segment": ["smb", "missing"], "score": {"from": 70, "below": 90}, "custom.tier": ["gold"]}."""
        if not isinstance(raw, dict):
            raise ConditionError("", 'Conditions are a mapping of field to values, e.g. {"segment": ["smb"]}.')
        if len(raw) > MOST_FIELDS:
            raise ConditionError(
                "", f"{len(raw):,} fields are more than the {MOST_FIELDS} a rule may ask about. Leave some of them out."
            )
        return cls(tuple([_read(name, raw[name]) for name in sorted(raw)]))

    @classmethod
    def stored(cls, raw: object) -> Conditions:
        """Reads what a version says that another release may have written.

        A word that no fact can be any more is kept as it is written. Any other condition that `from_json` refuses is
        unreadable; it is never left out, which would be *any*.
        """
        try:
            return cls.from_json(raw)
        except ConditionError:
            told = raw if isinstance(raw, dict) else {"condition": raw}
            return cls(tuple([_read_stored(name, told[name]) for name in sorted(told)]))

    def first_failing(self, located: Located) -> Condition | None:
        """The first condition that does not hold, or None when all hold."""
        return first_failing(self.items, located.known)


def first_failing(items: Sequence[Condition], known: Mapping[str, Known]) -> Condition | None:
    """The first condition that these facts, by the names of their fields, do not pass; None when they pass all."""
    for item in items:
        admitted = item.admitted
        # Asked here and not in `admits`, because it is asked of many rules at a time.
        if (known.get(item.field) not in admitted) if admitted is not None else not item.admits(known.get(item.field)):
            return item
    return None


def _read(name: str, value: object) -> Condition:
    # What was read before was sound, so it is asked for first; nothing unsound equals it.
    try:
        if isinstance(value, list):
            return (_shared if len(value) <= MOST_SHARED else _of_words)(name, tuple(value))
        if isinstance(value, dict) and value.keys() <= _RANGE_KEYS:
            return _of_bounds(name, value.get("from"), value.get("below"), value.get(MISSING, False))
    except TypeError:
        pass  # Something in it can be neither a word nor a number.
    raise _misshapen(name)


def _read_stored(name: str, value: object) -> Condition:
    try:
        return _read(name, value)
    except ConditionError:
        words = value if isinstance(value, list) and (name in _SPELLING or _is_custom(name)) else []
        if not words or not all(isinstance(word, str) and word for word in words):
            return Condition(name, is_unreadable=True)
        spell = _SPELLING.get(name, normal_value)
        return _admitting(name, {word if word == MISSING else spell(word) or word for word in words})


def _misshapen(name: object) -> ConditionError:
    if name in RANGE_FIELDS:
        return ConditionError(str(name), f'{name}: give a range such as {{"from": 100, "below": 1000}}.')
    if isinstance(name, str) and (name in _SPELLING or _is_custom(name)):
        return ConditionError(name, f'{name}: give a list of at least one word, e.g. ["enterprise"].')
    return _unknown_field(name)


def _of_words(name: str, value: tuple[object, ...]) -> Condition:
    if not value or not (name in _SPELLING or _is_custom(name)):
        raise _misshapen(name)
    if len(value) > MOST_VALUES:
        raise ConditionError(
            name, f"{name}: {len(value):,} values are more than the {MOST_VALUES:,} a rule may list. Split the rule."
        )
    return _admitting(name, {_word(name, word) for word in value})


def _admitting(name: str, words: set[str]) -> Condition:
    missing, named = MISSING in words, words - {MISSING}
    if name in PREFIX_FIELDS:
        return Condition(name, prefixes=tuple(sorted(named)), missing=missing)
    return Condition(name, frozenset(named), missing=missing)


_shared = lru_cache(maxsize=2**14)(_of_words)
"""Rules of a book ask the same again and again: they share one object."""


def _word(name: str, raw: object) -> str:
    """The word as facts spell it: "Mid-market" is mid_market, "no" is NO."""
    if not isinstance(raw, str) or not raw:
        raise _misshapen(name)
    if raw == MISSING:
        return MISSING
    if len(raw) > LONGEST_WORD:
        raise ConditionError(
            name, f"{name}: a value has {len(raw):,} characters; the longest has {LONGEST_WORD}. Shorten it."
        )
    if not raw.isprintable() and plain_text(raw) != raw:
        raise ConditionError(name, f"{name}: a value holds characters that nobody can type. Type it again.")
    word = _SPELLING.get(name, normal_value)(raw)
    if word is None or len(word) > LONGEST_WORD:
        raise ConditionError(name, f"{name}: “{raw}” is not {_WHAT.get(name, 'a word')}.")
    return word


def _handoff_type(raw: str) -> str | None:
    return raw if raw in HANDOFF_TYPES else None


_SPELLING: Mapping[str, Callable[[str], str | None]] = {
    **dict.fromkeys(SET_FIELDS, normal_word),
    "handoff_type": _handoff_type,
    "territory": plain_text,
    "country": normal_country,
    "postal_prefix": normal_postcode,
}
_WHAT = {
    "country": "a country code of ISO 3166. Write two letters, e.g. NO",
    "handoff_type": f"a kind of handoff. Choose from {', '.join(sorted(HANDOFF_TYPES))}",
}


@lru_cache(maxsize=2**10)
def _is_custom(name: object) -> bool:
    if not isinstance(name, str):
        return False
    attribute = name.removeprefix(CUSTOM)
    return 0 < len(attribute) <= LONGEST_NAME and attribute != name and plain_text(name) == name


def _unknown_field(name: object) -> ConditionError:
    shown = plain_text(name) or ""
    short = shown if len(shown) <= LONGEST_NAME else f"{shown[:LONGEST_NAME]}…"
    return ConditionError(
        short, f"“{short}” is not a field rules can use. Choose one of the listed fields or custom.<name>."
    )


@lru_cache(maxsize=2**14, typed=True)
def _of_bounds(name: str, at_least: object, below: object, missing: object) -> Condition:
    if name not in RANGE_FIELDS or not isinstance(missing, bool):
        raise _misshapen(name)
    if at_least is None and below is None and not missing:
        raise _misshapen(name)
    return Condition(name, at_least=_whole(name, at_least), below=_whole(name, below), missing=missing)


def _whole(name: str, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or -LARGEST_NUMBER <= value < 0:
        raise ConditionError(name, f"{name}: “{str(value)[:LONGEST_NAME]}” is not a whole number of at least 0.")
    if not 0 <= value <= LARGEST_NUMBER:
        raise ConditionError(name, f"{name}: numbers go from 0 to {LARGEST_NUMBER:,}. Use one of these.")
    return value
