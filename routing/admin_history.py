"""What was changed between two versions of a roster row, in words: "open handoffs at most: 8 → 12"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import zip_longest
from typing import Any

from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.timezone import localtime

ADDED, REMOVED, UNCHANGED = "Added", "Removed", "Saved without a change"


def say_changes(versions: Iterable[Any]) -> None:
    """Puts `said`, a list of sentences, on each of a row's versions, which come newest first.

    The last of a page that is not the first of all is compared with the version before it, which is asked for.
    """
    shown = list(versions)
    for version, before in zip_longest(shown, shown[1:]):
        version.said = [*_said(version, before)]


def _said(version: Any, before: Any) -> Iterator[str]:
    if version.history_type == "-":
        yield REMOVED
        return
    before = before or version.prev_record
    if version.history_type == "+" or before is None:
        yield ADDED
        return
    changes = version.diff_against(before, foreign_keys_are_objs=True).changes
    for change in changes:
        field = version.instance_type._meta.get_field(change.field)
        yield f"{capfirst(field.verbose_name)}: {in_words(field, change.old)} → {in_words(field, change.new)}"
    if not changes:
        yield UNCHANGED


def in_words(field: Any, value: Any) -> str:
    """A field's value as people say it: the name of a choice, yes or no, a list with commas, "none" for nothing.

    Instants are shown on the clock of whoever reads, who is the current zone.
    """
    if value in (None, "", [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return str(localize(localtime(value)))
    if isinstance(value, date):
        return str(localize(value))
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    words = dict(field.flatchoices) if field.choices else {}
    return str(words.get(value, value))
