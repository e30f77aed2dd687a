"""Rules: versions of the one rule set, with their territories and segment boundaries."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from routing.conditions import Conditions
from routing.models.bounds import MOST_EMPLOYEES, MOST_PLACES, YEAR_OF_MINUTES, at_most
from routing.models.people import Rep
from routing.models.pools import Pool


class RuleSet(models.Model):
    """A version of the rules. Exactly one is live; a live one never changes."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_APPROVAL = "in_approval", "In approval"
        LIVE = "live", "Live"
        ARCHIVED = "archived", "Archived"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    based_on = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="drafts")
    title = models.CharField(max_length=200, blank=True)
    content_hash = models.CharField(max_length=64, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True, editable=False)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    editors = models.ManyToManyField(settings.AUTH_USER_MODEL, editable=False, related_name="+")
    submissions = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(
                fields=("state",),
                condition=models.Q(state="live"),
                name="rule_set_only_one_live",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="live") | models.Q(published_at__isnull=False),
                name="rule_set_live_was_published",
            ),
        )

    @property
    def now_is(self) -> str:
        """What the rules are, in a sentence: a draft, in approval, live or archived."""
        words = self.get_state_display().lower()
        return f"a {words}" if self.state == self.State.DRAFT else words

    def __str__(self) -> str:
        return f"Rules v{self.number}"

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Removes a draft with its parts. Raises FrozenVersionError for any other version."""
        _refuse_unless_draft(self.pk)
        return super().delete(*args, **kwargs)


class FrozenVersionError(Exception):
    """The version is no draft, so neither it nor its parts change; the message says which, and what to do."""


class PartOfVersion(models.Model):
    """A part can be written while its version is a draft; afterwards the database refuses it too."""

    rule_set_id: int

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises FrozenVersionError unless the version is a draft."""
        _refuse_unless_draft(self.rule_set_id)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Raises FrozenVersionError unless the version is a draft."""
        _refuse_unless_draft(self.rule_set_id)
        return super().delete(*args, **kwargs)


_EMPLOYEES = at_most(MOST_EMPLOYEES, "employees; blank means no bound")


class Segment(PartOfVersion):
    """A market segment by head count, half-open [from, below); partner-like ones follow the account's tier instead."""

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, related_name="segments")
    code = models.SlugField(max_length=32)
    name = models.CharField(max_length=80)
    employees_from = models.PositiveIntegerField(null=True, blank=True, validators=[_EMPLOYEES])
    employees_below = models.PositiveIntegerField(null=True, blank=True, validators=[_EMPLOYEES])
    by_tier = models.BooleanField(default=False, help_text="Taken from the account's tier, not from its size")

    class Meta:
        ordering = ("rule_set", "-employees_from")
        constraints = (
            models.UniqueConstraint(fields=("rule_set", "code"), name="segment_once_per_version"),
            models.CheckConstraint(
                condition=models.Q(employees_from__isnull=True)
                | models.Q(employees_below__isnull=True)
                | models.Q(employees_below__gt=models.F("employees_from")),
                name="segment_range_not_empty",
                violation_error_message="The segment ends below where it starts. Raise the upper bound.",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Territory(PartOfVersion):
    """A piece of the market, by country, region, postal prefix, industry or named accounts; the most specific wins."""

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, related_name="territories")
    code = models.SlugField(max_length=64)
    name = models.CharField(max_length=120)
    conditions = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("rule_set", "name")
        verbose_name_plural = "territories"
        constraints = (models.UniqueConstraint(fields=("rule_set", "code"), name="territory_once_per_version"),)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        _refuse_bad_conditions(self.conditions)


class Rule(PartOfVersion):
    """One line of the list: if the conditions hold, this is who takes it. Order is precedence."""

    class Strategy(models.TextChoices):
        NAMED_REP = "named_rep", "Named account's person"
        OPEN_DEAL_OWNER = "open_deal_owner", "Owner of the open deal"
        ACCOUNT_OWNER = "account_owner", "Account owner"
        PARENT_ACCOUNT_OWNER = "parent_account_owner", "Owner of the parent account"
        ROUND_ROBIN = "round_robin", "Weighted round robin"
        LEAST_LOADED = "least_loaded", "Fewest open handoffs"
        POD = "pod", "The account's pod"
        QUEUE = "queue", "The pool's queue, for whoever takes it"

    class WhenUnavailable(models.TextChoices):
        SKIP = "skip", "Skip to the next in turn"
        HOLD = "hold", "Hold until the next opening"
        COVER = "cover", "Give it to the cover"
        ASSIGN_ANYWAY = "assign_anyway", "Assign anyway"

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, related_name="rules")
    position = models.PositiveIntegerField(validators=[at_most(MOST_PLACES, "places")])
    code = models.CharField(max_length=16)
    name = models.CharField(max_length=160)
    conditions = models.JSONField(default=dict, blank=True)
    strategy = models.CharField(max_length=32, choices=Strategy.choices)
    pool = models.ForeignKey(Pool, models.PROTECT, null=True, blank=True, related_name="rules")
    named_rep = models.ForeignKey(Rep, models.PROTECT, null=True, blank=True, related_name="+")
    when_unavailable = models.CharField(max_length=16, choices=WhenUnavailable.choices, default=WhenUnavailable.SKIP)
    target_minutes = models.PositiveIntegerField(
        "first contact within (minutes)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), at_most(YEAR_OF_MINUTES, "minutes, which is a year")],
        help_text="Blank: the policy's",
    )
    is_enabled = models.BooleanField(default=True)
    is_catch_all = models.BooleanField(default=False)
    owner = models.ForeignKey(
        Rep,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who answers for this rule",
    )

    class Meta:
        ordering = ("rule_set", "position")
        constraints = (
            models.UniqueConstraint(fields=("rule_set", "position"), name="rule_position_once"),
            models.UniqueConstraint(fields=("rule_set", "code"), name="rule_code_once"),
            models.UniqueConstraint(
                fields=("rule_set",),
                condition=models.Q(is_catch_all=True),
                name="rule_one_catch_all",
            ),
            models.CheckConstraint(
                condition=~models.Q(is_catch_all=True)
                | models.Q(
                    owner__isnull=False,
                    target_minutes__isnull=False,
                    conditions={},
                    is_enabled=True,
                ),
                name="rule_catch_all_is_owned",
                violation_error_message="The catch-all takes all: it has no condition, but an owner and a target.",
            ),
            models.CheckConstraint(
                condition=~models.Q(strategy__in=("round_robin", "least_loaded", "queue"))
                | models.Q(pool__isnull=False),
                name="rule_pool_strategy_has_a_pool",
                violation_error_message="This strategy needs a pool. Choose one.",
            ),
            models.CheckConstraint(
                condition=models.Q(is_catch_all=False)
                | models.Q(strategy__in=("round_robin", "least_loaded", "queue")),
                name="rule_catch_all_takes_all",
                violation_error_message="The catch-all takes all, so it gives to the people of a pool.",
            ),
            models.CheckConstraint(
                condition=models.Q(target_minutes__isnull=True)
                | models.Q(target_minutes__gte=1, target_minutes__lte=YEAR_OF_MINUTES),
                name="rule_target_within_a_year",
                violation_error_message=f"First contact is due within 1 to {YEAR_OF_MINUTES:,} minutes, a year.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def clean(self) -> None:
        _refuse_bad_conditions(self.conditions)


def _refuse_unless_draft(rule_set_id: int) -> None:
    frozen = RuleSet.objects.exclude(state=RuleSet.State.DRAFT).filter(pk=rule_set_id).first()
    if frozen is not None:
        raise FrozenVersionError(
            f"{frozen} are {frozen.get_state_display().lower()}, so nothing in them changes. Begin a draft from them."
        )


def _refuse_bad_conditions(raw: object) -> None:
    try:
        Conditions.from_json(raw)
    except ValueError as error:
        raise ValidationError({"conditions": str(error)}) from error
