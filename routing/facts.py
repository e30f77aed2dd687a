"""Facts: the frozen value that routing reasons over. Routing never sees an account, only this.

Facts are made normal as they are made, so that one word has one spelling whatever it came from, and no text is too odd
to be routed.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

from routing.countries import normal_country

LONGEST_WORD = 200
"""Characters of a fact that are kept; conditions are no longer, so what was cut equals none of them."""
LONGEST_READ = 1000
LARGEST = 10**15
"""Numbers beyond this, either way, are mistakes and count as not known."""

Known = str | int | frozenset[str] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known about one handoff at the moment of deciding. None means not known.

    `owners` maps an owner strategy (named_rep, open_deal_owner, account_owner, parent_account_owner) to the id of the
    Rep it would pick, and holds only people who exist. `named` are the people whom rules name and who work in
    a receiving function; `routing.decide` fills it in. `sender` is the Rep the handoff comes from. `known` is the same
    by the names that conditions use.
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
    known: Mapping[str, Known] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "handoff_type", plain_text(self.handoff_type) or "")
        for name in ("tier", "region", "industry", "source", "usage_stage"):
            put(self, name, normal_word(getattr(self, name)))
        put(self, "country", normal_country(self.country) if isinstance(self.country, str) else None)
        put(self, "postal_code", normal_postcode(self.postal_code))
        put(self, "employee_count", _head_count(self.employee_count))
        put(self, "score", _number(self.score))
        put(self, "products", frozenset(word for raw in _members(self.products) if (word := normal_word(raw))))
        put(self, "pod", plain_text(self.pod))
        put(self, "to_team", plain_text(self.to_team))
        put(self, "owners", dict(self.owners))
        put(self, "named", frozenset(self.named))
        put(self, "custom", _normal_custom(self.custom))
        put(self, "known", self._by_name())

    def _by_name(self) -> dict[str, Known]:
        return {
            "handoff_type": self.handoff_type or None,
            "country": self.country,
            "region": self.region,
            "postal_prefix": self.postal_code,
            "industry": self.industry,
            "employee_count": self.employee_count,
            "source": self.source,
            "product": self.products,
            "score": self.score,
            "usage_stage": self.usage_stage,
            **{f"custom.{name}": value for name, value in self.custom.items()},
            "taker": self._takers(),
        }

    def _takers(self) -> frozenset[str]:
        """Whom owner and pod rules can give it to: the strategies that find somebody, and the people named."""
        owners = {strategy for strategy, rep in self.owners.items() if rep != self.sender}
        named = {f"rep {rep}" for rep in self.named if rep != self.sender}
        return frozenset(owners | named | ({"pod"} if self.pod else set()))

    def to_json(self) -> dict[str, Any]:
        """As it is stored in the receipt."""
        plain = {name: getattr(self, name) for name in _STORED}
        return {
            **plain,
            "products": sorted(self.products),
            "named": sorted(self.named),
            "owners": dict(self.owners),
            "custom": dict(self.custom),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Facts:
        """The facts of a receipt. A country that is none any more stays what it was."""
        facts = cls(**{key: value for key, value in raw.items() if key in _STORED})
        country = raw.get("country")
        if facts.country is None and isinstance(country, str):
            object.__setattr__(facts, "country", country)
            object.__setattr__(facts, "known", facts._by_name())
        return facts


_STORED = tuple(item.name for item in fields(Facts) if item.init)


@dataclass(frozen=True, slots=True)
class Located:
    """Facts placed on the map of one rule-set version; `known` holds their segment and territory too."""

    facts: Facts
    known: Mapping[str, Known] = field(repr=False)

    @classmethod
    def at(cls, facts: Facts, segment: str | None, territory: str | None) -> Located:
        """The facts in this segment and this territory; None means in none."""
        return cls(facts, {**facts.known, "segment": segment, "territory": territory})

    @property
    def segment(self) -> str | None:
        return cast(str | None, self.known["segment"])

    @property
    def territory(self) -> str | None:
        return cast(str | None, self.known["territory"])

    def value(self, name: str) -> Known:
        """The fact a condition on `name` looks at; None when it is not known."""
        return self.known.get(name)


def skills_asked(facts: Facts) -> frozenset[str]:
    """The skills that the account asks for, in its custom attributes `skill` and `language`, commas between several."""
    said = (facts.custom.get(name, "") for name in ("skill", "language"))
    return frozenset(word for text in said for part in text.split(",") if (word := normal_word(part)))


def plain_text(raw: object) -> str | None:
    """One line of text without what nobody can type, at most LONGEST_WORD characters and an ellipsis; None when
    nothing is left.
    """
    if not isinstance(raw, str):
        return None
    if len(raw) <= LONGEST_WORD and raw.isascii() and raw.isprintable():
        return raw.strip() or None
    text = raw[:LONGEST_READ]
    if not text.isprintable():
        text = "".join(_typed(character) for character in text)
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > LONGEST_WORD or len(raw) > LONGEST_READ:
        return f"{text[:LONGEST_WORD]}…"
    return text or None


def _typed(character: str) -> str:
    """Line ends and tabs are spaces; control characters and halves of characters are nothing."""
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in {"Cc", "Cs"} else character


def normal_word(raw: object) -> str | None:
    """A word for comparing: NFKC, case-folded, spaces and hyphens as one underscore; None when nothing is left."""
    text = normal_value(raw)
    return _cut(re.sub(r"[\s\-/]+", "_", text)) or None if text else None


def normal_value(raw: object) -> str | None:
    """The value of a custom attribute for comparing: NFKC, case-folded, one space for several."""
    text = plain_text(raw)
    if text is None:
        return None
    if text.isascii():
        folded = text.lower()
    else:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _cut(" ".join(folded.split())) or None


def normal_postcode(raw: object) -> str | None:
    """A postal code without spaces, in capitals and plain digits."""
    text = plain_text(raw)
    if text is None:
        return None
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return _cut("".join(plain.split()).upper()) or None


def _cut(text: str) -> str:
    return f"{text[:LONGEST_WORD]}…" if len(text) > LONGEST_WORD else text


def _number(raw: object) -> int | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not -LARGEST <= raw <= LARGEST:
        return None
    # Rounded down, as ranges are half-open: 89.6 lies in [70, 90) and in no other.
    return math.floor(raw) if math.isfinite(raw) else None


def _head_count(raw: object) -> int | None:
    number = _number(raw)
    return number if number is not None and number >= 0 else None


def _members(raw: object) -> Iterable[object]:
    return raw if isinstance(raw, list | tuple | set | frozenset) else ()


def _normal_custom(raw: object) -> dict[str, str]:
    pairs = raw.items() if isinstance(raw, Mapping) else ()
    return {name: word for key, value in pairs if (name := plain_text(key)) and (word := normal_value(value))}


def normal_domain(raw: str) -> str:
    """The bare host of a website: no scheme, path, port or leading www."""
    host = re.sub(r"^[a-z]+://", "", raw.strip().lower()).split("/")[0].split("?")[0]
    return host.split("@")[-1].split(":")[0].removeprefix("www.").rstrip(".")
