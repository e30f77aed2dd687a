"""What people write about a handoff: kept apart from the log, which holds only its id, so that it can be erased."""

from __future__ import annotations

import uuid

from django.db import models

from handoffs.models.handoff import Handoff


class Remark(models.Model):
    """A free text: the reason of a return, a reassignment or an end."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="remarks")
    text = models.TextField()
    actor = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        ordering = ("handoff", "at", "id")

    def __str__(self) -> str:
        return self.text[:60]
