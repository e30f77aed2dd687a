"""What the API answers with. Instants are UTC as in RFC 3339, money is a decimal in a string beside its currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.reverse import reverse

from handoffs.api.fields import Instant
from handoffs.links import handoff_link
from handoffs.models import Account, Deal, Handoff, State
from routing.models import Function, HandoffType, Rep, SegmentCode
from sla.models import Clock, ClockKind

CURRENCY = r"^[A-Z]{3}$"


@extend_schema_serializer(component_name="Money")
class MoneyShape(serializers.Serializer[Any]):
    """An amount; never a float."""

    amount = serializers.RegexField(r"^-?[0-9]+(\.[0-9]+)?$", help_text='Decimal, e.g. "240000.00"')
    currency = serializers.RegexField(CURRENCY, help_text="ISO 4217")


@extend_schema_serializer(component_name="TeamRef")
class TeamShape(serializers.Serializer[Any]):
    """A team."""

    code = serializers.CharField()
    name = serializers.CharField()


@extend_schema_serializer(component_name="RepRef")
class PersonShape(serializers.Serializer[Rep]):
    """Somebody on the roster, by the id that /reps/ knows."""

    uuid = serializers.UUIDField()
    name = serializers.CharField()


@extend_schema_serializer(component_name="AccountRef")
class AccountRefShape(serializers.Serializer[Account]):
    """The account of a handoff."""

    uuid = serializers.UUIDField()
    crm_id = serializers.CharField()
    name = serializers.CharField()


@extend_schema_serializer(component_name="DealRef")
class DealRefShape(serializers.Serializer[Deal]):
    """The deal of a handoff."""

    uuid = serializers.UUIDField()
    crm_id = serializers.CharField()
    name = serializers.CharField()
    amount = serializers.SerializerMethodField()

    @extend_schema_field(MoneyShape(allow_null=True))
    def get_amount(self, deal: Deal) -> dict[str, str] | None:
        return money(deal.amount, deal.currency)


@extend_schema_serializer(component_name="Clock")
class ClockShape(serializers.Serializer[Clock]):
    """A promise being timed. At risk and missed are judged by `at_risk_at` and `deadline_at` while it is running."""

    kind = serializers.ChoiceField(choices=ClockKind.choices)
    state = serializers.ChoiceField(choices=Clock.State.choices)
    target_minutes = serializers.IntegerField(help_text="Open minutes that were promised")
    started_at = Instant()
    at_risk_at = Instant()
    deadline_at = Instant()
    stopped_at = Instant(allow_null=True)


@extend_schema_serializer(component_name="Handoff")
class HandoffShape(serializers.Serializer[Handoff]):
    """A handoff as it stands now."""

    uuid = serializers.UUIDField()
    reference = serializers.CharField(help_text="The number people say; addresses take it in place of the uuid")
    url = serializers.SerializerMethodField(help_text="This handoff in the API")
    page = serializers.SerializerMethodField(help_text="This handoff for people")
    type = serializers.ChoiceField(choices=HandoffType.choices, source="handoff_type")
    state = serializers.ChoiceField(choices=State.choices)
    version = serializers.IntegerField(help_text="Rises with every change")
    origin = serializers.ChoiceField(choices=Handoff.Origin.choices)
    account = AccountRefShape()
    deal = DealRefShape(allow_null=True)
    from_rep = PersonShape(allow_null=True)
    from_team = TeamShape(allow_null=True)
    team = TeamShape(allow_null=True, help_text="The receiving team; null until it is decided")
    owner = PersonShape(allow_null=True)
    segment = serializers.CharField(help_text="Empty until it is decided")
    territory = serializers.CharField(help_text="Empty until it is decided, and where none fits")
    priority = serializers.ChoiceField(choices=Handoff.Priority.choices)
    completeness = serializers.IntegerField(min_value=0, max_value=100, allow_null=True)
    is_flagged = serializers.BooleanField(help_text="Critical facts are missing")
    return_reason = serializers.CharField(source="rejection_reason", help_text="Why it was last returned, or empty")
    problem = serializers.SerializerMethodField(help_text="Why it does not get on by itself, or empty")
    is_parked = serializers.SerializerMethodField(help_text="Whether it waits for somebody to retry it")
    received_at = Instant()
    assigned_at = Instant(allow_null=True, help_text="First assigned")
    acknowledged_at = Instant(allow_null=True)
    contacted_at = Instant(allow_null=True, help_text="First contact with the customer")
    meeting_at = Instant(allow_null=True)
    closed_at = Instant(allow_null=True)
    clocks = serializers.SerializerMethodField(help_text="Those of the present assignment")

    def get_url(self, handoff: Handoff) -> str:
        where: str = reverse("api:handoff", args=[handoff.uuid], request=self.context["request"])
        return where

    def get_page(self, handoff: Handoff) -> str:
        return handoff_link(handoff)

    def get_problem(self, handoff: Handoff) -> str:
        return handoff.last_error

    def get_is_parked(self, handoff: Handoff) -> bool:
        return handoff.parked_at is not None

    @extend_schema_field(ClockShape(many=True))
    def get_clocks(self, handoff: Handoff) -> list[dict[str, Any]]:
        clocks = handoff.assignment.clocks.all() if handoff.assignment else ()
        return [dict(ClockShape(clock).data) for clock in clocks]


@extend_schema_serializer(component_name="Account")
class AccountShape(serializers.Serializer[Account]):
    """A company, as the CRM knows it."""

    uuid = serializers.UUIDField()
    crm_id = serializers.CharField()
    name = serializers.CharField()
    website = serializers.CharField(source="domain")
    industry = serializers.CharField()
    employee_count = serializers.IntegerField(allow_null=True)
    tier = serializers.CharField(help_text=f"One of {', '.join(SegmentCode.values)}, or empty")
    country = serializers.CharField(help_text="ISO 3166, or empty")
    is_customer = serializers.BooleanField()
    owner = PersonShape(allow_null=True)
    open_deals = serializers.SerializerMethodField()

    @extend_schema_field(DealRefShape(many=True))
    def get_open_deals(self, account: Account) -> list[dict[str, Any]]:
        return [dict(DealRefShape(deal).data) for deal in account.deals.all() if not deal.is_closed]


@extend_schema_serializer(component_name="Rep")
class RepShape(serializers.Serializer[Rep]):
    """A colleague, as every colleague sees them."""

    uuid = serializers.UUIDField()
    name = serializers.CharField()
    function = serializers.ChoiceField(choices=Function.choices)
    job_title = serializers.CharField()
    team = TeamShape()
    time_zone = serializers.CharField(help_text="IANA, e.g. Europe/Oslo")
    is_active = serializers.BooleanField(help_text="False once they have left the roster")


@extend_schema_serializer(component_name="Event")
class EventShape(serializers.Serializer[Any]):
    """One line of the log."""

    id = serializers.IntegerField(min_value=1, help_text="Counts the lines of this handoff, without a gap")
    at = Instant()
    verb = serializers.CharField(help_text="What happened, as a word: received, assigned, acknowledged ...")
    actor = serializers.CharField(help_text="Who did it")
    text = serializers.CharField(help_text="The same as a sentence for people")


def money(amount: Decimal | None, currency: str) -> dict[str, str] | None:
    """An amount with its currency, as every part of the API writes it."""
    return None if amount is None else {"amount": f"{amount:f}", "currency": currency}
