"""Saved what-if cases: a record, and who must get it whatever version of the rules goes live."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from routing.facts import Facts
from routing.facts_reading import facts_from
from routing.matcher import OWNER_STRATEGIES
from routing.models.people import Rep
from routing.models.pools import Pool
from routing.models.types import HandoffType


class Check(models.Model):
    """A record with a known answer: the rule by code, the pool or the person. It belongs to no version."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=160, unique=True)
    facts = models.JSONField(default=dict, blank=True)
    rule_code = models.CharField("expected rule", max_length=16, blank=True, help_text="Its code, e.g. R-105")
    pool = models.ForeignKey(
        Pool, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="expected pool"
    )
    rep = models.ForeignKey(
        Rep, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="expected person"
    )
    note = models.TextField(blank=True, max_length=2000)
    is_active = models.BooleanField(default=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(pool__isnull=True, rep__isnull=True) & ~models.Q(rule_code="")
                | models.Q(pool__isnull=False, rep__isnull=True, rule_code="")
                | models.Q(pool__isnull=True, rep__isnull=False, rule_code=""),
                name="check_expects_one_thing",
                violation_error_message="A check expects one thing: a rule, a pool or a person. Fill in one of them.",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            self.read()
        except ValueError as error:
            raise ValidationError({"facts": str(error)}) from error

    def read(self) -> Facts:
        """The facts, as routing reads them. Raises ValueError with a sentence that names the field."""
        return facts_from(self.facts, types=HandoffType.values, strategies=OWNER_STRATEGIES)
