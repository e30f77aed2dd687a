"""The local CRM tables: accounts with their contacts and deals."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from handoffs.admin.forms import AccountForm, ContactForm, ContactLines, DealForm
from handoffs.models import Account, Contact, Deal
from handoffs.resources import AccountResource, ContactResource, DealResource
from routing.admin_base import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    ImportExportAdmin,
    RadioFilter,
    TabularInline,
    display,
)


class ContactInline(TabularInline[Contact, Account]):
    """The people at an account."""

    model = Contact
    form = ContactForm
    formset = ContactLines
    fields = ("crm_id", "first_name", "last_name", "title", "email", "phone", "is_primary", "do_not_contact")
    show_change_link = True
    hide_title = False
    tab = True


class DealInline(TabularInline[Deal, Account]):
    """The opportunities of an account."""

    model = Deal
    form = DealForm
    fields = ("crm_id", "name", "amount", "currency", "stage", "expected_close", "owner")
    autocomplete_fields = ("owner",)
    show_change_link = True
    hide_title = False
    tab = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deal]:
        return super().get_queryset(request).select_related("owner")


@admin.register(Account)
class AccountAdmin(ImportExportAdmin[Account]):
    """Companies."""

    form = AccountForm
    resource_classes = (AccountResource,)
    list_display = ("name", "crm_id", "tier", "industry", "country", "employee_count", "score", "owner", "is_customer")
    list_select_related = ("owner",)
    list_filter = (
        ("tier", ChoicesDropdownFilter),
        ("is_customer", BooleanRadioFilter),
        "region",
        ("owner", AutocompleteSelectFilter),
    )
    search_fields = ("name", "domain", "crm_id")
    autocomplete_fields = ("owner", "named_owner", "parent")
    readonly_fields = ("links",)
    inlines = (ContactInline, DealInline)
    fieldsets = (
        (None, {"fields": (("name", "crm_id"), ("domain", "phone"), ("industry", "employee_count"), "links")}),
        ("Place", {"fields": (("country", "region"), ("postal_code", "city"), "time_zone")}),
        (
            "Sales",
            {"fields": (("tier", "is_customer"), "score", "scored_at", ("owner", "named_owner"), ("parent", "pod"))},
        ),
        ("More", {"fields": ("custom", "metadata", "crm_created_at", "crm_updated_at"), "classes": ("collapse",)}),
    )

    @display(description="more about it")
    def links(self, account: Account) -> str:
        if account._state.adding:
            return "Save the account first."
        pages = (("handoff", "Handoffs"), ("activity", "Activities"), ("note", "Notes"), ("usagestage", "Usage"))
        return format_html(
            " · ".join(['<a class="text-link" href="{}?account__id__exact={}">{}</a>'] * len(pages)),
            *(
                part
                for model, label in pages
                for part in (reverse(f"admin:handoffs_{model}_changelist"), account.pk, label)
            ),
        )


class ReachFilter(RadioFilter):
    """Whether a contact can be reached, as far as one field tells."""

    title = "reach"
    parameter_name = "reach"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("bounced", "E-mail bounced"), ("no", "Do not contact"), ("silent", "Neither e-mail nor phone")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        meaning: dict[str | None, dict[str, Any]] = {
            "bounced": {"email_bounced": True},
            "no": {"do_not_contact": True},
            "silent": {"email": "", "phone": ""},
        }
        return queryset.filter(**meaning.get(self.value(), {}))


@admin.register(Contact)
class ContactAdmin(ImportExportAdmin[Contact]):
    """People at accounts."""

    form = ContactForm
    resource_classes = (ContactResource,)
    list_display = ("full_name", "account", "title", "email", "phone", "buying_role", "is_primary", "do_not_contact")
    list_select_related = ("account",)
    list_filter = (ReachFilter, ("is_primary", BooleanRadioFilter), ("buying_role", ChoicesDropdownFilter))
    search_fields = ("first_name", "last_name", "email", "crm_id", "account__name")
    autocomplete_fields = ("account",)
    fieldsets = (
        (
            None,
            {"fields": (("account", "crm_id"), ("first_name", "last_name"), ("title", "buying_role"), "is_primary")},
        ),
        ("Reach", {"fields": (("email", "email_bounced"), ("phone", "time_zone"), "do_not_contact")}),
        ("Known elsewhere as", {"fields": ("product_user_id", "crm_created_at", "crm_updated_at")}),
    )

    @display(description="name", ordering="last_name")
    def full_name(self, contact: Contact) -> str:
        return str(contact)


class OutcomeFilter(RadioFilter):
    """How a deal stands."""

    title = "deal"
    parameter_name = "deal"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("won", "Won"), ("lost", "Lost")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        meaning: dict[str | None, dict[str, Any]] = {
            "open": {"is_closed": False},
            "won": {"is_won": True},
            "lost": {"is_closed": True, "is_won": False},
        }
        return queryset.filter(**meaning.get(self.value(), {}))


@admin.register(Deal)
class DealAdmin(ImportExportAdmin[Deal]):
    """Opportunities."""

    form = DealForm
    resource_classes = (DealResource,)
    list_display = ("name", "crm_id", "account", "money", "stage", "expected_close", "owner", "is_won")
    list_select_related = ("account", "owner")
    list_filter = (OutcomeFilter, "stage", ("owner", AutocompleteSelectFilter))
    search_fields = ("name", "crm_id", "account__name")
    autocomplete_fields = ("account", "owner")
    date_hierarchy = "expected_close"
    fieldsets = (
        (
            None,
            {"fields": (("account", "crm_id"), "name", ("amount", "currency"), ("stage", "expected_close"), "owner")},
        ),
        ("Where it stands", {"fields": ("qualified_at", "closed_at", ("is_closed", "is_won"))}),
        ("More", {"fields": ("metadata", "crm_created_at", "crm_updated_at")}),
    )

    @display(description="amount", ordering="amount")
    def money(self, deal: Deal) -> str:
        return f"{deal.currency} {deal.amount:,.2f}" if deal.amount is not None else "-"
