"""Facts as somebody wrote them down, for trying rules on: checked field by field."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from routing.countries import normal_country
from routing.facts import LONGEST_WORD, Facts, plain_text

WORD_FIELDS = ("tier", "region", "industry", "source", "usage_stage")
PLAIN_FIELDS = ("postal_code", "pod", "to_team")
NUMBER_FIELDS = ("employee_count", "score", "sender")
FIELDS = ("handoff_type", "country", *WORD_FIELDS, *PLAIN_FIELDS, *NUMBER_FIELDS, "products", "owners", "custom")


def facts_from(raw: object, *, types: Collection[str], strategies: Collection[str]) -> Facts:
    """The facts of a mapping of field to value. `types` are the handoff types there are, `strategies` those that pick
    an owner of the account.

    Raises ValueError with one sentence that names the field.
    """
    if not isinstance(raw, Mapping):
        raise ValueError('Facts are a mapping of field to value, e.g. {"handoff_type": "sql_to_ae", "country": "NO"}.')
    unknown = sorted(set(map(str, raw)) - set(FIELDS))
    if unknown:
        raise ValueError(f"“{unknown[0][:80]}” is not a fact. Facts are {', '.join(FIELDS)}.")
    if raw.get("handoff_type") not in types:
        raise ValueError(f"handoff_type: give one of {', '.join(types)}.")
    values = {name: _value(name, raw[name], strategies) for name in raw if raw[name] is not None}
    return Facts(**values)


def _value(name: str, value: Any, strategies: Collection[str]) -> Any:
    if name in NUMBER_FIELDS:
        if isinstance(value, bool) or not isinstance(value, int) or not (name == "score" or value >= 0):
            raise ValueError(f"{name}: give a whole number{'' if name == 'score' else ' of at least 0'}.")
        return value
    if name == "products":
        if not isinstance(value, list):
            raise ValueError('products: give a list of words, e.g. ["seats"].')
        return frozenset(_text(name, item) for item in value)
    if name == "custom":
        return {_text(name, key): _text(name, word) for key, word in _mapping(name, value, '{"plan": "gold"}').items()}
    if name == "owners":
        return _owners(value, strategies)
    text = _text(name, value)
    if name == "country" and normal_country(text) is None:
        raise ValueError(f"country: “{text}” is not a country code of ISO 3166. Write two letters, e.g. NO.")
    return text


def _owners(value: Any, strategies: Collection[str]) -> dict[str, int]:
    owners = _mapping("owners", value, '{"account_owner": 7}')
    for strategy, rep in owners.items():
        if strategy not in strategies:
            raise ValueError(f"owners: “{str(strategy)[:80]}” is none of {', '.join(sorted(strategies))}.")
        if isinstance(rep, bool) or not isinstance(rep, int):
            raise ValueError(f"owners: {strategy} needs the number of somebody on the roster.")
    return dict(owners)


def _mapping(name: str, value: Any, example: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name}: give a mapping, e.g. {example}.")
    return value


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name}: give text, or leave the field out if it is not known.")
    if plain_text(value) != value.strip():
        raise ValueError(f"{name}: give at most {LONGEST_WORD} characters, all of which can be typed.")
    return value
