"""The routing floor: who takes a handoff, and when people are at work."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "routing"
    verbose_name = "Routing"
