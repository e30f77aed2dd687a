"""The admin's form for saved what-if cases."""

from __future__ import annotations

from typing import ClassVar

from routing.admin_base import ModelForm
from routing.facts_reading import FIELDS
from routing.form_fields import json_field
from routing.models import Check

FACTS_HELP = (
    f"What is known about the record: {', '.join(FIELDS)}. What is left out is not known. "
    'Example: {"handoff_type": "sql_to_ae", "country": "NO", "employee_count": 4200, "products": ["seats"]}'
)
ONE_THING = "A check expects one thing: a rule, a pool or a person. Fill in one of them."


class CheckForm(ModelForm[Check]):
    """A record and who must get it."""

    facts = json_field(FACTS_HELP, order=FIELDS)
    broken: ClassVar[dict[str, tuple[str, str]]] = {"check_expects_one_thing": ("rule_code", ONE_THING)}

    class Meta:
        model = Check
        fields = ("name", "facts", "rule_code", "pool", "rep", "note", "is_active")
