"""The same rules as a decision table of zen-engine: one row per rule, one column per field, first hit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.rule_book import OWNER_RULES, WORDS, WrittenRule

COLUMNS = (*WORDS, "postal_prefix", "employee_count", "score", "custom.account_code", "pod")
NAMES = {"product": "products", "postal_prefix": "postal_code"}


def table(book: Sequence[WrittenRule]) -> str:
    """The decision as JSON text, which is what zen-engine reads."""
    inputs = [*COLUMNS, *(f"owners.{strategy}" for strategy in OWNER_RULES)]
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": _id(name), "name": name, "field": NAMES.get(name, name)} for name in inputs],
        "outputs": [{"id": "rule", "name": "rule", "field": "rule"}],
        "rules": [_row(rule, inputs) for rule in book],
    }
    kinds = {"in": "inputNode", "table": "decisionTableNode", "out": "outputNode"}
    nodes = [
        {
            "id": key,
            "name": key,
            "type": kind,
            "position": {"x": 0, "y": 0},
            "content": content if key == "table" else {},
        }
        for key, kind in kinds.items()
    ]
    edges = [
        {"id": f"{start}-{end}", "type": "edge", "sourceId": start, "targetId": end}
        for start, end in (("in", "table"), ("table", "out"))
    ]
    return json.dumps({"nodes": nodes, "edges": edges})


def _row(rule: WrittenRule, inputs: Sequence[str]) -> dict[str, str]:
    cells = {name: _cell(name, asked) for name, asked in rule.conditions.items()}
    if rule.strategy == "pod":
        cells["pod"] = "!= null"
    if rule.strategy in OWNER_RULES:
        cells[f"owners.{rule.strategy}"] = "!= null"
    return {"_id": rule.code, "rule": json.dumps(rule.code), **{_id(name): cells.get(name, "") for name in inputs}}


def _id(name: str) -> str:
    return name.replace(".", "_")


def _cell(name: str, asked: Any) -> str:
    if isinstance(asked, Mapping):
        start, below = asked["from"], asked.get("below")
        return f">= {start}" if below is None else f"[{start}..{below})"
    words = [word for word in asked if word != "missing"]
    if name == "product":
        return f"some($, # in {json.dumps(words)})"
    if name == "postal_prefix":
        return " or ".join(f"startsWith($, {json.dumps(word)})" for word in words)
    return ", ".join([*map(json.dumps, words), *(["null"] if "missing" in asked else [])])
