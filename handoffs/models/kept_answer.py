"""What the API answered to a request that carried an idempotency key, kept for a day for whoever asks again."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class KeptAnswer(models.Model):
    """One key of one person. Without a `status` the request is being worked on since `started_at` (real time)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    location = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True, help_text="JSON, byte for byte as it was sent")

    class Meta:
        ordering = ("-started_at",)
        constraints = (models.UniqueConstraint(fields=("user", "key"), name="kept_answer_once_per_key"),)

    def __str__(self) -> str:
        return f"{self.key}: {self.status or 'in progress'}"
