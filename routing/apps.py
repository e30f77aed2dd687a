"""The routing floor: who takes a handoff, and when people are at work."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    """How Django knows the floor."""

    name = "routing"
    verbose_name = "Routing"
