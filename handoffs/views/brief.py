"""The package as a page shows it: contacts, the type's section, pain points, journey, deal, and where it all is from.

Everything here was written by others, in a CRM: it stays plain text, and becomes a link only when it is valid as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from handoffs import stored, wording
from handoffs.buying_roles import ROLES
from handoffs.views.words import Reading, initials, mailto, tel, tint

Body = Mapping[str, Any]

ICONS = {
    "call": "phone",
    "email": "chat",
    "meeting": "team",
    "form": "page",
    "web_visit": "web",
    "demo_request": "flag",
    "trial": "bolt",
    "event": "play",
    "expansion_signal": "chart",
    "support_ticket": "info",
}
LONG = 120
"""Characters in one cell from which on it wants half the width."""
# Items whose gap is counted under another field of the package.
SAME_AS = {
    "budget": "qualification.budget",
    "timeline": "qualification.timeline",
    "decision_process": "qualification.decisionProcess",
    "identified_pain": "qualification.painPoints",
    "lead_source": "journey.source",
    "lead_score": "qualification.score",
    "content": "journey.contentEngaged",
    "usage": "journey.productUsage",
}
ROLE_TONES = {"champion": "ok", "economic_buyer": "info", "technical_evaluator": "info", "end_user": "info"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactLine:
    """A person at the account. `email` and `phone` are (text, link); without a text, `why` says what is wrong."""

    name: str
    title: str
    initials: str
    tint: str
    is_primary: bool
    role: str
    role_tone: str
    is_confirmed: bool
    email: tuple[str, str]
    email_why: str
    phone: tuple[str, str]
    phone_why: str

    @property
    def local(self) -> str:
        """The address up to its @, where a narrow column may break it."""
        return self.email[0].partition("@")[0]

    @property
    def host(self) -> str:
        """The rest, with the @."""
        return self.email[0].removeprefix(self.local)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One item of the type's section; no lines means nobody knows."""

    label: str
    lines: Sequence[str]
    note: str
    is_critical: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A titled group of cells, `columns` abreast."""

    title: str
    cells: Sequence[Cell]
    columns: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """A pain point in their words, with who said it, where and when, and who wrote it down."""

    said: str
    by: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Touch:
    """A touchpoint of the journey."""

    icon: str
    date: str
    iso: str
    text: str
    note: str


def contacts(body: Body) -> list[ContactLine]:
    """The people of the package, the primary first."""
    return [_contact(index, raw, body["provenance"]) for index, raw in enumerate(body["contacts"])]


def blocks(body: Body) -> list[Block]:
    """The type's own section, group by group, in the template's order."""
    missing = {gap["key"] for gap in body["completeness"]["missing"] if gap["critical"]}
    stale = {old["key"] for old in body["completeness"]["stale"]}
    found = []
    for title, items in groupby(body["template"]["items"], key=lambda item: str(item["group"])):
        cells = [_cell(item, body["provenance"], missing, stale) for item in items]
        found.append(Block(title=title, cells=cells, columns=_columns(cells)))
    return found


def quotes(body: Body, reading: Reading) -> list[Quote]:
    """The pain points, each with its source."""
    return [_quote(raw, reading) for raw in body["qualification"]["painPoints"]]


def touches(body: Body, reading: Reading) -> list[Touch]:
    """The key touchpoints, oldest first."""
    return [
        Touch(
            icon=ICONS.get(raw["kind"], "log"),
            date=reading.day(datetime.fromisoformat(raw["date"])),
            iso=raw["date"],
            text=raw["text"],
            note=", ".join(filter(None, (wording.words(raw["kind"]), raw["who"]))),
        )
        for raw in body["journey"]["touchpoints"]
    ]


def journey_facts(body: Body, reading: Reading) -> list[tuple[str, str, bool]]:
    """Source, first touch, content and usage as (label, value, is a default nobody entered)."""
    journey, provenance = body["journey"], body["provenance"]
    first = journey["firstTouch"]
    content = journey["contentEngaged"]
    return [
        ("Source", wording.words(journey["source"]), _is_default(provenance, "journey.source")),
        ("First touch", reading.day(datetime.fromisoformat(first)) if first else "not known", False),
        ("Product usage", wording.words(journey["productUsage"]), _is_default(provenance, "journey.productUsage")),
        ("Content engaged", ", ".join(content) if content else "none on record", False),
    ]


def qualification(body: Body) -> list[tuple[str, str]]:
    """Score, framework, budget, timeline and decision process, as far as they are known."""
    known = body["qualification"]
    score = f"{known['score']} of 100" if known["score"] is not None else ""
    labels = (
        ("Score", score),
        ("Framework", known["framework"]),
        ("Budget", known["budget"]),
        ("Timeline", known["timeline"]),
        ("Decision process", known["decisionProcess"]),
    )
    return [(label, stored.text(value)) for label, value in labels if stored.is_known(value)]


def deal(body: Body, reading: Reading) -> dict[str, Any] | None:
    """The deal's words, or None without one."""
    raw = body["deal"]
    if raw is None:
        return None
    closing = date.fromisoformat(raw["closeDate"]) if raw["closeDate"] else None
    return {
        "id": raw["id"],
        "name": raw["name"],
        "value": worth(raw["amount"]) or "not known",
        "stage": raw["stage"] or "not known",
        "close": f"{reading.calendar_day(closing)}, {reading.days_away(closing)}" if closing else "not known",
        "products": ", ".join(raw["products"]) or "not known",
    }


