"""The fields that make a package complete, as data: their words, their shipped weights, and which are critical."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REACHABLE, QUALIFIED = "contacts.reachable", "qualification.context"
"""The two gaps that block a handoff."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field that counts: its section, the words for it, the sentence when it is missing, and who can fill it."""

    section: str
    label: str
    missing: str
    filled_by: str


_SENDER, _REVOPS, _MARKETING, _PRODUCT = "sender", "RevOps", "marketing", "product team"

FIELDS: Mapping[str, Field] = {
    "company.industry": Field("Company", "industry", "The industry of the account is not recorded.", _REVOPS),
    "company.size": Field("Company", "number of employees", "The number of employees is not recorded.", _REVOPS),
    "company.tier": Field("Company", "tier", "The tier of the account is not recorded.", _REVOPS),
    "company.website": Field("Company", "website", "The website of the account is not recorded.", _REVOPS),
    REACHABLE: Field(
        "Contacts",
        "contact who can be reached",
        "Nobody at the customer can be reached: add a contact with a working e-mail address or a phone number.",
        _SENDER,
    ),
    "contacts.primary.email": Field(
        "Contacts", "e-mail of the primary contact", "The primary contact has no working e-mail address.", _SENDER
    ),
    "contacts.primary.phone": Field(
        "Contacts", "phone of the primary contact", "The primary contact has no phone number.", _SENDER
    ),
    "contacts.primary.title": Field(
        "Contacts", "title of the primary contact", "The primary contact has no job title.", _SENDER
    ),
    "contacts.economic_buyer": Field(
        "Contacts", "economic buyer who can be reached", "No economic buyer who can be reached is on file.", _SENDER
    ),
    "journey.source": Field(
        "Journey",
        "source",
        "Where the account came from is not recorded (source on the deal or the account).",
        _MARKETING,
    ),
    "journey.firstTouch": Field("Journey", "first touch", "The first touch is not recorded.", _MARKETING),
    "journey.touchpoints": Field("Journey", "touchpoints", "No call, mail, visit or form is on record.", _MARKETING),
    "journey.contentEngaged": Field("Journey", "content engaged", "No content engagement is on record.", _MARKETING),
    "journey.productUsage": Field("Journey", "product usage", "Product usage is unknown.", _PRODUCT),
    QUALIFIED: Field("Qualification", "qualification", "Nothing that qualifies this handoff is on record.", _SENDER),
    "qualification.score": Field("Qualification", "score", "There is no qualification score.", _MARKETING),
    "qualification.framework": Field("Qualification", "framework", "No qualification framework is named.", _SENDER),
    "qualification.painPoints": Field(
        "Qualification", "pain points", "No pain point is noted in their words (a note tagged pain_point).", _SENDER
    ),
    "qualification.budget": Field(
        "Qualification", "budget", "The budget is not confirmed (budget_confirmed on the deal).", _SENDER
    ),
    "qualification.timeline": Field(
        "Qualification", "timeline", "The timeline is unknown (timeline on the deal).", _SENDER
    ),
    "qualification.decisionProcess": Field(
        "Qualification",
        "decision process",
        "The decision process is unknown (decision_process on the deal).",
        _SENDER,
    ),
    "deal.amount": Field("Deal", "value of the deal", "The deal has no amount: enter one.", _SENDER),
    "deal.stage": Field("Deal", "stage of the deal", "The deal has no stage.", _SENDER),
    "deal.closeDate": Field("Deal", "close date", "The deal has no close date.", _SENDER),
    "deal.products": Field(
        "Deal", "products", "The products of the deal are not recorded (products on the deal).", _SENDER
    ),
    "template.requests": Field(
        "Lead", "requests", "No request for a demo, a price or a call is on record.", _MARKETING
    ),
    "template.visits": Field("Lead", "visits", "No visit or event is on record.", _MARKETING),
    "template.forms": Field("Lead", "forms", "No form is on record.", _MARKETING),
    "template.last_touch": Field(
        "Lead", "last touch", "No touch is on record: log the call, mail or visit that came last.", _MARKETING
    ),
    "template.products_asked_for": Field(
        "Lead", "product interest", "Which products they asked for is not recorded.", _MARKETING
    ),
    "template.authority": Field("Qualification", "authority", "Who can sign is unknown.", _SENDER),
    "template.need": Field("Qualification", "need", "The need is not recorded.", _SENDER),
    "template.metrics": Field("Qualification", "metrics", "The numbers they want to move are not recorded.", _SENDER),
    "template.economic_buyer": Field("Qualification", "economic buyer", "The economic buyer is unknown.", _SENDER),
    "template.decision_criteria": Field(
        "Qualification", "decision criteria", "The decision criteria are unknown.", _SENDER
    ),
    "template.champion": Field("Qualification", "champion", "No champion is known.", _SENDER),
    "template.next_steps": Field(
        "Qualification",
        "next steps agreed",
        "No next step is agreed (next_steps on the deal, or a note tagged next_step).",
        _SENDER,
    ),
    "template.implementation_scope": Field(
        "Delivery",
        "implementation scope",
        "The implementation scope is not recorded (implementation_scope on the deal).",
        _SENDER,
    ),
    "template.success_criteria": Field(
        "Delivery",
        "success criteria",
        "The success criteria are not recorded (success_criteria on the deal).",
        _SENDER,
    ),
    "template.stakeholder_map": Field("Delivery", "stakeholder map", "Who stands where is not recorded.", _SENDER),
    "template.promised_outcomes": Field(
        "Delivery",
        "promised outcomes",
        "What was promised is not recorded (promised_outcomes on the deal).",
        _SENDER,
    ),
    "template.current_usage": Field(
        "Expansion",
        "current usage",
        "Current usage is unknown: connect the account to a product user, or record its usage stage.",
        _PRODUCT,
    ),
    "template.expansion_signals": Field("Expansion", "expansion signals", "No expansion signal is on record.", _SENDER),
    "template.expansion_value": Field("Expansion", "expected value", "The expected value is not recorded.", _SENDER),
    "template.relationship_context": Field(
        "Expansion",
        "relationship context",
        "The state of the relationship is not recorded (a note tagged relationship).",
        _SENDER,
    ),
    "template.pricing_history": Field(
        "Expansion",
        "pricing history",
        "The pricing history is not recorded (pricing_history on the account, or a note tagged pricing).",
        _SENDER,
    ),
}
"""Every field that may be weighed, by its path in the package."""

