"""The handoffs floor: what happens, and the doors to it."""

from django.apps import AppConfig


class HandoffsConfig(AppConfig):
    """How Django knows the floor."""

    name = "handoffs"
    verbose_name = "Handoffs"
