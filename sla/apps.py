"""The SLA floor: by when a handoff must be answered."""

from django.apps import AppConfig


class SlaConfig(AppConfig):
    """How Django knows the floor."""

    name = "sla"
    verbose_name = "SLA"
