"""Fields of the admin's forms for what the tables keep as JSON: mappings, and lists of words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.forms.fields import InvalidJSONInput

from routing.admin_base import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget


class LinesOfJson(forms.JSONField):
    """A mapping as JSON, one entry per line; left empty it is the empty mapping, never null."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "This is not JSON. Check quotes, commas and brackets; every name stands in double quotes.",
    }

    def __init__(self, *, order: Sequence[str] = (), **options: Any) -> None:
        super().__init__(required=False, **options)
        self.order = order

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError) as error:
            # Numbers of thousands of digits, and brackets in brackets without end, are more than Python reads.
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error
        if found is None:
            return {}
        # Databases refuse what Python's reader lets through: not-a-number, and the character NUL.
        try:
            text = json.dumps(found, allow_nan=False)
        except ValueError:
            text = "\\u0000"
        if not isinstance(found, dict) or "\\u0000" in text:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
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


def json_field(help_text: str, *, order: Sequence[str] = ()) -> LinesOfJson:
    """A text area for a mapping as JSON, in the code font."""
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 8, "spellcheck": "false", "class": "admin-code"})
    return LinesOfJson(widget=widget, help_text=help_text, order=order)


def words_field(help_text: str, **options: Any) -> Words:
    """A line for words with commas between them."""
    return Words(required=False, widget=UnfoldAdminTextInputWidget(), help_text=help_text, **options)
