"""The local CRM tables: the embedded CRM itself, or the mirror of an outside one. `crm_id` is unique per object."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.core.validators import MinValueValidator, RegexValidator, URLValidator
from django.db import models

from routing.models import Rep, SegmentCode

COUNTRY = RegexValidator(r"^[A-Z]{2}$", "Use the two-letter country code in capitals, e.g. NO.")
CURRENCY = RegexValidator(r"^[A-Z]{3}$", "Use the three-letter currency code in capitals, e.g. USD.")


class CrmObject(models.Model):
    """What every CRM row has: our uuid, the CRM's own id, and when the CRM last touched it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    crm_id = models.CharField("CRM id", max_length=64, unique=True)
    crm_created_at = models.DateTimeField("created in the CRM", null=True, blank=True)
    crm_updated_at = models.DateTimeField("last changed in the CRM", null=True, blank=True)

    class Meta:
        abstract = True


class Account(CrmObject):
    """A company. `score` and `usage_stage` hold what the MQL and PQL triggers look at."""

    name = models.CharField(max_length=200)
    domain = models.CharField("website", max_length=200, blank=True)
    industry = models.CharField(max_length=80, blank=True)
    employee_count = models.PositiveIntegerField(null=True, blank=True)
    tier = models.CharField(max_length=16, choices=SegmentCode.choices, blank=True)
    country = models.CharField(max_length=2, blank=True, validators=[COUNTRY])
    region = models.CharField(max_length=32, blank=True)
    postal_code = models.CharField(max_length=16, blank=True)
    city = models.CharField(max_length=80, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    is_customer = models.BooleanField(default=False)
    score = models.PositiveSmallIntegerField("lead score", null=True, blank=True)
    scored_at = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey(Rep, models.SET_NULL, null=True, blank=True, related_name="accounts_owned")
    named_owner = models.ForeignKey(
        Rep,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="accounts_named",
        help_text="Set for named accounts: this person takes every handoff they may own",
    )
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")
    pod = models.SlugField(max_length=64, blank=True, help_text="Code of the pod that owns the account")
    custom = models.JSONField("custom attributes", default=dict, blank=True)
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("name",)
        indexes = (
            models.Index(
                fields=("score",),
                condition=models.Q(score__isnull=False),
                name="account_scored",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Contact(CrmObject):
    """A person at an account. `buying_role` is the CRM's explicit word; empty means infer it from the title."""

    class BuyingRole(models.TextChoices):
        ECONOMIC_BUYER = "economic_buyer", "Economic buyer"
        CHAMPION = "champion", "Champion"
        TECHNICAL_EVALUATOR = "technical_evaluator", "Technical evaluator"
        END_USER = "end_user", "End user"
        LEGAL_PROCUREMENT = "legal_procurement", "Legal/procurement"
        INFLUENCER = "influencer", "Influencer"

    account = models.ForeignKey(Account, models.CASCADE, related_name="contacts")
    first_name = models.CharField(max_length=80, blank=True)
    last_name = models.CharField(max_length=80, blank=True)
    title = models.CharField(max_length=160, blank=True)
    email = models.EmailField("e-mail", max_length=254, blank=True)
    email_bounced = models.BooleanField(default=False)
    phone = models.CharField(max_length=40, blank=True)
    is_primary = models.BooleanField(default=False)
    buying_role = models.CharField(max_length=24, choices=BuyingRole.choices, blank=True)
    do_not_contact = models.BooleanField(default=False)
    time_zone = models.CharField(max_length=64, blank=True)
    product_user_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("account", "-is_primary", "last_name")
        constraints = (
            models.UniqueConstraint(
                fields=("account",),
                condition=models.Q(is_primary=True),
                name="contact_one_primary",
            ),
        )
        indexes = (models.Index(fields=("email",)),)

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email


class Deal(CrmObject):
    """An opportunity. `metadata` holds the keys listed in `handoffs.template_sources.METADATA_KEYS`."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="deals")
    name = models.CharField(max_length=200)
    amount = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    currency = models.CharField(max_length=3, default="USD", validators=[CURRENCY])
    stage = models.CharField(max_length=80, blank=True)
    is_closed = models.BooleanField(default=False)
    is_won = models.BooleanField(default=False)
    expected_close = models.DateField(null=True, blank=True)
    qualified_at = models.DateTimeField("qualified by the SDR", null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey(Rep, models.SET_NULL, null=True, blank=True, related_name="deals_owned")
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("-crm_created_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(is_won=False) | models.Q(is_closed=True, closed_at__isnull=False),
                name="deal_won_is_closed",
                violation_error_message="A won deal is closed and has a closing time. Set both.",
            ),
        )
        indexes = (
            models.Index(
                fields=("closed_at",),
                condition=models.Q(is_won=True),
                name="deal_won_at",
            ),
            models.Index(
                fields=("qualified_at",),
                condition=models.Q(qualified_at__isnull=False),
                name="deal_qualified_at",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Activity(CrmObject):
    """Something that happened: kinds are those of `handoffs.template_sources.ACTIVITY_KINDS`."""

    class Kind(models.TextChoices):
        CALL = "call", "Call"
        EMAIL = "email", "E-mail"
        MEETING = "meeting", "Meeting"
        FORM = "form", "Form"
        WEB_VISIT = "web_visit", "Web visit"
        DEMO_REQUEST = "demo_request", "Demo request"
        TRIAL = "trial", "Trial"
        EVENT = "event", "Event"
        EXPANSION_SIGNAL = "expansion_signal", "Expansion signal"
        SUPPORT_TICKET = "support_ticket", "Support ticket"
        NOTE = "note", "Note"

    account = models.ForeignKey(Account, models.CASCADE, related_name="activities")
    deal = models.ForeignKey(Deal, models.SET_NULL, null=True, blank=True, related_name="activities")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="activities")
    owner = models.ForeignKey(Rep, models.SET_NULL, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    subject = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    occurred_at = models.DateTimeField()
    properties = models.JSONField(default=dict, blank=True)
    external_key = models.CharField(max_length=200, unique=True, null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-occurred_at",)
        verbose_name_plural = "activities"
        indexes = (
            models.Index(fields=("account", "-occurred_at")),
            models.Index(
                fields=("occurred_at",),
                condition=models.Q(kind="expansion_signal"),
                name="activity_expansion_signal",
            ),
        )

    def __str__(self) -> str:
        return self.subject


class Note(CrmObject):
    """What a colleague wrote down; the tag says what it is about."""

    class Tag(models.TextChoices):
        PAIN_POINT = "pain_point", "Pain point"
        NEXT_STEP = "next_step", "Next step agreed"
        IMPLEMENTATION_SCOPE = "implementation_scope", "Implementation scope"
        SUCCESS_CRITERIA = "success_criteria", "Success criterion"
        STAKEHOLDER = "stakeholder", "Stakeholder"
        PROMISED_OUTCOME = "promised_outcome", "Promised outcome"
        RELATIONSHIP = "relationship", "Relationship"
        PRICING = "pricing", "Pricing"
        OTHER = "other", "Other"

    account = models.ForeignKey(Account, models.CASCADE, related_name="notes")
    deal = models.ForeignKey(Deal, models.SET_NULL, null=True, blank=True, related_name="notes")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="+")
    author = models.ForeignKey(Rep, models.SET_NULL, null=True, blank=True, related_name="+")
    tag = models.CharField(max_length=24, choices=Tag.choices, default=Tag.OTHER)
    body = models.TextField()
    source = models.CharField("where it was said", max_length=160, blank=True)
    occurred_at = models.DateTimeField()

    class Meta:
        ordering = ("-occurred_at",)
        indexes = (models.Index(fields=("account", "-occurred_at")),)

    def __str__(self) -> str:
        return f"{self.get_tag_display()}: {self.body[:60]}"


class ContentEngagement(CrmObject):
    """A piece of content that somebody at the account read, watched or attended."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="content")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="content")
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=40, blank=True, help_text="guide, webinar, pricing, case study ...")
    url = models.CharField("address", max_length=500, blank=True, validators=[URLValidator(["http", "https"])])
    occurred_at = models.DateTimeField()

    class Meta:
        ordering = ("-occurred_at",)
        indexes = (models.Index(fields=("account", "-occurred_at")),)

    def __str__(self) -> str:
        return self.title


class UsageStage(models.Model):
    """What an account does in the product, over time; the newest row is the present stage."""

    class Stage(models.TextChoices):
        NEW = "new", "New"
        ACTIVATED = "activated", "Activated"
        ADOPTED = "adopted", "Adopted"
        POWER = "power", "Power user"
        DECLINING = "declining", "Declining"
        DORMANT = "dormant", "Dormant"

    account = models.ForeignKey(Account, models.CASCADE, related_name="usage_stages")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="+")
    stage = models.CharField(max_length=16, choices=Stage.choices)
    active_users = models.PositiveIntegerField(null=True, blank=True)
    seats = models.PositiveIntegerField(null=True, blank=True)
    metrics = models.JSONField(default=dict, blank=True)
    as_of = models.DateTimeField()

    class Meta:
        ordering = ("account", "-as_of")
        constraints = (models.UniqueConstraint(fields=("account", "as_of"), name="usage_stage_once_per_moment"),)

    def __str__(self) -> str:
        return f"{self.account}: {self.get_stage_display()}"
