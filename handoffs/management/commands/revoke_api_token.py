"""`manage.py revoke_api_token`: an API token, or all of somebody, holds no longer."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q
from knox.models import AuthToken


class Command(BaseCommand):
    """At once: the next call with it is answered with 401."""

    help = "Revokes an API token, or all tokens of a person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("named", metavar="TOKEN|E-MAIL", help="how the token begins, or whose tokens")

    def handle(self, **options: Any) -> None:
        named = options["named"]
        # A whole token names itself too: it is what one has at hand when it leaked.
        tokens = AuthToken.objects.filter(Q(token_key=named[:15]) | Q(user__email__iexact=named))
        count = tokens.count()
        if not count:
            raise CommandError(f"No token begins with or belongs to {named[:15]}. The admin lists them all.")
        tokens.delete()
        self.stdout.write(f"Revoked: {count} token{'' if count == 1 else 's'}.")
