"""The firm and the handoffs that are measured."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.utils import timezone

from handoffs import claiming, pipeline, wake
from handoffs.models import Handoff
from routing.models import HandoffType
from tests.factories import Company, company, rich_account

SENDERS = {
    HandoffType.MQL_TO_SALES: "mara",
    HandoffType.SQL_TO_AE: "dana",
    HandoffType.CLOSED_TO_CS: "oskar",
    HandoffType.EXPANSION_TO_SALES: "hannah",
}


def fresh_firm() -> Company:
    """An empty, migrated database with a small firm in it."""
    call_command("migrate", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    return company(now=timezone.now())


def received(firm: Company, *types: HandoffType) -> Iterator[Handoff]:
    """Handoffs without end, just received, each about an account of its own about which everything is known."""
    for handoff_type in itertools.cycle(types or SENDERS):
        rich = rich_account(handoff_type, sender=firm.reps[SENDERS[handoff_type]], now=timezone.now())
        handoff, _ = pipeline.receive(
            handoff_type=handoff_type,
            account=rich.account,
            deal=rich.deal,
            origin=Handoff.Origin.CRM,
            now=timezone.now(),
            actor="crm",
        )
        yield handoff


def claimed(handoff: Handoff) -> Handoff:
    """The handoff in the hands of a worker."""
    now = timezone.now()
    [mine] = claiming.claim_due(Handoff, now=now, real_now=now, limit=1, only=handoff.pk)
    return mine


@contextmanager
def asleep() -> Iterator[None]:
    """No messages to Celery after commits, as if the broker had just been found dead."""
    before, wake._quiet_until = wake._quiet_until, math.inf  # noqa: SLF001 - what a dead broker sets
    try:
        yield
    finally:
        wake._quiet_until = before  # noqa: SLF001
