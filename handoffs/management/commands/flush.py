"""`manage.py flush`: Django's own, let through the lock on append-only tables."""

from __future__ import annotations

from typing import Any

from django.core.management.commands.flush import Command as DjangoFlush

from routing.append_only import maintenance


class Command(DjangoFlush):
    """Empties the database. Tests flush through here as well, so the lock stays on everywhere else."""

    def handle(self, **options: Any) -> None:
        with maintenance():
            super().handle(**options)
