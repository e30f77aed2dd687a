"""What to do first, in order: three to six sentences per package, each on a fact, with the fact beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from handoffs import stored
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
    first_to_reach,
    has_phone,
)
from handoffs.completeness_fields import FIELDS
from handoffs.connectors.ports import ContactRecord
from handoffs.context import Context

FEWEST, MOST = 3, 6
FULL_AT = 0.8
"""The share of seats in use from which more seats are worth offering."""

Recommendation = dict[str, str]


def recommend(package: Mapping[str, Any], *, context: Context, handoff_type: str) -> list[Recommendation]:
    """`[{"text", "evidence"}]`, the most important first; the package needs all its other parts.

    Facts come first, then at most two questions that close the gravest gaps; more gaps fill up to three. Raises
    KeyError for an unknown type.
    """
    facts = list(_BY_TYPE[handoff_type](package, context))
    gaps = list(_gaps(package))
    kept = facts[: MOST - min(len(gaps), 2)]
    return [*kept, *gaps[: max(FEWEST - len(kept), min(len(gaps), 2))]][:MOST]


def _mql(package: Mapping[str, Any], context: Context) -> Iterator[Recommendation]:
    requests = stored.activities(context, "demo_request")
    person = first_to_reach(context.contacts)
    if requests and person:
        last = requests[-1]
        yield _advice(
            f"{_reach(person)} to answer the request of {stored.day(last.occurred_at)}: {last.subject}.",
            f"Activity {last.crm_id}{f' by {last.contact_name}' if last.contact_name else ''}",
        )
    else:
        yield from _contact(person)
    yield from _from_item(package, "products_asked_for", "Open with what they asked for: {}.")
    yield from _pain(package, "Ask about what {} said: “{}”")
    if context.content:
        piece = context.content[-1]
        who = piece.contact_name or "somebody there"
        yield _advice(
            f"Refer to {piece.title}, which {who} engaged with on {stored.day(piece.occurred_at)}.",
            "Content engagement",
        )
    yield from _usage(context, "Ask what they make of the product so far: {}.")
    yield from _from_item(package, "visits", "Ask what brought them to these pages: {}.")


def _sql(package: Mapping[str, Any], context: Context) -> Iterator[Recommendation]:
    person = first_to_reach(context.contacts)
    yield from _contact(person)
    yield from _from_item(package, "next_steps", "Keep what is agreed: {}.")
    yield from _pain(package, "Open with what {} said: “{}”")
    yield from _bring_in(context, ECONOMIC_BUYER, person, "Bring in {}, before the price is on the table.")
    timeline = package["qualification"]["timeline"]
    if timeline:
        yield _advice(f"Plan back from their timeline: {timeline}.", _source(package, "qualification.timeline"))
    yield from _from_item(package, "decision_criteria", "Answer their decision criteria: {}.")
    yield from _bring_in(context, LEGAL_PROCUREMENT, person, "Ask {}, which steps a contract takes.")


def _closed(package: Mapping[str, Any], context: Context) -> Iterator[Recommendation]:
    person = first_to_reach(context.contacts)
    if person:
        yield _advice(f"{_reach(person)} to agree a date for the kickoff.", _why(person))
    yield from _from_item(package, "promised_outcomes", "Repeat what was promised in the kickoff: {}.")
    yield from _from_item(package, "success_criteria", "Make a plan with dates out of their success criteria: {}.")
    yield from _from_item(package, "implementation_scope", "Confirm the scope line by line: {}.")
    for role in (TECHNICAL_EVALUATOR, CHAMPION, END_USER):
        yield from _bring_in(context, role, person, "Invite {}, to the kickoff.")
    yield from _pain(package, "Start where it hurts; {} said: “{}”")


def _expansion(package: Mapping[str, Any], context: Context) -> Iterator[Recommendation]:
    open_tickets = [
        ticket
        for ticket in stored.activities(context, "support_ticket")
        if str(ticket.properties.get("status", "")).casefold() in ("open", "new", "pending")
    ]
    if open_tickets:
        ticket = open_tickets[-1]
        yield _advice(
            f"Settle the open ticket before talking about more: {ticket.subject}.", f"Activity {ticket.crm_id}"
        )
    yield from _contact(first_to_reach(context.contacts))
    yield from _from_item(package, "expansion_signals", "Open with the signal: {}.", newest=True)
    usage = context.usage
    if usage and usage.seats and usage.active_users is not None and usage.active_users >= FULL_AT * usage.seats:
        yield _advice(
            f"Offer seats before they run out: {usage.active_users:,} of {usage.seats:,} are in use.",
            f"Product usage of {stored.day(usage.as_of)}",
        )
    else:
        yield from _usage(context, "Show them what they already get: {}.")
    yield from _from_item(package, "pricing_history", "Prepare the price against the last one: {}.", newest=True)
    yield from _from_item(package, "relationship_context", "Mind the relationship: {}.", newest=True)


_BY_TYPE: Mapping[str, Callable[[Mapping[str, Any], Context], Iterator[Recommendation]]] = {
    "mql_to_sales": _mql,
    "sql_to_ae": _sql,
    "closed_to_cs": _closed,
    "expansion_to_sales": _expansion,
}


def _advice(text: str, evidence: str) -> Recommendation:
    said = text.rstrip()
    # Quoted words may bring their own full stop.
    for doubled in ("..", "!.", "?.", "….", ".:"):
        said = said.replace(doubled, doubled[0])
    return {"text": said, "evidence": evidence}


def _contact(person: ContactRecord | None) -> Iterator[Recommendation]:
    if person:
        yield _advice(f"{_reach(person)} first.", _why(person))


def _bring_in(context: Context, role: str, already: ContactRecord | None, sentence: str) -> Iterator[Recommendation]:
    """Somebody else in that role who can be reached, if there is one."""
    for contact in context.contacts:
        if contact is not already and can_be_reached(contact) and buying_role(contact) == role and contact.name:
            title = f" ({contact.title})" if contact.title else ""
            yield _advice(sentence.format(f"{contact.name}{title}"), f"{ROLES[role]} by {_role_evidence(contact)}")
            return


def _pain(package: Mapping[str, Any], sentence: str) -> Iterator[Recommendation]:
    points = package["qualification"]["painPoints"]
    if points:
        last = points[-1]
        where = f", {last['said']}" if last["said"] else ""
        yield _advice(
            sentence.format(last["speaker"] or "the customer", _short(last["quote"])), f"Note {last['noteId']}{where}"
        )


def _usage(context: Context, sentence: str) -> Iterator[Recommendation]:
    if context.usage and context.usage.stage:
        said = "; ".join(stored.usage_lines(context.usage)[:3])
        yield _advice(sentence.format(said), f"Product usage of {stored.day(context.usage.as_of)}")


def _from_item(
    package: Mapping[str, Any], key: str, sentence: str, *, newest: bool = False
) -> Iterator[Recommendation]:
    item = next(item for item in package["template"]["items"] if item["key"] == key)
    if item["value"]:
        said = item["value"][-1] if newest else "; ".join(item["value"][:3])
        yield _advice(sentence.format(_short(said.rstrip(". "))), f"{item['label']}: {item['source']}")


def _gaps(package: Mapping[str, Any]) -> Iterator[Recommendation]:
    """A question for each gap that a conversation can close, the gravest first."""
    for gap in package["completeness"]["missing"]:
        if FIELDS[gap["key"]].filled_by == "sender" and not gap["blocking"]:
            yield _advice(f"Find out: {gap['label']}.", gap["sentence"])
    for gap in package["completeness"]["missing"]:
        if FIELDS[gap["key"]].filled_by != "sender":
            yield _advice(f"Have {gap['filledBy']} add: {gap['label']}.", gap["sentence"])


def _reach(person: ContactRecord) -> str:
    if has_phone(person):
        return f"Call {person.name or 'the contact'} on {person.phone.strip()}"
    return f"Write to {person.name or 'the contact'} at {person.email.strip()}"


def _why(person: ContactRecord) -> str:
    role = buying_role(person)
    said = "Primary contact in the CRM" if person.is_primary else "Highest role that can be reached"
    return said if role == UNKNOWN else f"{said}; {ROLES[role].lower()} by {_role_evidence(person)}"


def _role_evidence(person: ContactRecord) -> str:
    return "the role in the CRM" if person.buying_role else f"the title {person.title}"


def _source(package: Mapping[str, Any], path: str) -> str:
    return stored.words(str(package["provenance"][path]["source"]))


def _short(said: str) -> str:
    return said if len(said) <= 240 else said[:240].rsplit(" ", 1)[0] + " …"
