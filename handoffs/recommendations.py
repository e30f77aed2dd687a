"""What to do first, in order: three to six sentences per package, each on a fact, with the fact beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from handoffs import stored, wording
from handoffs.buying_roles import (
    CHAMPION,
    ECONOMIC_BUYER,
    END_USER,
    LEGAL_PROCUREMENT,
    ROLES,
    TECHNICAL_EVALUATOR,
    UNKNOWN,
    buying_role,
    can_be_reached,
    explicit_role,
    first_to_reach,
    has_phone,
)
from handoffs.completeness_fields import FIELDS
from handoffs.connectors.ports import ActivityRecord, ContactRecord
from handoffs.context import Context

FEWEST, MOST = 3, 6
QUESTIONS = 2
"""Gaps that are asked about even where facts abound."""
FULL_AT = 0.8
"""The share of seats in use from which more seats are worth offering."""
LENGTH = 240
"""Characters of their words that one sentence of ours takes."""

Recommendation = dict[str, str]


def recommend(package: Mapping[str, Any], *, context: Context, handoff_type: str) -> list[Recommendation]:
    """`[{"text", "evidence"}]`, the most important first; the package needs all its other parts.

    Facts come first, then questions that close the gravest gaps: two of them, or as many as it takes to say three
    things. Raises KeyError for an unknown type.
    """
    gaps = list(_gaps(package))
    facts = list(_BY_TYPE[handoff_type](package, context))[: MOST - min(len(gaps), QUESTIONS)]
    return [*facts, *gaps[: max(QUESTIONS, FEWEST - len(facts))]]


def _mql(package: Mapping[str, Any], context: Context) -> Iterator[Recommendation]:
    person = first_to_reach(context.contacts)
    requests = stored.activities(context, "demo_request")
    if requests and person:
        request = requests[-1]
        asked = f"the request of {wording.day(request.occurred_at)}: {_within(request.subject)}"
        yield _advice(f"{_reach(person)} to answer {asked}.", _activity(request))
    else:
        yield from _contact(person)
    yield from _from_item(package, "products_asked_for", "Open with what they asked for: {}.")
    yield from _pain(package, person, "Ask about what {} said: “{}”")
    for piece in context.content[-1:]:
        who = piece.contact_name or "somebody there"
        read = f"which {who} engaged with on {wording.day(piece.occurred_at)}"
        yield _advice(f"Refer to {_within(piece.title)}, {read}.", "Content engagement")
    yield from _usage(context, "Ask what they make of the product so far: {}.")
    yield from _from_item(package, "visits", "Ask what brought them there: {}.")


def _sql(package: Mapping[str, Any], context: Context) -> Iterator[Recommendation]:
    person = first_to_reach(context.contacts)
    yield from _contact(person)
    yield from _from_item(package, "next_steps", "Keep what is agreed: {}.")
    yield from _pain(package, person, "Open with what {} said: “{}”")
    yield from _bring_in(context, (ECONOMIC_BUYER,), person, "Bring in {} before the price is on the table.")
    yield from _from_item(package, "timeline", "Plan back from their timeline: {}.")
    yield from _from_item(package, "decision_criteria", "Answer their decision criteria: {}.")
    yield from _bring_in(context, (LEGAL_PROCUREMENT,), person, "Ask {} which steps a contract takes.")


def _closed(package: Mapping[str, Any], context: Context) -> Iterator[Recommendation]:
    person = first_to_reach(context.contacts)
    yield from _contact(person, "{} to agree a date for the kickoff.")
    yield from _from_item(package, "promised_outcomes", "Repeat in the kickoff what was promised: {}.")
    yield from _from_item(package, "success_criteria", "Make a plan with dates out of their success criteria: {}.")
    yield from _from_item(package, "implementation_scope", "Confirm the scope line by line: {}.")
    guests = (CHAMPION, TECHNICAL_EVALUATOR, END_USER)
    yield from _bring_in(context, guests, person, "Invite {} to the kickoff.")
    yield from _pain(package, person, "Start where it hurts; {} said: “{}”")


def _expansion(package: Mapping[str, Any], context: Context) -> Iterator[Recommendation]:
    tickets = stored.activities(context, "support_ticket")
    still_open = [ticket for ticket in tickets if str(ticket.properties.get("status")).casefold() in _OPEN]
    for ticket in still_open[-1:]:
        yield _advice(
            f"Settle the open ticket before talking about more: {_within(ticket.subject)}.", _activity(ticket)
        )
    yield from _contact(first_to_reach(context.contacts))
    signals = stored.activities(context, "expansion_signal")
    for signal in signals[-1:]:
        when = wording.day(signal.occurred_at)
        yield _advice(f"Open with the signal of {when}: {_within(signal.subject)}.", _activity(signal))
    if not signals:
        yield from _from_item(package, "expansion_signals", "Open with the signal: {}.", newest=True)
    yield from _seats(context)
    yield from _from_item(package, "pricing_history", "Prepare the price against the last one: {}.", newest=True)
    yield from _from_item(package, "relationship_context", "Mind the relationship: {}.", newest=True)


_OPEN = ("open", "new", "pending")

_BY_TYPE: Mapping[str, Callable[[Mapping[str, Any], Context], Iterator[Recommendation]]] = {
    "mql_to_sales": _mql,
    "sql_to_ae": _sql,
    "closed_to_cs": _closed,
    "expansion_to_sales": _expansion,
}


def _contact(person: ContactRecord | None, sentence: str = "{} first.") -> Iterator[Recommendation]:
    if person:
        chosen = "Primary contact in the CRM" if person.is_primary else "Highest role that can be reached"
        role = buying_role(person)
        evidence = chosen if role == UNKNOWN else f"{chosen}; {_role_of(person)}"
        yield _advice(sentence.format(_reach(person)), evidence)


def _bring_in(
    context: Context, roles: tuple[str, ...], already: ContactRecord | None, sentence: str
) -> Iterator[Recommendation]:
    """The first other person in each of the roles who can be reached."""
    others = [who for who in context.contacts if who is not already and who.name and can_be_reached(who)]
    first = (next((who for who in others if buying_role(who) == role), None) for role in roles)
    found = [who for who in first if who]
    if found:
        names = [f"{who.name} ({who.title})" if who.title else who.name for who in found]
        listed = ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
        yield _advice(sentence.format(_within(listed)), wording.capital("; ".join(map(_role_of, found))))


def _pain(package: Mapping[str, Any], person: ContactRecord | None, sentence: str) -> Iterator[Recommendation]:
    """The newest pain in the words of whoever is contacted first, else the newest of anybody."""
    points = package["qualification"]["painPoints"]
    own = [point for point in points if person and point["speaker"] == person.name]
    for point in (own or points)[-1:]:
        where = f", {point['said']}" if point["said"] else ""
        speaker = point["speaker"] or "the customer"
        yield _advice(sentence.format(speaker, _within(point["quote"], stop=".")), f"Note {point['noteId']}{where}")


def _usage(context: Context, sentence: str) -> Iterator[Recommendation]:
    usage = context.usage
    if usage and usage.stage:
        said = "; ".join(stored.usage_lines(usage)[:3])
        yield _advice(sentence.format(said), f"Product usage of {wording.day(usage.as_of)}")


def _seats(context: Context) -> Iterator[Recommendation]:
    usage = context.usage
    if usage and usage.seats and usage.active_users is not None and usage.active_users >= FULL_AT * usage.seats:
        yield _advice(
            f"Offer seats before they run out: {usage.active_users:,} of {usage.seats:,} are in use.",
            f"Product usage of {wording.day(usage.as_of)}",
        )
    else:
        yield from _usage(context, "Start from what they use today: {}.")


def _from_item(
    package: Mapping[str, Any], key: str, sentence: str, *, newest: bool = False
) -> Iterator[Recommendation]:
    item = next(item for item in package["template"]["items"] if item["key"] == key)
    if item["value"]:
        said = item["value"][-1] if newest else "; ".join(line.rstrip(".") for line in item["value"][:3])
        yield _advice(sentence.format(_within(said)), f"{item['label']}: {item['source']}")


def _gaps(package: Mapping[str, Any]) -> Iterator[Recommendation]:
    """A question for each gap that a conversation closes, the gravest first, then those that others have to fill."""
    missing = [gap for gap in package["completeness"]["missing"] if not gap["blocking"]]
    asked = [gap for gap in missing if FIELDS[gap["key"]].filled_by == "sender"]
    for gap in asked:
        yield _advice(f"Find out: {gap['label']}.", gap["sentence"])
    for gap in missing:
        if gap not in asked:
            yield _advice(f"Have {gap['filledBy']} add: {gap['label']}.", gap["sentence"])


def _advice(text: str, evidence: str) -> Recommendation:
    return {"text": text, "evidence": evidence}


def _within(said: str, stop: str = "") -> str:
    """Their words inside a sentence of ours, on one line; ours brings the full stop unless `stop` is kept."""
    line = " ".join(said.split())
    if len(line) > LENGTH:
        return line[:LENGTH].rsplit(" ", 1)[0] + " …"
    return line.rstrip(".") + (stop if line.endswith(".") else "")


def _reach(person: ContactRecord) -> str:
    if has_phone(person):
        return f"Call {person.name or 'the contact'} on {person.phone.strip()}"
    return f"Write to {person.name or 'the contact'} at {person.email.strip()}"


def _role_of(person: ContactRecord) -> str:
    by = "the role in the CRM" if explicit_role(person) else f"the title {person.title}"
    return f"{ROLES[buying_role(person)].lower()} by {by}"


def _activity(act: ActivityRecord) -> str:
    return f"Activity {act.crm_id}{f' by {act.contact_name}' if act.contact_name else ''}"
