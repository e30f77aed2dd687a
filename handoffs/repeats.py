"""A change that was refused because the same person has just made it: a second click, or a form sent twice."""

from __future__ import annotations

from typing import Any

from handoffs import timeline
from handoffs.models import Handoff, Remark, State


def is_repeat(handoff: Handoff, verb: str, *, to: State | None, actor: str, said: str = "", **facts: Any) -> bool:
    """Whether the log's last `verb` is this change: by `actor`, with the same text and facts, and still standing.

    `to` is the state the change leads to; None for one that leaves the state alone.
    """
    row = Handoff.objects.get(pk=handoff.pk)
    last = timeline.last(row.stream, verb)
    if last is None or last.actor != actor or (to is not None and row.state != to):
        return False
    told = last.facts.get("remark")
    written = Remark.objects.filter(uuid=told).values_list("text", flat=True).first() if told else ""
    return written == said.strip() and all(str(last.facts.get(name)) == str(value) for name, value in facts.items())
