"""The parts of the response that come from the package, each a heading and its text in Markdown, all words escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from handoffs import stored, wording
from handoffs.buying_roles import ROLES, UNKNOWN
from handoffs.markdown import inline

CONTACTS_SHOWN = 12
NO_DEAL = "No deal yet"

Package = Mapping[str, Any]


def package_blocks(package: Package) -> Iterator[str]:
    """From the account summary to the recommended approach, in the order of the response."""
    for part in (_account_summary, _contacts, _journey, _qualification, _deal, _template, _recommended):
        yield from part(package)


def _account_summary(package: Package) -> Iterator[str]:
    company = package["company"]
    size = wording.counted(company["size"], "employee") if company["size"] is not None else "unknown"
    yield "### Account Summary"
    yield "\n".join(
        (
            f"**Company**: {inline(company['name'])}",
            f"**Industry**: {inline(company['industry'] or 'unknown')}",
            f"**Size**: {size}",
            f"**Tier**: {inline(wording.words(company['tier'] or 'unknown'))}",
        )
    )


def _contacts(package: Package) -> Iterator[str]:
    contacts = package["contacts"]
    lines = [
        f"- **{inline(person['name'])}** - {inline(person['title'] or 'no title')} - "
        f"{inline(person['email'] or 'no e-mail')} - {inline(person['phone'] or 'no phone')} - "
        f"{ROLES[person['role']] if person['role'] != UNKNOWN else 'Role unknown'}"
        f"{' (primary)' if person['isPrimary'] else ''}"
        for person in contacts[:CONTACTS_SHOWN]
    ]
    if len(contacts) > CONTACTS_SHOWN:
        lines.append(f"- {len(contacts) - CONTACTS_SHOWN} more in the CRM")
    yield "### Key Contacts"
    yield "\n".join(lines or ["- No contacts on file"])


def _journey(package: Package) -> Iterator[str]:
    journey, provenance = package["journey"], package["provenance"]
    assumed = provenance.get("journey.source", {}).get("default")
    source = f"{inline(wording.words(journey['source']))}{' (assumed, none is recorded)' if assumed else ''}"
    first = journey["firstTouch"]
    yield "### Journey Highlights"
    yield bullets(
        ("Source", source),
        ("First Touch", wording.day(datetime.fromisoformat(first)) if first else "unknown"),
        ("Key Touchpoints", str(len(journey["touchpoints"]))),
        ("Content Engaged", ", ".join(inline(piece) for piece in journey["contentEngaged"]) or "none on record"),
        ("Product Usage", inline(wording.words(journey["productUsage"]))),
    )


def _qualification(package: Package) -> Iterator[str]:
    qualification = package["qualification"]
    lines = [f"- “{inline(pain['quote'])}” ({inline(_said_by(pain))})" for pain in qualification["painPoints"]]
    known = (
        ("Score", f"{qualification['score']} of 100" if qualification["score"] is not None else ""),
        ("Framework", stored.text(qualification["framework"])),
        ("Budget", stored.text(qualification["budget"])),
        ("Timeline", stored.text(qualification["timeline"])),
        ("Decision process", stored.text(qualification["decisionProcess"])),
    )
    lines = lines or ["- No pain points noted"]
    lines += [f"- **{label}**: {inline(value)}" for label, value in known if value]
    yield "### Qualification Summary"
    yield "\n".join(lines)
    completeness = package["completeness"]
    gaps = [inline(gap["label"]) for gap in completeness["missing"] if gap["critical"]]
    if gaps:
        yield f"⚠️ **Missing critical info (context {completeness['score']}% complete)**: {'; '.join(gaps)}"


def _said_by(pain: Mapping[str, Any]) -> str:
    when = wording.day(datetime.fromisoformat(pain["date"]))
    return ", ".join(
        part for part in (pain["speaker"] or pain["author"], pain["said"], when, f"note {pain['noteId']}") if part
    )


def _deal(package: Package) -> Iterator[str]:
    deal = package["deal"]
    closed = package["template"]["type"] == "closed_to_cs"
    value = products = closing = NO_DEAL
    if deal:
        money = deal["amount"]
        value = inline(wording.money(Decimal(money["amount"]), money["currency"])) if money else "not recorded"
        products = ", ".join(inline(product) for product in deal["products"]) or "none recorded"
        closing = wording.day(date.fromisoformat(deal["closeDate"])) if deal["closeDate"] else "not set"
    yield f"### {'Deal' if closed else 'Opportunity'} Details"
    yield bullets(("Value", value), ("Products", products), ("Close Date" if closed else "Expected Close", closing))


def _template(package: Package) -> Iterator[str]:
    template = package["template"]
    yield f"### {template['title']}"
    groups: dict[str, list[str]] = {}
    for item in template["items"]:
        said = "; ".join(inline(line) for line in item["value"] or ["unknown"])
        groups.setdefault(item["group"], []).append(f"- **{item['label']}**: {said}")
    for group, lines in groups.items():
        if len(groups) > 1:
            yield f"**{group}**"
        yield "\n".join(lines)


def _recommended(package: Package) -> Iterator[str]:
    advice = [inline(each["text"], limit=800) for each in package["recommendations"]]
    yield "### Recommended Approach"
    yield "\n".join(f"{place}. {text}" for place, text in enumerate(advice, 1)) or "1. Fill the gaps first."


def bullets(*pairs: tuple[str, str]) -> str:
    """A list of labelled values, which must be safe for Markdown already."""
    return "\n".join(f"- **{label}**: {value}" for label, value in pairs)
