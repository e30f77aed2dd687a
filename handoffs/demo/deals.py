"""Deals of the demo: what they are called, what they are worth, and what the SDR and the AE wrote into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from handoffs.demo.library import Firm, phrases
from handoffs.demo.voice import Voice
from handoffs.models import Contact

SOURCES = (
    "webinar",
    "organic search",
    "partner referral",
    "trade fair",
    "paid search",
    "customer referral",
    "outbound",
)
DEPARTMENTS = (
    "operations",
    "finance",
    "the data platform",
    "logistics",
    "customer service",
    "quality",
    "the second site",
    "planning",
    "risk",
)
_EURO = frozenset({"DE", "AT", "FR", "ES", "IT", "PT", "NL", "FI", "IE"})
_SYMBOLS: Mapping[str, str] = {"USD": "$", "EUR": "€", "GBP": "£"}
_AMOUNTS: Mapping[str, tuple[int, int]] = {
    "enterprise": (84, 420),
    "mid_market": (22, 96),
    "smb": (4, 18),
    "partner": (12, 60),
}


def currency_of(firm: Firm) -> str:
    """The currency a firm is quoted in."""
    return "EUR" if firm.country in _EURO else "GBP" if firm.country == "GB" else "USD"


def money(firm: Firm, amount: Decimal) -> str:
    """An amount as people write it: $240,000."""
    return f"{_SYMBOLS[currency_of(firm)]}{amount:,.0f}"


def amount_for(firm: Firm, voice: Voice) -> Decimal:
    """A price that fits the size of the firm, in whole thousands."""
    low, high = _AMOUNTS[firm.tier]
    return Decimal(voice.rng.randint(low, high) * 1000)


def products_for(voice: Voice, firm: Firm) -> list[str]:
    """What is being sold; the first names the deal."""
    first = "Observe Enterprise" if firm.tier == "enterprise" else "Observe"
    more = voice.rng.sample(["Lineage", "Premium Support", "Alert Routing", "Quality Pages"], voice.rng.randint(0, 2))
    return [first, *more] if voice.rng.random() < 0.75 else ["Lineage", *[item for item in more if item != "Lineage"]]


def qualification(voice: Voice, firm: Firm, contacts: Sequence[Contact], amount: Decimal) -> dict[str, Any]:
    """What a thorough SDR knows of a deal: BANT, MEDDIC and the next steps, by metadata key."""
    rng = voice.rng
    champion = contacts[0]
    buyer = contacts[1] if len(contacts) > 1 else contacts[0]
    low, high = amount * Decimal("0.9"), amount * Decimal("1.1")
    criteria = rng.sample(phrases("decision_criteria"), 3)
    return {
        "source": voice.draw("source", SOURCES),
        "qualification_score": rng.randint(66, 94),
        "framework": rng.choice(["BANT", "MEDDIC", "BANT + MEDDIC"]),
        "budget_confirmed": f"{money(firm, low)} to {money(firm, high)} set aside",
        "timeline": voice.line("timeline"),
        "decision_process": voice.line("decision_process"),
        "authority": voice.line("authority"),
        "need": voice.of_trade("needs"),
        "metrics": voice.of_trade("metrics"),
        "economic_buyer": f"{buyer}, {buyer.title}"
        + rng.choice([", met once", ", name confirmed", ", copied on mail"]),
        "decision_criteria": criteria,
        "identified_pain": voice.of_trade("pain_in_short"),
        "champion": f"{champion}, {champion.title}",
        "next_steps": [voice.line("next_step", champion), voice.line("next_step", buyer)],
    }


def promises(voice: Voice, contacts: Sequence[Contact]) -> dict[str, Any]:
    """What an AE leaves behind after winning: scope, success criteria, who stands where, what was promised."""
    return {
        "implementation_scope": [voice.line("implementation_scope", contacts[0]) for _ in range(3)],
        "success_criteria": [voice.of_trade("criteria"), voice.of_trade("criteria")],
        "stakeholder_map": [f"{person}: {voice.line('stakeholder', person)}" for person in contacts[:3]],
        "promised_outcomes": [voice.of_trade("outcomes"), voice.of_trade("outcomes")],
    }


def growth(voice: Voice, firm: Firm, *, year: int) -> dict[str, Any]:
    """What a CSM knows of a customer who could buy more: relationship, expected value, past prices."""
    rng = voice.rng
    base = amount_for(firm, voice)
    before, discount = base * Decimal("0.8"), rng.choice([5, 8, 10, 12])
    return {
        "source": voice.draw("source", SOURCES),
        "relationship": voice.line("relationship_words"),
        "expansion_value": f"{money(firm, base * Decimal('0.3'))} a year",
        "pricing_history": [
            f"{year - 2}: {money(firm, before)} a year, {discount} % off the list price",
            f"{year - 1}: {money(firm, base)} a year, renewed "
            + rng.choice(["without discount", "with the same discount", "for two years"]),
        ],
    }