def worth(amount: Mapping[str, str] | None) -> str:
    """The package's money, {"amount", "currency"}, in words; empty when nothing is known."""
    return wording.money(Decimal(amount["amount"]), amount["currency"]) if amount else ""


def sources(body: Body) -> list[tuple[str, str, str]]:
    """Field, where it came from and how old it is, for every field of the package that has a source."""
    rows = []
    for path, raw in body["provenance"].items():
        age = raw["ageDays"]
        old = "default, nobody entered it" if raw["default"] else "" if age is None else _days(age)
        rows.append((path, raw["source"], old))
    return rows


def _contact(index: int, raw: Mapping[str, Any], provenance: Mapping[str, Any]) -> ContactLine:
    path = f"contacts.{index}"
    name, email, phone = raw["name"], raw["email"], raw["phone"]
    return ContactLine(
        name=name,
        title=raw["title"],
        initials=initials(name),
        tint=tint(name),
        is_primary=raw["isPrimary"],
        role=ROLES.get(raw["role"], raw["role"]),
        role_tone=ROLE_TONES.get(raw["role"], "idle"),
        is_confirmed=_source(provenance, f"{path}.role") == "role in the CRM",
        email=(email, mailto(email)),
        email_why=_why_missing(provenance, f"{path}.email"),
        phone=(phone, tel(phone)),
        phone_why=_why_missing(provenance, f"{path}.phone"),
    )


def _why_missing(provenance: Mapping[str, Any], path: str) -> str:
    why = _source(provenance, path)
    return wording.words(why.removeprefix("left out: ")) if why.startswith("left out: ") else "Missing"


def _cell(item: Mapping[str, Any], provenance: Mapping[str, Any], missing: set[str], stale: set[str]) -> Cell:
    key = f"template.{item['key']}"
    age = provenance.get(key, {}).get("ageDays") or 0
    return Cell(
        label=item["label"],
        lines=item["value"] or (),
        note=f"{_days(age)} old" if key in stale else "",
        is_critical=key in missing or SAME_AS.get(item["key"]) in missing,
    )


def _columns(cells: Sequence[Cell]) -> int:
    """As many abreast as read well: two where there is much to read, three of five or more, else up to four."""
    if any(sum(map(len, cell.lines)) > LONG for cell in cells):
        return min(len(cells), 2)
    return 3 if len(cells) >= 5 else min(len(cells), 4)


def _quote(raw: Mapping[str, Any], reading: Reading) -> Quote:
    when = reading.day(datetime.fromisoformat(raw["date"]))
    written = f"note {raw['noteId']}" + (f" by {raw['author']}" if raw["author"] else "")
    return Quote(said=raw["quote"], by=", ".join(filter(None, (raw["speaker"], raw["said"], when))), note=written)


def _source(provenance: Mapping[str, Any], path: str) -> str:
    return str(provenance.get(path, {}).get("source", ""))


def _is_default(provenance: Mapping[str, Any], path: str) -> bool:
    return bool(provenance.get(path, {}).get("default"))


def _days(count: int) -> str:
    return f"{count:,} day{'' if count == 1 else 's'}"
