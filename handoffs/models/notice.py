"""What a person was told inside the product, whatever else was sent to them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from handoffs.models.handoff import Handoff
from routing.models import RuleSet


class Notice(models.Model):
    """One thing that one person was told, in a title and a sentence without contact data.

    It is written in the transaction of the change it tells of, and shown from `shown_from` on (business time):
    an acknowledgement, for one, is told once it can no longer be undone.
    """

    class Kind(models.TextChoices):
        GIVEN = "given", "New handoff"
        GAPS = "gaps", "Gaps to fill"
        UNASSIGNED = "unassigned", "Nobody can take it"
        TO_TAKE = "to_take", "To take"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        RETURNED = "returned", "Returned"
        AT_RISK = "at_risk", "At risk"
        OVERDUE = "overdue", "Overdue"
        GONE = "gone", "No longer yours"
        TO_SIGN = "to_sign", "To sign"
        RULES = "rules", "Version of the rules"
        OTHER = "other", "Notice"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    handoff = models.ForeignKey(Handoff, models.CASCADE, null=True, blank=True, related_name="notices")
    rule_set = models.ForeignKey(RuleSet, models.SET_NULL, null=True, blank=True, related_name="+")
    assignment_number = models.PositiveIntegerField(default=0)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=300, blank=True)
    shown_from = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-shown_from", "-id")
        indexes = (
            models.Index(fields=("user", "-shown_from", "-id"), name="notice_of_user"),
            models.Index(fields=("user", "shown_from"), condition=models.Q(read_at__isnull=True), name="notice_unread"),
        )

    def __str__(self) -> str:
        return self.title
