"""Cells of the admin's tables: values as people say them, every piece of text escaped."""

from __future__ import annotations

import json
from typing import Any

from django.utils.html import format_html

from routing.conditions import Conditions
from routing.models import Rule
from routing.rule_words import Names

NOTHING = "-"
NAMES = Names({}, {})
"""Territories by their codes: a table may show many versions."""


def minutes(count: int | None) -> str:
    """A length of time: 45 min, 4 h, 1 h 30 min, 3 days; a dash when there is none."""
    if count is None:
        return NOTHING
    if count >= 2 * 24 * 60 and count % (24 * 60) == 0:
        return f"{count // (24 * 60)} days"
    hours, rest = divmod(count, 60)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part
    )


def conditions(raw: object) -> str:
    """Conditions in words, or what is wrong with them."""
    return _sound(raw) or "; ".join(map(str, NAMES.conditions(raw))) or "everything"


def asked(rule: Rule) -> str:
    """All that a rule asks, in words, or what is wrong with it. Its named person is looked at."""
    return _sound(rule.conditions) or "; ".join(map(str, NAMES.rule(rule))) or "everything"


def _sound(raw: object) -> str:
    """What is wrong with conditions; empty if nothing is."""
    try:
        Conditions.from_json(raw)
    except ValueError as error:
        return str(error)
    return ""


def as_json(value: Any) -> str:
    """A value as indented JSON in a block that wraps."""
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False, default=str)
    return format_html('<pre class="admin-json">{}</pre>', text)
