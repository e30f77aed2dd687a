"""Fields of the admin's forms for what the tables keep as JSON: mappings, and lists of words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.forms.fields import InvalidJSONInput

from routing.admin_base import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget


class RepeatedNameError(ValueError):
    """A mapping that has one name twice, of which Python's reader would keep the last without a word."""


class EachNameOnce(json.JSONDecoder):
    """Reads JSON and raises RepeatedNameError where a name comes twice."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, object_pairs_hook=_each_once)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise RepeatedNameError(next(name for name in names if names.count(name) > 1))
    return found


class LinesOfJson(forms.JSONField):
    """A mapping as JSON, one entry per line; left empty it is the empty mapping, never null.

    Where the empty mapping means more than nothing, `if_blank` is the sentence that asks to write it.
    """

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "This is not JSON. Check quotes, commas and brackets; every name stands in double quotes.",
        "mapping": "This is no mapping. Write names with their values between braces, as in the example.",
    }

    def __init__(self, *, order: Sequence[str] = (), if_blank: str = "", **options: Any) -> None:
        super().__init__(required=False, decoder=EachNameOnce, **options)
        self.order, self.if_blank = order, if_blank

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except RepeatedNameError as error:
            raise forms.ValidationError(
                f"“{str(error)[:80]}” stands here twice, and only one of them would count. Put its values together.",
                code="repeated",
            ) from error
        except (ValueError, RecursionError) as error:
            # Numbers of thousands of digits, and brackets in brackets without end, are more than Python reads.
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error
        if found is None:
            if self.if_blank:
                raise forms.ValidationError(self.if_blank, code="required")
            return {}
        # Databases refuse what Python's reader lets through: not-a-number, and the character NUL.
        try:
            text = json.dumps(found, allow_nan=False)
        except ValueError:
            text = "\\u0000"
        if "\\u0000" in text:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        if not isinstance(found, dict):
            raise forms.ValidationError(self.error_messages["mapping"], code="mapping")
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict) or not value:
            return super().prepare_value(value)
        # Databases keep no order of their own; names that have one come first, in theirs.
        names = sorted(value, key=lambda name: self.order.index(name) if name in self.order else len(self.order))
        entries = (f"  {json.dumps(name)}: {json.dumps(value[name], ensure_ascii=False)}" for name in names)
        return "{\n" + ",\n".join(entries) + "\n}"


class Words(forms.CharField):
    """A list of words, written with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        parts = (part.strip() for part in str(value or "").split(","))
        return list(dict.fromkeys(part for part in parts if part))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not self.disabled and (initial or []) != self.to_python(data)


def json_field(help_text: str, *, order: Sequence[str] = (), if_blank: str = "") -> LinesOfJson:
    """A text area for a mapping as JSON, in the code font; see `LinesOfJson` for what may be said of it."""
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 8, "spellcheck": "false", "class": "admin-code"})
    return LinesOfJson(widget=widget, help_text=help_text, order=order, if_blank=if_blank)


def words_field(help_text: str, **options: Any) -> Words:
    """A line for words with commas between them."""
    return Words(required=False, widget=UnfoldAdminTextInputWidget(), help_text=help_text, **options)
