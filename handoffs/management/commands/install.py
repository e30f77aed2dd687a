"""`manage.py install`: what an installation starts with."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from handoffs import schedule, shipped


class Command(BaseCommand):
    """Groups with their permissions, a live policy with its ladder per type, type settings, and beat's entries."""

    help = "Creates the groups, policies, type settings and schedule that are missing; changes nothing that is there."

    def handle(self, **options: Any) -> None:
        shipped.install()
        schedule.install()
        self.stdout.write("Groups, policies, type settings and schedule are in place.")
