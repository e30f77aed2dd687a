"""A run that is undone: the same code as the real one, in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from handoffs import settling
from handoffs.models import Handoff
from handoffs.preparing import prepare


@contextmanager
def rehearse(handoff: Handoff, *, now: datetime, actor: str) -> Iterator[Handoff]:
    """Runs an unsaved handoff and yields it as it would be; afterwards the database is as it was.

    The network is asked before the transaction opens. Raises what `prepare` raises.
    """
    prepared = prepare(handoff, now=now)
    with transaction.atomic():
        handoff.save()
        settling.settle(handoff, prepared, now=now, actor=actor)
        yield Handoff.objects.get(pk=handoff.pk)
        transaction.set_rollback(True)
