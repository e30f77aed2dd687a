"""Lines of a table whose order matters, edited together: they may trade places in one save."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import F, Max

from routing.admin_base import PaginationInlineFormSet


class OrderedLines(PaginationInlineFormSet):
    """A formset over rows with a `position` that is unique among their siblings.

    Rows are written one by one, and the database refuses two in one place even for a moment; so whoever moves or goes
    first steps behind the last.
    """

    def clean(self) -> None:
        super().clean()
        if any(self.errors) or self.instance._state.adding:
            return
        shown = [form.instance.pk for form in self.initial_forms]
        if self._siblings().exclude(pk__in=shown).exists():
            raise forms.ValidationError(
                "Somebody added a line meanwhile. Nothing was saved: reload the page and look again."
            )

    def save(self, commit: bool = True) -> list[Any]:
        moving = [form.instance.pk for form in self.initial_forms if "position" in form.changed_data]
        moving += [form.instance.pk for form in self.deleted_forms if form.instance.pk is not None]
        if moving:
            last = self._siblings().aggregate(last=Max("position"))["last"]
            self._siblings().filter(pk__in=moving).update(position=F("position") + last + 1)
        return super().save(commit=commit)  # type: ignore[no-any-return]

    def _siblings(self) -> Any:
        return self.model._default_manager.filter(**{self.fk.name: self.instance})