_EVERY_TYPE = {
    "company.industry": 4,
    "company.size": 4,
    "company.tier": 3,
    "company.website": 2,
    REACHABLE: 10,
    "contacts.primary.email": 4,
    "contacts.primary.phone": 4,
    "contacts.primary.title": 2,
    "journey.source": 4,
    "journey.firstTouch": 2,
    "journey.touchpoints": 4,
    QUALIFIED: 10,
}

WEIGHTS: Mapping[str, Mapping[str, int]] = {
    "mql_to_sales": {
        **_EVERY_TYPE,
        "journey.contentEngaged": 6,
        "journey.productUsage": 5,
        "qualification.score": 10,
        "template.requests": 4,
        "template.visits": 5,
        "template.forms": 4,
        "template.last_touch": 5,
        "template.products_asked_for": 8,
    },
    "sql_to_ae": {
        **_EVERY_TYPE,
        "contacts.economic_buyer": 4,
        "qualification.score": 2,
        "qualification.framework": 2,
        "qualification.painPoints": 6,
        "qualification.budget": 6,
        "qualification.timeline": 6,
        "qualification.decisionProcess": 6,
        "deal.amount": 4,
        "deal.stage": 2,
        "deal.closeDate": 3,
        "deal.products": 3,
        "template.authority": 4,
        "template.need": 4,
        "template.metrics": 3,
        "template.economic_buyer": 3,
        "template.decision_criteria": 3,
        "template.champion": 3,
        "template.next_steps": 6,
    },
    "closed_to_cs": {
        **_EVERY_TYPE,
        "contacts.economic_buyer": 2,
        "qualification.painPoints": 4,
        "deal.amount": 4,
        "deal.closeDate": 3,
        "deal.products": 6,
        "template.implementation_scope": 12,
        "template.success_criteria": 10,
        "template.stakeholder_map": 6,
        "template.promised_outcomes": 10,
    },
    "expansion_to_sales": {
        **_EVERY_TYPE,
        "contacts.economic_buyer": 3,
        "journey.productUsage": 4,
        "template.current_usage": 10,
        "template.expansion_signals": 6,
        "template.expansion_value": 4,
        "template.relationship_context": 10,
        "template.pricing_history": 10,
    },
}
"""The shipped weight of every field, per type. They need not sum to 100: the score is the share that is present."""

CRITICAL: Mapping[str, frozenset[str]] = {
    "mql_to_sales": frozenset({"journey.source", "template.last_touch"}),
    "sql_to_ae": frozenset(
        {
            "qualification.painPoints",
            "qualification.budget",
            "qualification.timeline",
            "qualification.decisionProcess",
            "deal.amount",
            "template.next_steps",
        }
    ),
    "closed_to_cs": frozenset(
        {"template.implementation_scope", "template.success_criteria", "template.promised_outcomes", "deal.products"}
    ),
    "expansion_to_sales": frozenset(
        {"template.current_usage", "template.relationship_context", "template.pricing_history"}
    ),
}
"""Fields without which the handoff is assigned but flagged, each a task for the sender."""

NOT_QUALIFIED: Mapping[str, str] = {
    "mql_to_sales": "There is neither a score nor a product signal: record a qualification score, or wait for usage.",
    "sql_to_ae": "No element of BANT or MEDDIC has a value: record at least one, such as need or timeline.",
    "closed_to_cs": "Neither the implementation scope nor a promised outcome is recorded: record one of them.",
    "expansion_to_sales": "No expansion signal is on record: log the signal that started this handoff.",
}
"""The sentence of the gap that blocks, per type."""
