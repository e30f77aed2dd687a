"""Facts: the frozen value that routing reasons over. Routing never sees an account, only this."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known about one handoff at the moment of deciding. None means not known.

    `owners` maps an owner strategy (named_rep, open_deal_owner, account_owner, parent_account_owner) to the id of the
    Rep it would pick, and holds only people who exist. `named` are the people whom rules name and who work in
    a receiving function; `routing.decide` fills it in. `sender` is the Rep the handoff comes from.
    """

    handoff_type: str
    tier: str | None = None
    country: str | None = None
    region: str | None = None
    postal_code: str | None = None
    industry: str | None = None
    employee_count: int | None = None
    source: str | None = None
    products: frozenset[str] = frozenset()
    score: int | None = None
    usage_stage: str | None = None
    pod: str | None = None
    to_team: str | None = None
    sender: int | None = None
    owners: Mapping[str, int] = field(default_factory=dict)
    named: frozenset[int] = frozenset()
    custom: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "products": sorted(self.products),
            "named": sorted(self.named),
            "owners": dict(self.owners),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Facts:
        known = {item.name for item in fields(cls)}
        values = {key: value for key, value in raw.items() if key in known}
        return cls(
            **{**values, "products": frozenset(raw.get("products", ())), "named": frozenset(raw.get("named", ()))}
        )


@dataclass(frozen=True, slots=True)
class Located:
    """Facts placed on the map of one rule-set version: its segment and its territory."""

    facts: Facts
    segment: str | None
    territory: str | None

    def value(self, name: str) -> str | int | frozenset[str] | None:
        """The fact a condition on `name` looks at; None when it is not known."""
        if name == "segment":
            return self.segment
        if name == "territory":
            return self.territory
        if name == "product":
            return self.facts.products
        if name == "postal_prefix":
            return self.facts.postal_code
        if name.startswith("custom."):
            return self.facts.custom.get(name.removeprefix("custom."))
        found: str | int | None = getattr(self.facts, name)
        return found


def skills_asked(facts: Facts) -> frozenset[str]:
    """The skills that the account asks for, in its custom attributes `skill` and `language`, commas between several."""
    said = (facts.custom.get(name, "") for name in ("skill", "language"))
    return frozenset(word for text in said for part in text.split(",") if (word := normal_word(part)))


def normal_country(raw: str) -> str | None:
    """ISO 3166-1 alpha-2 in capitals, or None for anything else."""
    code = raw.strip().upper()
    return code if re.fullmatch(r"[A-Z]{2}", code) else None


def normal_word(raw: str) -> str | None:
    """A word for comparing: NFKC, case-folded, spaces and hyphens as one underscore; None when nothing is left."""
    text = unicodedata.normalize("NFKC", raw).strip().casefold()
    return re.sub(r"[\s\-/]+", "_", text) or None


def normal_domain(raw: str) -> str:
    """The bare host of a website: no scheme, path, port or leading www."""
    host = re.sub(r"^[a-z]+://", "", raw.strip().lower()).split("/")[0].split("?")[0]
    return host.split("@")[-1].split(":")[0].removeprefix("www.").rstrip(".")
