"""`manage.py load_demo`: the demo company with ninety days of history."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from handoffs.demo import company, people
from handoffs.now import now


class Command(BaseCommand):
    """Loads the demo once; a second start keeps what is there. Refuses outside the demo."""

    help = "Loads the invented company Fathomline, unless there is data already. Only with HANDOFFS_DEMO."

    def add_arguments(self, parser: CommandParser) -> None:
        """--fresh empties first; --people prints who signs in."""
        parser.add_argument("--fresh", action="store_true", help="delete every row of the product first")
        parser.add_argument("--people", action="store_true", help="print who signs in, with their passwords")

    def handle(self, *, fresh: bool, people: bool, **options: Any) -> None:
        """Loads and tells what was loaded, in a line on standard error where the table is asked for."""
        if not settings.HANDOFFS_DEMO:
            raise CommandError(
                "This installation is not a demo, so no invented data is loaded. Set HANDOFFS_DEMO=true on a database "
                "you can lose, or enter your own people in the admin."
            )
        if fresh:
            company.empty()
        if company.is_loaded():
            line = "The demo company is there already; nothing was changed. Use --fresh to start over."
        else:
            line = str(company.load(now=now()))
        if people:
            self.stdout.write(people_table())
        else:
            self.stdout.write(line)


def people_table() -> str:
    """Who signs in, as printed under the address of the demo."""
    return people.table()
