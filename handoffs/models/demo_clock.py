"""The clock of a demo: how far business time runs ahead of the wall."""

from __future__ import annotations

from datetime import timedelta

from django.db import models


class DemoClock(models.Model):
    """One row, and only in a demo: what is added to real time. It only ever grows."""

    ahead = models.DurationField(default=timedelta(0))

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(id=1), name="demo_clock_one_row"),
            models.CheckConstraint(condition=models.Q(ahead__gte=timedelta(0)), name="demo_clock_never_behind"),
        )

    def __str__(self) -> str:
        return f"{self.ahead} ahead"
