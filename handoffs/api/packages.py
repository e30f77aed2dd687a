"""The shape of the stored package and of the response, which are JSON already and given as they are."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def _object(description: str, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "description": description,
        "required": list(properties),
        "properties": properties,
    }


def _list(items: Schema, description: str = "") -> Schema:
    return {"type": "array", "items": items, **({"description": description} if description else {})}


TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
MAYBE_TEXT: Schema = {"type": "string", "nullable": True}
MAYBE_WHOLE: Schema = {"type": "integer", "nullable": True}
SAID: Schema = {"description": "A line of text, a yes or no, or null", "nullable": True}
MONEY = _object("A decimal in a string beside its currency", amount=TEXT, currency=TEXT) | {"nullable": True}

GAP = _object(
    "A field that is missing",
    key=TEXT,
    label=TEXT,
    sentence=TEXT,
    section=TEXT,
    critical=FLAG,
    blocking=FLAG,
    filledBy=TEXT,
)
PACKAGE = _object(
    "The package: immutable, as it was compiled",
    company=_object(
        "The account", name=TEXT, industry=MAYBE_TEXT, size=MAYBE_WHOLE, tier=MAYBE_TEXT, website=MAYBE_TEXT
    ),
    contacts=_list(
        _object("A contact", name=TEXT, title=TEXT, email=TEXT, phone=TEXT, isPrimary=FLAG, role=TEXT),
        "The primary one first, then by buying role",
    ),
    journey=_object(
        "How the customer came here",
        source=TEXT,
        firstTouch=MAYBE_TEXT,
        touchpoints=_list(_object("A touch", date=TEXT, kind=TEXT, text=TEXT, who=TEXT)),
        contentEngaged=_list(TEXT),
        productUsage=TEXT,
        summary=TEXT,
    ),
    qualification=_object(
        "What qualifies it",
        score=SAID,
        framework=SAID,
        painPoints=_list(
            _object("In their own words", quote=TEXT, speaker=TEXT, said=TEXT, date=TEXT, author=TEXT, noteId=TEXT)
        ),
        budget=SAID,
        timeline=SAID,
        decisionProcess=SAID,
    ),
    deal=_object(
        "The deal, or null", id=TEXT, name=TEXT, amount=MONEY, stage=TEXT, closeDate=MAYBE_TEXT, products=_list(TEXT)
    )
    | {"nullable": True},
    recommendations=_list({"type": "object", "description": "What to do first, with the evidence behind it"}),
    template=_object("The section of the type", type=TEXT, title=TEXT, items=_list({"type": "object"})),
    completeness=_object(
        "How complete it is",
        score=WHOLE,
        verdict={"type": "string", "enum": ["complete", "flagged", "blocked"]},
        missing=_list(GAP),
        stale=_list({"type": "object"}),
        sections=_list({"type": "object"}),
    ),
    provenance={
        "type": "object",
        "description": "Source and age of each field, by its path",
        "additionalProperties": {"type": "object"},
    },
)
RESPONSE = _object(
    "What was done for the handoff",
    handoff_complete=TEXT | {"description": "The whole document as Markdown"},
    assigned_owner=MAYBE_TEXT,
    briefing_sent=FLAG | {"description": "Only once the briefing was delivered"},
    sla_deadline=MAYBE_TEXT,
    reference=TEXT,
    state=TEXT,
    reason=TEXT,
    handoff_type=TEXT,
    account=TEXT,
    assigned_team=MAYBE_TEXT,
    sla_minutes=MAYBE_WHOLE,
    date=MAYBE_TEXT,
    actions={"type": "object", "additionalProperties": TEXT},
    completeness=WHOLE,
    verdict=TEXT,
    gaps=_list(GAP),
    package=PACKAGE,
)
