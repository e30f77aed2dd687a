"""`manage.py load_demo`: the demo company with ninety days of history."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, transaction

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
        """Loads, then says what was loaded or, where that is asked for, who signs in."""
        if not settings.HANDOFFS_DEMO:
            raise CommandError(
                "This installation is not a demo, so no invented data is loaded. Set HANDOFFS_DEMO=true on a database "
                "you can lose, or enter your own people in the admin."
            )
        try:
            line = loaded(fresh=fresh)
        except DatabaseError as error:
            raise CommandError(
                f"The database cannot be written ({error}). Run manage.py migrate, and stop what else writes to it."
            ) from error
        self.stdout.write(people_table() if people else line)


def loaded(*, fresh: bool) -> str:
    """Loads the company where there is nothing yet, with `fresh` after deleting all there is; what was done, as a line.

    Both happen or neither does: a load that fails leaves the old rows.
    """
    with transaction.atomic():
        if fresh:
            company.empty()
        if company.is_loaded():
            return "There is data already, so nothing was loaded. Use --fresh to delete everything and start over."
        return str(company.load(now=now()))


def people_table() -> str:
    """Who signs in, as printed under the address of the demo."""
    return people.table()
