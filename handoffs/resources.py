"""CSV and XLSX of the local CRM: every row is known by its CRM id."""

from __future__ import annotations

from import_export import fields

from handoffs.models import Account, Contact, Deal
from routing.models import Rep
from routing.resources import Named, Sheet


class AccountResource(Sheet):
    """Companies."""

    owner = fields.Field(attribute="owner", column_name="owner", widget=Named(Rep, "email"))
    named_owner = fields.Field(attribute="named_owner", column_name="named_owner", widget=Named(Rep, "email"))
    parent = fields.Field(attribute="parent", column_name="parent", widget=Named(Account, "crm_id"))

    class Meta(Sheet.Meta):
        model = Account
        import_id_fields = ("crm_id",)
        fields = (
            *("crm_id", "name", "domain", "industry", "employee_count", "tier", "country", "region", "postal_code"),
            *("city", "time_zone", "phone", "is_customer", "score", "owner", "named_owner", "parent", "pod"),
        )


class ContactResource(Sheet):
    """People at accounts."""

    account = fields.Field(attribute="account", column_name="account", widget=Named(Account, "crm_id"))

    class Meta(Sheet.Meta):
        model = Contact
        import_id_fields = ("crm_id",)
        fields = (
            *("crm_id", "account", "first_name", "last_name", "title", "email", "email_bounced", "phone"),
            *("is_primary", "buying_role", "do_not_contact", "time_zone"),
        )


class DealResource(Sheet):
    """Opportunities."""

    account = fields.Field(attribute="account", column_name="account", widget=Named(Account, "crm_id"))
    owner = fields.Field(attribute="owner", column_name="owner", widget=Named(Rep, "email"))

    class Meta(Sheet.Meta):
        model = Deal
        import_id_fields = ("crm_id",)
        fields = (
            *("crm_id", "account", "name", "amount", "currency", "stage", "expected_close", "qualified_at"),
            *("is_closed", "is_won", "closed_at", "owner"),
        )
