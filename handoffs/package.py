"""Step 2: the package a receiver reads, compiled from a context. Pure: the same context gives the same package."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handoffs import completeness, journey, recommendations, stored
from handoffs.buying_roles import buying_role, explicit_role, has_phone, has_valid_email, primary_contact, rank
from handoffs.connectors.ports import ContactRecord
from handoffs.context import Context
from handoffs.sections import template_section
from handoffs.stored import Stored

DEFAULT_SOURCE = "organic"
DEFAULT_USAGE = "unknown"
PAIN_POINT_LIMIT = 10

Found = dict[str, Stored | None]


def compile_package(
    context: Context,
    *,
    handoff_type: str,
    now: datetime,
    weights: Mapping[str, int] | None = None,
    stale_after_days: int = completeness.STALE_AFTER_DAYS,
) -> dict[str, Any]:
    """The package as plain JSON values.

    `company` (name, industry, size, tier, website), `contacts` (name, title, email, phone, isPrimary, role; the primary
    first, then by role), `journey` (source, firstTouch, touchpoints, contentEngaged, productUsage, summary),
    `qualification` (score, framework, painPoints, budget, timeline, decisionProcess), `deal` (id, name, amount, stage,
    closeDate, products) or None, `recommendations` ([{text, evidence}], most important first), `template` (the type's
    section, see `handoffs.sections`), `completeness` (see `handoffs.completeness`), and `provenance`: per field path
    `{"source", "asOf", "ageDays", "default"}`.

    Unknown values are None or empty, never invented. Money is `{"amount": "240000.00", "currency": "USD"}`, instants
    and days are ISO 8601. An address or number that does not work, and both of somebody who must not be contacted,
    are left out; provenance says so. Raises KeyError for an unknown type and ValueError for impossible weights.
    """
    found: Found = {}
    package: dict[str, Any] = {
        "company": _company(context, found),
        "contacts": _contacts(context, found),
        "journey": _journey(context, found),
        "qualification": _qualification(context, found),
        "deal": _deal(context, found),
    }
    package["template"], items = template_section(context, handoff_type=handoff_type)
    found.update({f"template.{key}": known for key, known in items.items()})
    package["provenance"] = {path: _provenance(known, now) for path, known in found.items() if known}
    package["completeness"] = completeness.assess(
        package, context=context, handoff_type=handoff_type, weights=weights, stale_after_days=stale_after_days
    )
    package["recommendations"] = recommendations.recommend(package, context=context, handoff_type=handoff_type)
    return package


def contact_to_reach(package: Mapping[str, Any]) -> dict[str, Any] | None:
    """The contact of a compiled package to turn to first: the primary, unless only others can be reached; else None."""
    return next((person for person in package["contacts"] if person["email"] or person["phone"]), None)


def _company(context: Context, found: Found) -> dict[str, Any]:
    account = context.account
    values = {
        "name": account.name.strip() or account.crm_id,
        "industry": account.industry,
        "size": account.employee_count,
        "tier": account.tier,
        "website": account.domain,
    }
    for key, value in values.items():
        found[f"company.{key}"] = (
            Stored(value, f"account {key}", account.updated_at) if stored.is_known(value) else None
        )
    return {key: value if stored.is_known(value) else None for key, value in values.items()}


def _contacts(context: Context, found: Found) -> list[dict[str, Any]]:
    primary = primary_contact(context.contacts)
    ordered = sorted(context.contacts, key=lambda contact: (contact is not primary, rank(buying_role(contact))))
    for index, contact in enumerate(ordered):
        path, stamp = f"contacts.{index}", contact.updated_at
        found[f"{path}.email"] = _address(contact, contact.email, _email(contact))
        found[f"{path}.phone"] = _address(contact, contact.phone, _phone(contact))
        found[f"{path}.role"] = Stored("role", "role in the CRM" if explicit_role(contact) else "title", stamp)
        if contact is primary:
            chosen_by = "flag in the CRM" if contact.is_primary else "highest role that can be reached"
            found[f"{path}.isPrimary"] = Stored("primary", chosen_by, stamp)
    return [
        {
            "name": contact.name or contact.email or "Unnamed contact",
            "title": contact.title,
            "email": contact.email.strip() if has_valid_email(contact) and not contact.do_not_contact else "",
            "phone": contact.phone.strip() if has_phone(contact) and not contact.do_not_contact else "",
            "isPrimary": contact is primary,
            "role": buying_role(contact),
        }
        for contact in ordered
    ]


def _email(contact: ContactRecord) -> str:
    if contact.email_bounced:
        return "left out: mail bounced"
    return f"contact {contact.crm_id}" if has_valid_email(contact) else "left out: not an address"


def _phone(contact: ContactRecord) -> str:
    return f"contact {contact.crm_id}" if has_phone(contact) else "left out: not a number"


def _address(contact: ContactRecord, address: str, source: str) -> Stored | None:
    """Where an address is from, or why it is not in the package; None when there is none."""
    if not address.strip():
        return None
    return Stored(
        "address", "left out: must not be contacted" if contact.do_not_contact else source, contact.updated_at
    )


def _journey(context: Context, found: Found) -> dict[str, Any]:
    touches = journey.touchpoints(context)
    content = journey.content_engaged(context)
    usage = context.usage if context.usage and context.usage.stage else None
    source = stored.metadata(context, "source")
    found["journey.source"] = source or Stored(DEFAULT_SOURCE, "default", is_default=True)
    found["journey.firstTouch"] = first = _first_touch(context)
    found["journey.touchpoints"] = Stored(touches, "activities", stored.newest(context.activities)) if touches else None
    found["journey.contentEngaged"] = (
        Stored(content, "content engagement", stored.newest(context.content)) if content else None
    )
    found["journey.productUsage"] = (
        Stored(usage.stage, "product usage", usage.as_of)
        if usage
        else Stored(DEFAULT_USAGE, "default", is_default=True)
    )
    return {
        "source": stored.text(source.value) if source else DEFAULT_SOURCE,
        "firstTouch": first.value if first else None,
        "touchpoints": touches,
        "contentEngaged": content,
        "productUsage": usage.stage if usage else DEFAULT_USAGE,
        "summary": journey.summary(context),
    }


def _first_touch(context: Context) -> Stored | None:
    created = context.account.created_at
    if created:
        return Stored(created.isoformat(), "account created", created)
    moments = [*(act.occurred_at for act in context.activities), *(piece.occurred_at for piece in context.content)]
    return Stored(min(moments).isoformat(), "earliest activity", min(moments)) if moments else None


def _qualification(context: Context, found: Found) -> dict[str, Any]:
    keys = {
        "framework": "framework",
        "budget": "budget_confirmed",
        "timeline": "timeline",
        "decisionProcess": "decision_process",
    }
    known = {name: stored.metadata(context, key) for name, key in keys.items()}
    score = stored.score(context)
    pains = stored.notes(context, "pain_point")[-PAIN_POINT_LIMIT:]
    found["qualification.score"] = score
    found.update({f"qualification.{name}": value for name, value in known.items()})
    ids = ", ".join(note.crm_id for note in pains)
    found["qualification.painPoints"] = Stored(ids, f"notes {ids}", stored.newest(pains)) if pains else None
    return {
        "score": score.value if score else None,
        "framework": _plain(known["framework"]),
        "painPoints": [
            {
                "quote": stored.quote(note.body),
                "speaker": note.contact_name,
                "said": note.source,
                "date": note.occurred_at.isoformat(),
                "author": note.author_name,
                "noteId": note.crm_id,
            }
            for note in pains
        ],
        "budget": _plain(known["budget"]),
        "timeline": _plain(known["timeline"]),
        "decisionProcess": _plain(known["decisionProcess"]),
    }


def _plain(known: Stored | None) -> bool | str | None:
    """What a metadata key says: a yes or no stays one, everything else is a line of text."""
    if known is None:
        return None
    return known.value if isinstance(known.value, bool) else stored.text(known.value) or None


def _deal(context: Context, found: Found) -> dict[str, Any] | None:
    deal = context.deal
    if deal is None:
        return None
    products = stored.metadata(context, "products")
    closing = deal.closed_at.date() if deal.is_closed and deal.closed_at else deal.expected_close
    values: dict[str, Any] = {
        "id": deal.crm_id,
        "name": deal.name,
        "amount": {"amount": str(deal.amount), "currency": deal.currency} if deal.amount is not None else None,
        "stage": deal.stage,
        "closeDate": closing.isoformat() if closing else None,
        "products": stored.lines(products.value) if products else [],
    }
    for key, value in values.items():
        found[f"deal.{key}"] = Stored(value, f"deal {key}", deal.updated_at) if stored.is_known(value) else None
    if products:
        found["deal.products"] = products
    return values


def _provenance(known: Stored, now: datetime) -> dict[str, Any]:
    return {
        "source": known.source,
        "asOf": known.as_of.isoformat() if known.as_of else None,
        "ageDays": max((now - known.as_of).days, 0) if known.as_of else None,
        "default": known.is_default,
    }
