"""How an account came here: its key touchpoints, what it read, and the paragraph that tells it, from facts alone."""

from __future__ import annotations

from typing import Any

from handoffs import stored, wording
from handoffs.connectors.ports import ActivityRecord
from handoffs.context import Context
from handoffs.template_sources import TOUCHES

TOUCHPOINT_LIMIT = 12
SMALL = "smb"
"""The tier whose code is an abbreviation."""
# The lower, the more a touch tells about intent.
_WEIGHT = {
    "demo_request": 0,
    "expansion_signal": 0,
    "meeting": 1,
    "trial": 1,
    "event": 2,
    "form": 2,
    "call": 2,
    "support_ticket": 3,
    "email": 4,
    "web_visit": 4,
}


def touchpoints(context: Context) -> list[dict[str, Any]]:
    """The key touchpoints, oldest first, at most 12: `{"date", "kind", "text", "who"}`, dates in ISO 8601.

    Repeated visits to a page and mails about one subject count as one, dated at the last. The first touch is always
    kept; the rest is chosen by what it says about intent, then by how recent it is.
    """
    grouped = _grouped(stored.activities(context, *TOUCHES))
    if not grouped:
        return []
    first, *rest = grouped
    chosen = sorted(rest, key=lambda entry: (_WEIGHT[entry[0].kind], -entry[0].occurred_at.timestamp()))
    kept = sorted([first, *chosen[: TOUCHPOINT_LIMIT - 1]], key=lambda entry: (entry[0].occurred_at, entry[0].crm_id))
    return [
        {
            "date": act.occurred_at.isoformat(),
            "kind": act.kind,
            "text": _said(act) + (f", {times} times" if times > 1 else ""),
            "who": act.contact_name,
        }
        for act, times in kept
    ]


def _grouped(touches: list[ActivityRecord]) -> list[tuple[ActivityRecord, int]]:
    """Each touch with how often it happened; the last one stands for its group."""
    groups: dict[tuple[str, ...], list[ActivityRecord]] = {}
    for act in touches:
        repeats = act.kind in ("web_visit", "email")
        name = str(act.properties.get("page") or act.subject)
        groups.setdefault((act.kind, name, act.contact_name) if repeats else (act.kind, act.crm_id), []).append(act)
    last = [(group[-1], len(group)) for group in groups.values()]
    return sorted(last, key=lambda entry: (entry[0].occurred_at, entry[0].crm_id))


def _said(act: ActivityRecord) -> str:
    subject, page = act.subject or wording.words(act.kind), str(act.properties.get("page") or "")
    return subject if page in subject else f"{subject}: {page}"


def content_engaged(context: Context) -> list[str]:
    """What was read, watched or attended, each once, in the order of its first time: `Title (kind)`."""
    return list(dict.fromkeys(map(stored.piece, context.content)))


def summary(context: Context) -> str:
    """One readable paragraph in which every sentence stands on a recorded fact; dates are days in UTC."""
    return " ".join(
        sentence
        for sentence in (_who(context), _since(context), _read(context), _uses(context), _deal(context))
        if sentence
    )


def _who(context: Context) -> str:
    account = context.account
    tier = wording.spoken(account.tier)
    kind = f"{tier.upper() if tier == SMALL else tier} " if tier else ""
    noun = "customer" if account.is_customer else "account"
    article = "an" if (kind or noun)[0] in "aeiou" or tier == SMALL else "a"
    industry = f" in {account.industry}" if account.industry else ""
    size = f" with {wording.counted(account.employee_count, 'employee')}" if account.employee_count else ""
    place = ", ".join(part for part in (account.city, account.country) if part)
    where = f", based in {place}" if place else ""
    return f"{account.name} is {article} {kind}{noun}{industry}{size}{where}."


def _since(context: Context) -> str:
    account, touches = context.account, stored.activities(context, *TOUCHES)
    source = stored.metadata(context, "source")
    through = f" through {wording.spoken(stored.text(source.value))}" if source else ""
    known = f"First touch was on {wording.day(account.created_at)}{through}." if account.created_at else ""
    if not touches:
        return known
    last = touches[-1]
    who = f" with {last.contact_name}" if last.contact_name else ""
    count = wording.counted(len(touches), "activity is", "activities are")
    latest = f"{count} on record, the last on {wording.day(last.occurred_at)}{who}: {_said(last)}."
    return f"{known} {latest}".strip()


def _read(context: Context) -> str:
    pieces = content_engaged(context)
    if not pieces:
        return ""
    listed = ", ".join(pieces[-3:])
    more = f" and {len(pieces) - 3} more" if len(pieces) > 3 else ""
    return f"Content engaged: {listed}{more}."


def _uses(context: Context) -> str:
    if context.usage is None or not context.usage.stage:
        return ""
    return f"In the product: {'; '.join(stored.usage_lines(context.usage))}."


def _deal(context: Context) -> str:
    deal = context.deal
    if deal is None:
        return ""
    worth = (
        f" is worth {wording.money(deal.amount, deal.currency)}" if deal.amount is not None else " has no amount yet"
    )
    stage = f" in stage {deal.stage}" if deal.stage else ""
    closed = f", closed on {wording.day(deal.closed_at)}" if deal.is_closed and deal.closed_at else ""
    expected = f", expected to close on {wording.day(deal.expected_close)}" if deal.expected_close else ""
    return f"The deal {deal.name or deal.crm_id}{worth}{stage}{closed or expected}."
