"""`manage.py issue_api_token`: a token for a program that acts for somebody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from knox.models import AuthToken

from routing.models import User

LONGEST_DAYS = 3650


class Command(BaseCommand):
    """The token is printed once and kept only as a hash."""

    help = "Issues an API token for a person and prints it once. The program that holds it sees and does what they may."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="E-MAIL", help="whom the program acts for")
        parser.add_argument("--days", type=int, default=90, metavar="N", help="how long it holds; default: 90")

    def handle(self, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None or not user.is_active:
            missing = "has left" if user else "is nobody who signs in here"
            raise CommandError(f"{options['email']} {missing}. Check the address, or add the person in the admin.")
        days = options["days"]
        if not 1 <= days <= LONGEST_DAYS:
            raise CommandError(f"A token holds 1 to {LONGEST_DAYS} days. Give another number with --days.")
        row, token = AuthToken.objects.create(user, expiry=timedelta(days=days))
        self.stderr.write(
            f"For {user.email}, until {row.expiry:%d %b %Y %H:%M} UTC. It is not shown again; "
            f"revoke it with manage.py revoke_api_token {row.token_key}"
        )
        self.stdout.write(token)
