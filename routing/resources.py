"""CSV and XLSX of the roster: people are known by their e-mail address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from import_export import fields, resources, widgets

from routing.models import Calendar, Rep, Team


class Named(widgets.ForeignKeyWidget):
    """A row of another table by a word of its own; a word nobody has is a sentence, not a trace."""

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **options: Any) -> Any:
        try:
            return super().clean(value, row, **options)
        except self.model.DoesNotExist as error:
            what = self.model._meta.verbose_name
            raise ValueError(
                f"There is no {what} with {self.field} “{value}”. Correct it, or add the {what} first."
            ) from error


class Sheet(resources.ModelResource):
    """What our sheets have in common: rows are checked like forms, all are kept or none, equal ones are skipped."""

    class Meta:
        clean_model_instances = True
        use_transactions = True
        skip_unchanged = True
        report_skipped = True


class RepResource(Sheet):
    """The roster."""

    team = fields.Field(attribute="team", column_name="team", widget=Named(Team, "code"))
    calendar = fields.Field(attribute="calendar", column_name="calendar", widget=Named(Calendar, "name"))

    class Meta(Sheet.Meta):
        model = Rep
        import_id_fields = ("email",)
        fields = (
            *("email", "first_name", "last_name", "job_title", "function", "team", "calendar", "time_zone", "crm_id"),
            *("messaging_id", "is_active", "load_cap", "hour_cap", "day_cap", "week_cap"),
        )
