"""The parts of a draft as lines of its page, edited together: what is wrong between them is told at the line."""

from __future__ import annotations

from typing import Any

from django import forms

from routing import soundness
from routing.admin_base import PaginationInlineFormSet
from routing.ordered_lines import OrderedLines


class PartLines(PaginationInlineFormSet):
    """Lines of one kind. A line that somebody deleted meanwhile is told of, and nothing is saved."""

    def _existing_object(self, pk: Any) -> Any:
        # Django would show another line's row in its place, or fail where there is none.
        found = super()._existing_object(pk)
        return found if found is not None else self.model(pk=pk)

    def clean(self) -> None:
        super().clean()
        if any("id" in form.errors for form in self.forms):
            raise forms.ValidationError(
                "Somebody deleted a line meanwhile. Nothing was saved: copy what you typed, and open the page again."
            )

    @property
    def kept(self) -> list[Any]:
        """The forms whose lines are there after the save."""
        shown = (form for form in self.forms if form.has_changed() or form.instance.pk)
        return [form for form in shown if form not in self.deleted_forms]


class NamedLines(PartLines):
    """Segments or territories: one that rules name stays."""

    def clean(self) -> None:
        super().clean()
        for form in self.deleted_forms:
            row = form.instance
            named_by = soundness.naming(row.rule_set_id, row._meta.model_name, row.code) if row.pk else []
            if named_by:
                raise forms.ValidationError(
                    f"{row} cannot be deleted, because {_listed(named_by)} name it. Change them first."
                )


class TerritoryLines(NamedLines):
    """Territories, no two of which tie."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = self.kept
        for form in kept:
            others = (other for other in kept if other is not form and form.has_changed())
            sentences = (soundness.tie(form.instance, other.instance) for other in others)
            sentence = next(filter(None, sentences), None)
            if sentence is not None:
                form.add_error("conditions", sentence)
                raise forms.ValidationError(sentence)


class SegmentLines(NamedLines):
    """Segments, whose bands do not overlap."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors) or not any(form.has_changed() for form in self.forms):
            return
        by_row = {id(form.instance): form for form in self.kept}
        for upper, sentence in soundness.overlaps([form.instance for form in self.kept]):
            by_row[id(upper)].add_error("employees_from", sentence)
            raise forms.ValidationError(sentence)


class RuleLines(PartLines, OrderedLines):
    """The list of a draft's rules: the catch-all stays, and stays last."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        for form in self.forms:
            if not form.instance.is_catch_all or form.instance.pk is None:
                continue
            if form in self.deleted_forms:
                raise forms.ValidationError(
                    "The catch-all cannot be deleted, because it takes what no other rule does. Untick “Delete”."
                )
            if any(other.instance.position > form.instance.position for other in self.kept if other is not form):
                raise forms.ValidationError(
                    "The catch-all comes last, because no rule after it is ever reached. Give it the highest position."
                )


def _listed(names: list[str]) -> str:
    """Up to three names, and how many more."""
    more = len(names) - 3
    return f"{', '.join(names[:3])} and {more} more" if more > 0 else " and ".join(names)
