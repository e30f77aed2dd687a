"""The outbox: everything that leaves, written in the transaction of the change that wants it sent."""

from __future__ import annotations

import uuid

from django.db import models

from handoffs.models.handoff import Handoff


class Delivery(models.Model):
    """One message or CRM write on its way out. `key` is unique and is the provider's idempotency key where it takes
    one.

    `next_at` is business time, `lease_until` real time. `attempt` counts claims and is the fence;
    `failures` counts answers that were not ok, `refusals` those after which it
    surely had not been sent.
    """

    class Channel(models.TextChoices):
        CRM = "crm", "CRM"
        SLACK = "slack", "Slack"
        EMAIL = "email", "E-mail"

    class Purpose(models.TextChoices):
        CRM_UPDATE = "crm_update", "CRM update"
        CRM_NOTE = "crm_note", "CRM note"
        ALERT = "alert", "Alert to the new owner"
        BRIEFING = "briefing", "Briefing e-mail"
        GAPS = "gaps", "Gap list to the sender"
        UNASSIGNED = "unassigned", "Nobody could take it"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        ESCALATION = "escalation", "Escalation"
        NOTICE = "notice", "Notice"
        ALERT_UPDATE = "alert_update", "Alert brought up to date"
        REPLY = "reply", "Answer to a button"

    # These tell nobody anything that the log and the page do not hold already.
    SILENT = (Purpose.ALERT_UPDATE, Purpose.REPLY)

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        DELIVERED = "delivered", "Delivered"
        PARKED = "parked", "Parked"
        CANCELLED = "cancelled", "Cancelled"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(max_length=400, unique=True)
    handoff = models.ForeignKey(Handoff, models.PROTECT, null=True, blank=True, related_name="deliveries")
    assignment_number = models.PositiveIntegerField(default=0)
    purpose = models.CharField(max_length=24, choices=Purpose.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    recipient = models.CharField(max_length=254)
    payload = models.JSONField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    fallback_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="fallbacks")
    queued_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    refusals = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-queued_at", "-id")
        verbose_name_plural = "deliveries"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state="queued", next_at__isnull=False)
                | (~models.Q(state="queued") & models.Q(next_at__isnull=True)),
                name="delivery_queued_has_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state="delivered", delivered_at__isnull=False)
                | (~models.Q(state="delivered") & models.Q(delivered_at__isnull=True)),
                name="delivery_delivered_has_a_time",
            ),
        )
        indexes = (
            models.Index(
                fields=("next_at",),
                condition=models.Q(next_at__isnull=False),
                name="delivery_due",
            ),
            models.Index(fields=("handoff", "purpose")),
            models.Index(
                fields=("state",),
                condition=models.Q(state="parked"),
                name="delivery_parked",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} to {self.recipient}"

    @property
    def maybe_sent(self) -> bool:
        """Whether an earlier attempt may have reached the provider: its answer was unknown, or its worker died."""
        return self.attempt - 1 > self.refusals
