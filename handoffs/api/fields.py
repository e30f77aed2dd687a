"""Fields that take exactly what they say: no text for a number, no number for a text, no time without its zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from handoffs.api.problems import ProblemError

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_TEXT = 4_000
UUID_PATTERN = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_UUID = re.compile(UUID_PATTERN)
_SPACED_ZONE = re.compile(r" [0-9]{2}:?[0-9]{2}$")
REQUIRED: dict[str, Any] = {"required": "Give this field.", "null": "Give a value that is not null."}
NO_OBJECT = "Send a JSON object."
NO_INSTANT = "Give an instant with its zone as in RFC 3339, e.g. 2026-11-20T09:30:00Z."
BARE_PLUS = f"{NO_INSTANT} A + in an address stands for a space: write it as %2B."
OUT_OF_TIME = "Give an instant from the years 2000 to 2099."


def instant(text: str) -> datetime:
    """An aware instant in UTC; EARLIEST or LATEST for those beyond, which a calendar may not be able to hold.

    Raises ValueError with a sentence for anything else, also for a time without a zone.
    """
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError(NO_INSTANT)
    if not EARLIEST.year <= found.year <= LATEST.year:
        return EARLIEST if found.year < EARLIEST.year else LATEST
    return min(max(found.astimezone(UTC), EARLIEST), LATEST)


def uuid_of(text: str) -> UUID | None:
    """The UUID that is written there in its usual form, with its hyphens and nothing around it; None for any other."""
    return UUID(text) if _UUID.fullmatch(text) else None


class Text(serializers.CharField):
    """Text and nothing that could be made into it."""

    default_error_messages = {
        **REQUIRED,
        "invalid": "Give text in quotation marks.",
        "blank": "Give text that is not empty.",
        "max_length": "Give at most {max_length} characters.",
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST_TEXT)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number that is written as one."""

    default_error_messages = {
        **REQUIRED,
        "invalid": "Give a whole number.",
        "min_value": "Give a number of at least {min_value}.",
        "max_value": "Give a number of at most {max_value}.",
        "max_string_length": "Give a whole number.",
    }

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class Word(serializers.ChoiceField):
    """One of the words, in exactly that spelling."""

    default_error_messages = {**REQUIRED, "invalid_choice": "Give one of {choices}."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", choices=", ".join(map(str, self.choices)))
        return data


class Uuid(serializers.UUIDField):
    """A UUID, written as everybody writes it."""

    default_error_messages = {**REQUIRED, "invalid": "Give a UUID, e.g. 6a1f7c1e-3b52-4c0a-9f5e-2d6c1f0a7b11."}

    def to_internal_value(self, data: Any) -> UUID:
        found = uuid_of(data) if isinstance(data, str) else None
        if found is None:
            self.fail("invalid")
        return found


@extend_schema_field({"type": "string", "format": "date-time", "example": "2026-11-20T09:30:00Z"})
class Instant(serializers.Field[datetime, str, str, Any]):
    """An instant with its zone, given back in UTC. One that nobody can mean is understood, and refused with 422."""

    default_error_messages = REQUIRED

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str):
            raise serializers.ValidationError(NO_INSTANT)
        try:
            found = instant(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None
        if found in {EARLIEST, LATEST}:
            where = [{"pointer": f"#/{self.field_name}", "detail": OUT_OF_TIME}]
            raise ProblemError("unprocessable", OUT_OF_TIME, errors=where)
        return found

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class InstantFormField(forms.CharField):
    """The same in the query of an address, where the ends of time mean no limit."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return instant(text)
        except ValueError as error:
            raise forms.ValidationError(BARE_PLUS if _SPACED_ZONE.search(text) else str(error)) from None


class Input(serializers.Serializer[Any]):
    """A body of which every key is known: a typing error is told, not ignored."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError({"non_field_errors": [NO_OBJECT]})
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Any:
        unknown = [name for name in data if name not in self.fields]
        if unknown:
            raise serializers.ValidationError(
                {str(name): [f"There is no such field. Known are {', '.join(self.fields)}."] for name in unknown}
            )
        return super().to_internal_value(data)


class Change(Input):
    """What every change may carry: the version it was decided on."""

    version = Whole(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text="The version you decided on; the answer is 409 if the handoff has changed since. `If-Match` does the "
        "same.",
    )
