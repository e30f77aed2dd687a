"""The log: append-only lines, chained per stream, written in the transaction of the change they tell of."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """One line. `stream` is "handoff:<uuid>", "rule_set:<uuid>" and so on; `hash` covers the line and the one before.

    Facts hold ids and field names, never contact data, so that erasing a person never breaks the chain. The database
    refuses to change or delete a row.
    """

    stream = models.CharField(max_length=80)
    seq = models.PositiveIntegerField()
    verb = models.CharField(max_length=40)
    actor = models.CharField(max_length=64, help_text='"user:7", "engine", "sla", "crm"')
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("stream", "seq")
        constraints = (models.UniqueConstraint(fields=("stream", "seq"), name="event_numbered_once"),)
        indexes = (models.Index(fields=("-at",)),)

    def __str__(self) -> str:
        return f"{self.stream} {self.seq} {self.verb}"
