"""Signatures: a verdict of one person, in one role, on one exact content."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from routing.models import RoleCode


class Approval(models.Model):
    """Bound to the content's hash and to the submission it answers: an edit, or asking again, voids the signature.

    Authors never sign, and nobody signs for both sides.
    """

    class Verdict(models.TextChoices):
        APPROVED = "approved", "Approved"
        CHANGES = "changes", "Changes requested"

    class Side(models.TextChoices):
        """Content needs one signature of each, so of two people."""

        REVOPS = "revops", "RevOps"
        LEADERSHIP = "leadership", "Sales leadership"

    subject_kind = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    content_hash = models.CharField(max_length=64)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    side = models.CharField(max_length=16, choices=Side.choices)
    role = models.CharField(max_length=32, choices=RoleCode.choices, blank=True)
    submission = models.PositiveIntegerField(default=1, help_text="Which time of asking it answers")
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    comment = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at",)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(approver=models.F("author")),
                name="approval_never_by_the_author",
                violation_error_message="The author cannot approve their own work. Ask somebody else in the role.",
            ),
            models.CheckConstraint(
                condition=~models.Q(verdict="changes") | ~models.Q(comment=""),
                name="approval_changes_need_a_comment",
            ),
            models.UniqueConstraint(
                fields=(
                    "subject_kind",
                    "subject_id",
                    "content_hash",
                    "submission",
                    "approver",
                ),
                name="approval_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} by {self.approver}"
