"""How a person wants to be told, and how the pages behave for them."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Preference(models.Model):
    """One row per person who changed something; without one the defaults below hold.

    Quiet hours are times of day in the person's own zone and may run over midnight; both blank means none. They put
    off what is not urgent and silence nothing.
    """

    class Channel(models.TextChoices):
        SLACK = "slack", "Slack"
        EMAIL = "email", "E-mail"
        BOTH = "both", "Slack and e-mail"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="preference")
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.SLACK)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    single_keys = models.BooleanField("single-key shortcuts", default=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="preference_quiet_hours_whole",
                violation_error_message="Give both the start and the end of your quiet hours, or neither.",
            ),
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True) | ~models.Q(quiet_from=models.F("quiet_until")),
                name="preference_quiet_hours_end",
                violation_error_message="Quiet hours that end when they start have no length. Change one of the two.",
            ),
        )

    def __str__(self) -> str:
        return f"Preferences of {self.user}"
