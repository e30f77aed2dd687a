"""Step 7: the document that tells what was done, as Markdown and as JSON. Pure: the same facts give the same text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from handoffs import wording
from handoffs.markdown import inline
from handoffs.response_facts import DELIVERED, NOT_NEEDED, NOT_YET, PLANNED, QUEUED, TYPE_WORDS, Action, ResponseFacts
from handoffs.response_package import package_blocks

_HEADINGS = {
    "assigned": "## Handoff Complete ✅",
    "blocked": "## Handoff Blocked ⛔",
    "unassigned": "## Handoff Unassigned ⏳",
    "returned": "## Handoff Returned ↩",
    "withdrawn": "## Handoff Withdrawn ✖",
}
_NOBODY = {
    "blocked": "Nobody, until the gaps are filled",
    "unassigned": "Nobody yet",
    "returned": "Nobody, until it is sent again",
    "withdrawn": "Nobody: it was withdrawn",
}
_WITH_ASSIGNMENT = "Set with the assignment"


def render_json(facts: ResponseFacts) -> dict[str, Any]:
    """The response for scripts, as plain JSON values.

    `handoff_complete` is the Markdown, `assigned_owner` a name or None, `briefing_sent` true only for a delivered
    briefing (`actions` says queued or failed: reason), `sla_deadline` ISO 8601 in UTC or None.
    """
    completeness = facts.package["completeness"]
    return {
        "handoff_complete": render_markdown(facts),
        "assigned_owner": facts.to_name or None if facts.state == "assigned" else None,
        "briefing_sent": facts.briefing.state == "delivered",
        "sla_deadline": _iso(facts.deadline) if facts.state == "assigned" else None,
        "reference": facts.reference,
        "state": facts.state,
        "reason": facts.reason,
        "handoff_type": facts.handoff_type,
        "account": facts.account_name,
        "assigned_team": facts.to_team or None,
        "sla_minutes": facts.sla_minutes,
        "date": _iso(facts.at),
        "actions": {
            "crm_updated": str(facts.crm),
            "owner_notified": str(facts.alert),
            "briefing_email": str(facts.briefing),
            "gap_list": str(facts.gap_list),
        },
        "completeness": completeness["score"],
        "verdict": completeness["verdict"],
        "gaps": [gap for gap in completeness["missing"] if gap["critical"]],
        "package": dict(facts.package),
    }


def render_markdown(facts: ResponseFacts) -> str:
    """The response for people: headings, labels, order and next steps are fixed; every word from outside is escaped."""
    blocks = [
        *_heading(facts),
        *_routing(facts),
        *(_missing(facts) if facts.state == "blocked" else ()),
        *package_blocks(facts.package),
        *_actions(facts),
        *_next_steps(facts),
        *_acknowledgement(facts),
    ]
    return "\n\n".join(blocks) + "\n"


def _heading(facts: ResponseFacts) -> Iterator[str]:
    yield _HEADINGS[facts.state]
    yield "\n".join(
        (
            f"**Type**: {TYPE_WORDS[facts.handoff_type]}",
            f"**Account**: {inline(facts.account_name)}",
            f"**Date**: {wording.moment(facts.at, facts.zone)}",
        )
    )
    if facts.rehearsed:
        yield "**Dry run**: this is what would happen; nothing was written and nobody was told."
    if facts.state != "assigned" and facts.reason:
        yield inline(facts.reason)


def _routing(facts: ResponseFacts) -> Iterator[str]:
    to, deadline = _person(facts.to_name, facts.to_team), "none"
    if facts.state == "assigned" and facts.deadline:
        deadline = _deadline(facts.deadline, facts)
    elif facts.state != "assigned":
        to = _NOBODY[facts.state]
        deadline = _WITH_ASSIGNMENT
    if facts.state == "returned" and facts.held_until:
        deadline = f"{wording.moment(facts.held_until, facts.zone)}, for the answer"
    elif facts.state == "withdrawn":
        deadline = "none"
    sla = wording.duration(facts.sla_minutes) if facts.sla_minutes is not None else _WITH_ASSIGNMENT
    rows = (("From", _person(facts.from_name, facts.from_team)), ("To", to), ("SLA", sla), ("Deadline", deadline))
    yield "### Routing"
    yield "\n".join(("| Field | Value |", "|-------|-------|", *(f"| {label} | {value} |" for label, value in rows)))


def _deadline(deadline: datetime, facts: ResponseFacts) -> str:
    """On the reader's clock, and on the customer's where that differs."""
    shown = wording.moment(deadline, facts.zone)
    here = deadline.astimezone(ZoneInfo(facts.zone))
    there = deadline.astimezone(ZoneInfo(facts.account_zone or facts.zone))
    if there.utcoffset() == here.utcoffset():
        return shown
    city = facts.account_zone.rpartition("/")[2].replace("_", " ")
    day = "" if there.date() == here.date() else f"{wording.weekday(there)}, "
    return f"{shown} ({day}{there:%H:%M} in {city})"


def _missing(facts: ResponseFacts) -> Iterator[str]:
    gaps = [gap for gap in facts.package["completeness"]["missing"] if gap["critical"]]
    yield "### What Is Missing"
    yield "\n".join(
        f"{place}. {inline(gap['sentence'])}{' (blocks the handoff)' if gap['blocking'] else ''}"
        for place, gap in enumerate(gaps, 1)
    )


def _actions(facts: ResponseFacts) -> Iterator[str]:
    # Once it was somebody's, the ledger tells what was done, whatever became of it since.
    assigned = facts.state in {"assigned", "returned", "withdrawn"}
    compiled = PLANNED if facts.rehearsed else DELIVERED
    started = compiled if facts.deadline else NOT_NEEDED if facts.state == "withdrawn" else QUEUED
    owner = inline(facts.to_name or "New owner") if assigned else "New owner"
    done = [
        ("Handoff package compiled", compiled),
        ("CRM updated", facts.crm if assigned else NOT_YET),
        (f"{owner} notified via {inline(facts.alert_channel)}", facts.alert if assigned else NOT_YET),
        ("Briefing email sent", facts.briefing if assigned else NOT_YET),
        ("SLA timer started", started if assigned else NOT_YET),
    ]
    if facts.state in {"returned", "withdrawn"} and facts.deadline:
        done.append(("SLA timer stopped", DELIVERED))
    if facts.gap_list != NOT_NEEDED:
        sender = inline(facts.from_name or facts.from_team or "Sender")
        done.append((f"{sender} told what is missing", facts.gap_list))
    yield "### Actions Taken"
    yield "\n".join(_action(what, action) for what, action in done)


def _action(what: str, action: Action) -> str:
    """A tick stands for what was delivered and for nothing else."""
    if action.state == "delivered":
        return f"- ✅ {what}"
    return f"- {'❌' if action.state == 'failed' else '⏳'} {what}: {inline(action)}"


def _next_steps(facts: ResponseFacts) -> Iterator[str]:
    within = f" within {wording.duration(facts.sla_minutes)}" if facts.sla_minutes is not None else ""
    contact = f"Contact {inline(facts.contact_first_name or 'the customer')}{within}"
    steps: tuple[str, ...]
    if facts.state == "assigned":
        name = facts.owner_first_name or facts.to_name
        steps = ("Review full handoff package in CRM", contact, "Update opportunity with initial findings")
    elif facts.state == "returned":
        name = facts.from_first_name or facts.from_name or facts.from_team or "the sender"
        by = f" by {wording.moment(facts.held_until, facts.zone)}" if facts.held_until else ""
        steps = (f"Mend what it was returned for{by}", "Send it again, or withdraw it")
    elif facts.state == "withdrawn":
        name = facts.from_first_name or facts.from_name or facts.from_team or "the sender"
        steps = ("None: a new trigger makes a new handoff",)
    elif facts.state == "blocked":
        name = facts.from_first_name or facts.from_name or facts.from_team or "the sender"
        steps = ("Fill what is missing in the CRM", "Wait for the handoff: it goes on by itself once that is done")
    elif facts.queue:
        name = f"the members of {facts.queue}"
        steps = ("Take it: whoever takes it first has it, and its clock starts then", contact)
    else:
        name = facts.to_team or "the receiving team"
        held = facts.held_until
        again = f"on {wording.moment(held, facts.zone)}" if held else "as soon as somebody is available"
        steps = (f"Assign an owner, or wait: it is decided again {again}", contact)
    yield f"### Next Steps for {inline(name)}"
    yield "\n".join(f"{place}. {step}" for place, step in enumerate(steps, 1))


def _acknowledgement(facts: ResponseFacts) -> Iterator[str]:
    if facts.state != "assigned" or not facts.acknowledgement_required:
        return
    given = f"given {wording.moment(facts.acknowledged_at, facts.zone)}" if facts.acknowledged_at else "not yet given"
    steps = ", ".join(f"{inline(who)} {_then(at, facts)}" for who, at in facts.ladder)
    steps += f" ({(facts.deadline or facts.at).astimezone(ZoneInfo(facts.zone)):%Z})" if steps else ""
    yield f"Acknowledgement: **required**, {given}.{f' If the SLA is missed: {steps}.' if steps else ''}"


def _then(at: datetime, facts: ResponseFacts) -> str:
    """A time on the day of the deadline, a full one on any other."""
    zone = ZoneInfo(facts.zone)
    local, deadline = at.astimezone(zone), (facts.deadline or at).astimezone(zone)
    return f"at {local:%H:%M}" if local.date() == deadline.date() else f"on {wording.weekday(local)}, {local:%H:%M}"


def _person(name: str, team: str) -> str:
    if name and team:
        return f"{inline(name)} ({inline(team)})"
    return inline(name or team or "unknown")


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None
