"""The guardrail: how complete a package is, what is missing or stale, and whether it may be handed over at all.

Two gaps block and are never overridden: no qualification context of the type, and nobody at the customer who can be
reached. Other critical gaps flag the handoff; the rest only costs points. Defaults count as missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from handoffs import stored, wording
from handoffs.buying_roles import ECONOMIC_BUYER, can_be_reached, has_phone, has_valid_email, primary_contact
from handoffs.completeness_fields import CRITICAL, FIELDS, NOT_QUALIFIED, QUALIFIED, REACHABLE, WEIGHTS
from handoffs.context import Context

STALE_AFTER_DAYS = 180
COMPLETE, FLAGGED, BLOCKED = "complete", "flagged", "blocked"

# What a product says of somebody who has not begun, or has stopped, to use it.
_NO_PRODUCT_SIGNAL = frozenset({"", "unknown", "new", "declining", "dormant"})
_BANT = ("budget_confirmed", "authority", "need", "timeline")
_MEDDIC = ("metrics", "economic_buyer", "decision_criteria", "decision_process", "identified_pain", "champion")


def _has_score_or_product_signal(context: Context) -> bool:
    score = stored.score(context)
    stage = context.usage.stage.casefold() if context.usage else ""
    return bool(score and score.value) or stage not in _NO_PRODUCT_SIGNAL or bool(stored.activities(context, "trial"))


def _has_framework_element(context: Context) -> bool:
    """Only what somebody recorded counts: a role guessed from a title qualifies nobody."""
    values = (stored.metadata(context, key) for key in (*_BANT, *_MEDDIC))
    return any(known and known.value is not False for known in values) or bool(stored.notes(context, "pain_point"))


def _has_scope_or_promise(context: Context) -> bool:
    return any(stored.metadata(context, key) for key in ("implementation_scope", "promised_outcomes")) or any(
        stored.notes(context, tag) for tag in ("implementation_scope", "promised_outcome")
    )


def _has_signal(context: Context) -> bool:
    return bool(stored.activities(context, "expansion_signal") or stored.metadata(context, "expansion_signals"))


_QUALIFIED: Mapping[str, Callable[[Context], bool]] = {
    "mql_to_sales": _has_score_or_product_signal,
    "sql_to_ae": _has_framework_element,
    "closed_to_cs": _has_scope_or_promise,
    "expansion_to_sales": _has_signal,
}


def assess(
    package: Mapping[str, Any],
    *,
    context: Context,
    handoff_type: str,
    weights: Mapping[str, int] | None = None,
    stale_after_days: int = STALE_AFTER_DAYS,
) -> dict[str, Any]:
    """The state of a package (without this part) as plain JSON values.

    `score` 0-100; `verdict` complete, flagged or blocked; `missing` [{key, label, sentence, section, critical,
    blocking, filledBy}], blocking ones first, then critical; `stale` [{key, label, sentence, ageDays}], oldest first;
    `sections` [{section, points, of}]. `weights` override shipped ones field by field (0 leaves a field out). Raises
    ValueError for impossible weights and KeyError for an unknown type.
    """
    weighed = weights_of(handoff_type, weights)
    present = {key: _is_present(key, package, context, handoff_type) for key in FIELDS}
    blocking = [key for key in (QUALIFIED, REACHABLE) if not present[key]]
    wanted = [key for key in FIELDS if key in weighed or key in CRITICAL[handoff_type] or key in blocking]
    missing = [_gap(key, handoff_type, blocking) for key in wanted if not present[key]]
    missing.sort(key=lambda gap: (not gap["blocking"], not gap["critical"]))
    critical = any(gap["critical"] for gap in missing)
    points = sum(weight for key, weight in weighed.items() if present[key])
    return {
        # A package with a gap never rounds up to 100.
        "score": points * 100 // sum(weighed.values()),
        "verdict": BLOCKED if blocking else FLAGGED if critical else COMPLETE,
        "missing": missing,
        "stale": _stale(package, weighed, stale_after_days),
        "sections": _sections(weighed, present),
    }


def weights_of(handoff_type: str, weights: Mapping[str, int] | None = None) -> dict[str, int]:
    """The weight per field with the given ones laid over the shipped ones; fields of weight 0 are left out.

    Raises ValueError with a sentence that names the field, KeyError for an unknown type.
    """
    merged = {**WEIGHTS[handoff_type], **(weights or {})}
    for key, weight in merged.items():
        if key not in FIELDS:
            raise ValueError(f"The field {key!r} cannot be weighed: choose from {', '.join(FIELDS)}.")
        if type(weight) is not int or not 0 <= weight <= 100:
            raise ValueError(f"The weight of {key} is {weight!r}: give a whole number from 0 to 100.")
    if not any(merged.values()):
        raise ValueError("Every weight is 0: give at least one field a weight.")
    return {key: weight for key, weight in merged.items() if weight}


def _is_present(key: str, package: Mapping[str, Any], context: Context, handoff_type: str) -> bool:
    if key == QUALIFIED:
        return _QUALIFIED[handoff_type](context)
    if key == REACHABLE:
        return any(can_be_reached(contact) for contact in context.contacts)
    if key == "contacts.economic_buyer":
        return any(
            person["role"] == ECONOMIC_BUYER and (person["email"] or person["phone"]) for person in package["contacts"]
        )
    if key.startswith("contacts.primary."):
        return _primary_has(key.rpartition(".")[2], context)
    origin = package["provenance"].get(key)
    if origin is None or origin["default"]:
        return False
    return key != "qualification.budget" or package["qualification"]["budget"] is not False


def _primary_has(detail: str, context: Context) -> bool:
    primary = primary_contact(context.contacts)
    if primary is None:
        return False
    if detail == "title":
        return bool(primary.title.strip())
    return not primary.do_not_contact and (has_phone(primary) if detail == "phone" else has_valid_email(primary))


def _gap(key: str, handoff_type: str, blocking: list[str]) -> dict[str, Any]:
    field = FIELDS[key]
    return {
        "key": key,
        "label": field.label,
        "sentence": NOT_QUALIFIED[handoff_type] if key == QUALIFIED else field.missing,
        "section": field.section,
        "critical": key in blocking or key in CRITICAL[handoff_type],
        "blocking": key in blocking,
        "filledBy": field.filled_by,
    }


# History does not age: what happened first, and what was done, stays true.
_AGELESS = ("journey.source", "journey.firstTouch", "journey.touchpoints", "journey.contentEngaged")


def _stale(package: Mapping[str, Any], weighed: Mapping[str, int], limit: int) -> list[dict[str, Any]]:
    ages = {
        key: origin["ageDays"]
        for key in weighed
        if key not in _AGELESS and (origin := package["provenance"].get(key)) and origin["ageDays"] is not None
    }
    return [
        {
            "key": key,
            "label": FIELDS[key].label,
            "sentence": f"{wording.capital(FIELDS[key].label)} was last changed {wording.counted(age, 'day')} ago.",
            "ageDays": age,
        }
        for key, age in sorted(ages.items(), key=lambda entry: (-entry[1], entry[0]))
        if age > limit
    ]


def _sections(weighed: Mapping[str, int], present: Mapping[str, bool]) -> list[dict[str, Any]]:
    totals: dict[str, list[int]] = {}
    for key in FIELDS:
        if key in weighed:
            total = totals.setdefault(FIELDS[key].section, [0, 0])
            total[0] += weighed[key] if present[key] else 0
            total[1] += weighed[key]
    return [{"section": section, "points": points, "of": of} for section, (points, of) in totals.items()]
