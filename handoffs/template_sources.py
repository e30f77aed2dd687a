"""Where every item of the four template sections is stored: the one table that each CRM adapter has to fill.

Three kinds of stored source exist: a key of the deal's metadata (the account's metadata is read when there is
no deal or the deal lacks the key), the tag of a note, and the kind of an activity. Contacts, content and
product usage are records of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

SourceKind = Literal["metadata", "note", "activity", "contacts", "content", "usage", "account"]

METADATA_KEYS: Mapping[str, str] = {
    "source": "Where the account came from, as text: 'webinar'. Absent means organic, marked as a default.",
    "qualification_score": "A number from 0 to 100.",
    "framework": "The qualification framework in use: 'BANT', 'MEDDIC' or 'BANT + MEDDIC'.",
    "budget_confirmed": "true or false, or the confirmed budget as text: '$220,000 to $260,000'.",
    "timeline": "When they want to be live, as text.",
    "decision_process": "Who decides, in which steps, as text.",
    "products": "A list of product names, or text.",
    "authority": "Who can sign, and what we know of them, as text.",
    "need": "The need in one or two sentences.",
    "metrics": "The numbers the customer wants to move, as text or a list.",
    "economic_buyer": "Name and state of the economic buyer, as text.",
    "decision_criteria": "What the choice is judged by, as text or a list.",
    "identified_pain": "The pain that drives the purchase, as text.",
    "champion": "Who sells for us inside, and why, as text.",
    "next_steps": "Steps agreed with the customer, as text or a list.",
    "implementation_scope": "What is to be implemented, where and by when, as text or a list.",
    "success_criteria": "How the customer will judge success, as text or a list.",
    "stakeholder_map": "Who stands where, beyond the contacts' roles, as text or a list.",
    "promised_outcomes": "What sales promised, as text or a list.",
    "relationship": "The state of the relationship, as text or a list.",
    "expansion_signals": "Signals entered by hand, as text or a list.",
    "expansion_value": "The expected value of the expansion, as text: '$60,000 a year'.",
    "pricing_history": "Past prices, discounts and renewals, oldest first, as text or a list.",
}

NOTE_TAGS: Mapping[str, str] = {
    "pain_point": "A pain in the customer's own words; `contact_name` says whose, `source` where.",
    "next_step": "A step agreed with the customer.",
    "implementation_scope": "A part of what is to be implemented.",
    "success_criteria": "A criterion of success.",
    "stakeholder": "Where one person stands; `contact_name` says who.",
    "promised_outcome": "Something sales promised.",
    "relationship": "How the customer feels about us, and why.",
    "pricing": "A price, discount or renewal that was agreed.",
}

ACTIVITY_KINDS: Mapping[str, str] = {
    "call": "A telephone or video call.",
    "email": "An e-mail in either direction.",
    "meeting": "A meeting with an agenda.",
    "form": "A form that was filled in; properties: form (its name), product.",
    "web_visit": "A visit to our site; properties: page.",
    "demo_request": "A request for a demo, a price or a call; properties: product.",
    "trial": "A trial that started, moved or ended; properties: product.",
    "event": "An event or webinar that was attended.",
    "expansion_signal": "A sign that a customer could buy more; properties: value.",
    "support_ticket": "A support ticket; properties: severity, status.",
    "note": "A free note, also the one a handoff writes back.",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One place an item is read from; `name` is a metadata key, a note tag or an activity kind."""

    kind: SourceKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a template section. With `combine` all sources are listed, else the first that has a value."""

    key: str
    label: str
    group: str
    sources: tuple[Source, ...]
    combine: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """The section that one handoff type adds to the package."""

    title: str
    items: tuple[Item, ...]


def _meta(name: str) -> Source:
    return Source("metadata", name)


def _note(tag: str) -> Source:
    return Source("note", tag)


def _activity(kind: str) -> Source:
    return Source("activity", kind)


CONTACTS = Source("contacts")
CONTENT = Source("content")
USAGE = Source("usage")
ACCOUNT = Source("account")

TOUCHES = tuple(kind for kind in ACTIVITY_KINDS if kind != "note")
"""Kinds in which somebody at the account did something: a note is ours alone."""

_ASKED_FOR = (_meta("products"), _activity("demo_request"), _activity("trial"), _activity("form"))
_SCOPE = (_meta("implementation_scope"), _note("implementation_scope"))
_CRITERIA = (_meta("success_criteria"), _note("success_criteria"))
_STAKEHOLDERS = (_meta("stakeholder_map"), _note("stakeholder"), CONTACTS)
_OUTCOMES = (_meta("promised_outcomes"), _note("promised_outcome"))
_SIGNALS = (_activity("expansion_signal"), _meta("expansion_signals"))
_RELATIONSHIP = (_meta("relationship"), _note("relationship"), _activity("support_ticket"))
_PRICING = (_meta("pricing_history"), _note("pricing"))

TEMPLATES: Mapping[str, Template] = {
    "mql_to_sales": Template(
        "Lead Context, Engagement History and Product Interest",
        (
            Item("lead_source", "Source", "Lead context", (_meta("source"),)),
            Item("lead_score", "Score", "Lead context", (_meta("qualification_score"), ACCOUNT)),
            Item("known_for", "Known for", "Lead context", (ACCOUNT,)),
            Item("requests", "Requests", "Lead context", (_activity("demo_request"),)),
            Item("visits", "Visits", "Engagement history", (_activity("web_visit"), _activity("event")), combine=True),
            Item("content", "Content", "Engagement history", (CONTENT,)),
            Item("forms", "Forms", "Engagement history", (_activity("form"),)),
            Item("last_touch", "Last touch", "Engagement history", tuple(map(_activity, TOUCHES))),
            Item("products_asked_for", "Products asked for", "Product interest", _ASKED_FOR, combine=True),
            Item("usage", "Product usage", "Product interest", (USAGE, _activity("trial")), combine=True),
        ),
    ),
    "sql_to_ae": Template(
        "BANT, MEDDIC and Next Steps Agreed",
        (
            Item("budget", "Budget", "BANT", (_meta("budget_confirmed"),)),
            Item("authority", "Authority", "BANT", (_meta("authority"),)),
            Item("need", "Need", "BANT", (_meta("need"),)),
            Item("timeline", "Timeline", "BANT", (_meta("timeline"),)),
            Item("metrics", "Metrics", "MEDDIC", (_meta("metrics"),)),
            Item("economic_buyer", "Economic buyer", "MEDDIC", (_meta("economic_buyer"), CONTACTS)),
            Item("decision_criteria", "Decision criteria", "MEDDIC", (_meta("decision_criteria"),)),
            Item("decision_process", "Decision process", "MEDDIC", (_meta("decision_process"),)),
            Item("identified_pain", "Identified pain", "MEDDIC", (_meta("identified_pain"), _note("pain_point"))),
            Item("champion", "Champion", "MEDDIC", (_meta("champion"), CONTACTS)),
            Item(
                "next_steps", "Next steps agreed", "Next steps", (_meta("next_steps"), _note("next_step")), combine=True
            ),
        ),
    ),
    "closed_to_cs": Template(
        "Implementation Scope, Success Criteria, Stakeholder Map and Promised Outcomes",
        (
            Item("implementation_scope", "Implementation scope", "Delivery", _SCOPE, combine=True),
            Item("success_criteria", "Success criteria", "Delivery", _CRITERIA, combine=True),
            Item("stakeholder_map", "Stakeholder map", "Delivery", _STAKEHOLDERS, combine=True),
            Item("promised_outcomes", "Promised outcomes", "Delivery", _OUTCOMES, combine=True),
        ),
    ),
    "expansion_to_sales": Template(
        "Current Usage, Expansion Signals, Relationship Context and Pricing History",
        (
            Item("current_usage", "Current usage", "Expansion", (USAGE,)),
            Item("expansion_signals", "Expansion signals", "Expansion", _SIGNALS, combine=True),
            Item("expansion_value", "Expected value", "Expansion", (_meta("expansion_value"),)),
            Item("relationship_context", "Relationship context", "Expansion", _RELATIONSHIP, combine=True),
            Item("pricing_history", "Pricing history", "Expansion", _PRICING, combine=True),
        ),
    ),
}

HANDOFF_TYPES: tuple[str, ...] = tuple(TEMPLATES)
