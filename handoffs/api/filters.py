"""What a list can be narrowed by. A parameter that is unknown or cannot be read is told, never ignored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.db.models import DateTimeField, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from handoffs.access import rep_of
from handoffs.api.fields import InstantFormField, uuid_of
from handoffs.api.problems import ParameterError
from handoffs.models import OPEN_STATES, Account, Handoff, State
from handoffs.now import now
from routing.models import Function, HandoffType, Rep

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
AT_RISK, BREACHED = "at_risk", "breached"


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantFilter(django_filters.Filter):
    """An instant with its zone."""

    field_class = InstantFormField


class YesNoField(forms.NullBooleanField):
    """true or false, and nothing that might mean one of them."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> Any:
        if value in {None, "", "true", "false"}:
            return {"true": True, "false": False}.get(value or "")
        raise forms.ValidationError("Give true or false.")


@extend_schema_field(OpenApiTypes.BOOL)
class YesNoFilter(django_filters.Filter):
    """true or false."""

    field_class = YesNoField


class HandoffFilter(django_filters.FilterSet):
    """The filters of GET /handoffs/."""

    type = django_filters.MultipleChoiceFilter(
        field_name="handoff_type", choices=HandoffType.choices, help_text="Repeat it for several"
    )
    state = django_filters.MultipleChoiceFilter(choices=State.choices, help_text="Repeat it for several")
    open = YesNoFilter(method="by_open", help_text="Not yet contacted and not ended")
    owner = django_filters.CharFilter(method="by_owner", help_text="The uuid of a rep, or `me`")
    team = django_filters.CharFilter(field_name="team__code", help_text="The code of the receiving team")
    segment = django_filters.CharFilter(help_text="e.g. enterprise")
    account = django_filters.CharFilter(field_name="account__crm_id", help_text="The account's id in the CRM")
    received_from = InstantFilter(field_name="received_at", lookup_expr="gte", help_text="Received at this or later")
    received_to = InstantFilter(field_name="received_at", lookup_expr="lt", help_text="Received before this")
    risk = django_filters.ChoiceFilter(
        choices=((AT_RISK, "At risk"), (BREACHED, "Breached")),
        method="by_risk",
        help_text="Not yet contacted, and at risk of missing the deadline, or past it",
    )

    class Meta:
        model = Handoff
        fields = ()

    def by_open(self, handoffs: QuerySet[Handoff], name: str, value: bool) -> QuerySet[Handoff]:
        """Narrows to those that the same trigger would answer with, or to the others."""
        return handoffs.filter(state__in=OPEN_STATES) if value else handoffs.exclude(state__in=OPEN_STATES)

    def by_owner(self, handoffs: QuerySet[Handoff], name: str, value: str) -> QuerySet[Handoff]:
        """Narrows to an owner; `me` without a place on the roster owns nothing."""
        if value == "me":
            rep = rep_of(self.request.user)
            return handoffs.filter(owner=rep) if rep else handoffs.none()
        return handoffs.filter(owner__uuid=_uuid(value))

    def by_risk(self, handoffs: QuerySet[Handoff], name: str, value: str) -> QuerySet[Handoff]:
        """Narrows by the clock of the first contact, as the inbox counts."""
        at = now()
        if value == BREACHED:
            return handoffs.filter(due_at__lte=at)
        return handoffs.filter(at_risk_at__lte=at, due_at__gt=at)


class AccountFilter(django_filters.FilterSet):
    """The filters of GET /accounts/."""

    q = django_filters.CharFilter(method="by_words", help_text="A part of the name or website")
    crm_id = django_filters.CharFilter(help_text="Exactly this id in the CRM")
    is_customer = YesNoFilter()
    owner = django_filters.CharFilter(method="by_owner", help_text="The uuid of a rep, or `me`")

    class Meta:
        model = Account
        fields = ()

    def by_words(self, accounts: QuerySet[Account], name: str, value: str) -> QuerySet[Account]:
        """Narrows to names and websites that hold the words."""
        return accounts.filter(Q(name__icontains=value) | Q(domain__icontains=value))

    def by_owner(self, accounts: QuerySet[Account], name: str, value: str) -> QuerySet[Account]:
        """Narrows to an owner in the CRM."""
        if value == "me":
            rep = rep_of(self.request.user)
            return accounts.filter(owner=rep) if rep else accounts.none()
        return accounts.filter(owner__uuid=_uuid(value))


class RepFilter(django_filters.FilterSet):
    """The filters of GET /reps/."""

    q = django_filters.CharFilter(method="by_words", help_text="A part of the name")
    team = django_filters.CharFilter(field_name="team__code", help_text="The code of a team")
    function = django_filters.MultipleChoiceFilter(choices=Function.choices, help_text="Repeat it for several")
    is_active = YesNoFilter()

    class Meta:
        model = Rep
        fields = ()

    def by_words(self, reps: QuerySet[Rep], name: str, value: str) -> QuerySet[Rep]:
        """Narrows to names that hold the words."""
        return reps.filter(Q(first_name__icontains=value) | Q(last_name__icontains=value))


def _uuid(value: str) -> UUID:
    found = uuid_of(value)
    if found is None:
        raise ParameterError({"owner": ["Give the uuid of a rep as /reps/ has it, or me."]})
    return found


def with_deadline(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Adds `deadline`, until when first contact is still owed; the year 9999 where it is not."""
    return handoffs.annotate(deadline=Coalesce("due_at", Value(NEVER, output_field=DateTimeField())))
