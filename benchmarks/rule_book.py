"""Invented rules and facts in the mixture a grown company has: sets, ranges, prefixes, products, owners, keys."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TYPES = ("mql_to_sales", "sql_to_ae", "closed_to_cs", "expansion_to_sales")
SEGMENTS = (("enterprise", 1000, None), ("mid_market", 100, 1000), ("smb", 0, 100))
COUNTRIES = (
    *("US", "GB", "DE", "FR", "NO", "SE", "DK", "FI", "NL", "BE", "ES", "PT"),
    *("IT", "CH", "AT", "PL", "CZ", "IE", "CA", "MX", "BR", "AR", "CL", "AU"),
    *("NZ", "JP", "KR", "SG", "IN", "ZA", "AE", "IL", "TR", "GR", "RO", "HU"),
)
REGIONS = tuple(f"region_{number}" for number in range(30))
INDUSTRIES = tuple(f"industry_{number}" for number in range(60))
SOURCES = ("organic", "webinar", "event", "referral", "partner", "paid_search", "outbound", "trial")
PRODUCTS = tuple(f"product_{number}" for number in range(16))
STAGES = ("new", "activated", "adopted", "expanding", "dormant")
PLANS = ("free", "team", "business", "gold", "platinum")
CAMPAIGNS = tuple(f"campaign_{number}" for number in range(400))
OWNER_RULES = ("named_rep", "open_deal_owner", "account_owner", "parent_account_owner")
TERRITORIES: dict[str, dict[str, list[str]]] = {
    f"{country.lower()}{half}": {"country": [country], **({"postal_prefix": list(digits)} if digits else {})}
    for country in COUNTRIES
    for half, digits in (("", ""), ("-low", "01234"), ("-high", "56789"))
}
WORDS: dict[str, tuple[str, ...]] = {
    "handoff_type": TYPES,
    "segment": tuple(code for code, _, _ in SEGMENTS),
    "territory": tuple(TERRITORIES),
    "country": COUNTRIES,
    "region": REGIONS,
    "industry": INDUSTRIES,
    "source": SOURCES,
    "product": PRODUCTS,
    "usage_stage": STAGES,
    "custom.plan": PLANS,
    "custom.campaign": CAMPAIGNS,
}
# What rules of a kind ask about, and how many of every hundred rules are of that kind. The kinds are those that fill
# the books of grown companies: lists of accounts, postal areas, territories by trade, campaigns, scored leads.
KINDS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (15, ("custom.account_code",)),
    (30, ("handoff_type", "country", "postal_prefix", "segment")),
    (20, ("handoff_type", "territory", "segment", "industry", "product")),
    (10, ("handoff_type", "custom.campaign", "source")),
    (15, ("handoff_type", "country", "employee_count", "score", "industry", "usage_stage")),
    (10, ("handoff_type", "country", "region", "segment", "custom.plan", "product", "score")),
)


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A rule as it is stored: conditions as JSON, and what it does."""

    code: str
    conditions: Mapping[str, Any]
    strategy: str


def rules(count: int, *, random_from: random.Random) -> list[WrittenRule]:
    """So many rules: the owner rules first, then narrow ones in no order, then the catch-all."""
    book = [WrittenRule(f"R-{place}", {}, strategy) for place, strategy in enumerate(OWNER_RULES, start=1)]
    while len(book) < count - 1:
        conditions = _conditions(random_from, serial=len(book))
        strategy = "pod" if random_from.random() < 0.02 else "round_robin"
        book.append(WrittenRule(f"R-{len(book) + 1}", conditions, strategy))
    return [*book, WrittenRule(f"R-{count}", {}, "round_robin")]


def _conditions(draw: random.Random, *, serial: int) -> dict[str, Any]:
    [asked] = draw.choices([fields for _, fields in KINDS], [share for share, _ in KINDS])
    found: dict[str, Any] = {}
    for name in asked:
        if name == "custom.account_code":
            found[name] = [f"a{serial}-{place}" for place in range(draw.choice((1, 1, 2, 5)))]
        elif name == "postal_prefix":
            found[name] = [f"{draw.randrange(1000):03}" for _ in range(draw.choice((1, 2, 4)))]
        elif name == "employee_count":
            start = draw.choice((0, 20, 50, 100, 250, 500, 1000, 2500, 10_000))
            found[name] = {"from": start, "below": start * 2 + draw.choice((10, 50, 100))}
        elif name == "score":
            start = draw.randrange(0, 90, 5)
            found[name] = {"from": start, **({"below": start + 10} if draw.random() < 0.7 else {})}
        else:
            chosen = draw.sample(WORDS[name], draw.choice((1, 1, 2)))
            unknown = name in {"industry", "usage_stage", "region"} and draw.random() < 0.1
            found[name] = [*chosen, "missing"] if unknown else chosen
    return found


def facts(book: list[WrittenRule], count: int, *, random_from: random.Random) -> list[dict[str, Any]]:
    """So many handoffs, each made so that some rule of the book, every one as likely, would take it."""
    return [_aimed_at(random_from.choice(book), random_from) for _ in range(count)]


def _aimed_at(rule: WrittenRule, draw: random.Random) -> dict[str, Any]:
    wanted = rule.conditions
    plain = ("handoff_type", "country", "region", "industry", "source", "usage_stage")
    found: dict[str, Any] = {name: _one(draw, wanted.get(name, WORDS[name])) for name in plain}
    prefix = _one(draw, wanted.get("postal_prefix", [f"{draw.randrange(1000):03}"]))
    if "territory" in wanted:
        lies_in = TERRITORIES[draw.choice(wanted["territory"])]
        found["country"], prefix = lies_in["country"][0], f"{_one(draw, lies_in.get('postal_prefix', ['7']))}3"
    found["postal_code"] = f"{prefix}{draw.randrange(100):02}"
    bounds = {code: (low, below or 50_000) for code, low, below in SEGMENTS}
    low, below = bounds.get(_one(draw, wanted.get("segment", list(bounds))) or "", (0, 5000))
    spans = {"employee_count": (low, below), "score": (0, 100)}
    for name, (first, last) in spans.items():
        asked = wanted.get(name, {})
        start, end = max(first, asked.get("from", first)), min(last, asked.get("below", last))
        found[name] = draw.randrange(start, end) if start < end else asked.get("from", first)
    product = _one(draw, wanted.get("product", PRODUCTS))
    found["products"] = sorted({product, draw.choice(PRODUCTS)}) if product else []
    found["custom"] = {
        "plan": _one(draw, wanted.get("custom.plan", PLANS)),
        "campaign": _one(draw, wanted.get("custom.campaign", CAMPAIGNS)),
        "account_code": _one(draw, wanted.get("custom.account_code", [f"a-{draw.randrange(10**6)}"])),
    }
    found["pod"] = "fjord" if rule.strategy == "pod" or draw.random() < 0.02 else None
    owned = rule.strategy if rule.strategy in OWNER_RULES else None
    found["owners"] = {owned: 7} if owned else {}
    return found


def _one(draw: random.Random, words: Any) -> Any:
    chosen = draw.choice(list(words))
    return None if chosen == "missing" else chosen
