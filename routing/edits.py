"""What an edit of a draft changed, as its log says it: each part with its columns before and after."""

from __future__ import annotations

from collections.abc import Sequence

from routing.contents import KINDS, Contents, Part
from routing.differences import changed_columns, differences, name_of
from routing.rule_words import Names

MOST_SAID = 12
LONGEST_SAID = 240
"""Characters of one sentence that are kept: a territory may have a thousand postal codes."""


def of_version(before: Contents, after: Contents) -> list[str]:
    """All that is different, rules first; at most MOST_SAID sentences, and how many more."""
    return _kept([difference.sentence for difference in differences(before, after)])


def of_part(before: Part | None, after: Part) -> list[str]:
    """What one part says now that it did not; its name alone where nothing reads differently."""
    kind = next(name for name, model in KINDS.items() if isinstance(after, model))
    name = name_of(kind, after)
    names = Names.of(after.rule_set_id)
    changes = "; ".join(map(str, changed_columns(before, after, names))) if before is not None else ""
    return _kept([f"{name}: {changes}." if changes else f"{name}."])


def all_gone(parts: Sequence[Part]) -> list[str]:
    """That these parts were deleted."""
    kinds = {model: kind for kind, model in KINDS.items()}
    return _kept([f"{name_of(kinds[type(part)], part)} is gone." for part in parts])


def _kept(said: Sequence[str]) -> list[str]:
    more = len(said) - MOST_SAID
    kept = [_cut(sentence) for sentence in said[:MOST_SAID]]
    return [*kept, f"And {more} more."] if more > 0 else kept


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= LONGEST_SAID else f"{sentence[:LONGEST_SAID]}…"
