"""The admin's forms of handoffs and of the local CRM."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from handoffs import completeness
from handoffs.models import (
    Account,
    Activity,
    Contact,
    ContentEngagement,
    Deal,
    Handoff,
    Note,
    TypeSetting,
    UsageStage,
)
from routing.admin_base import ModelForm, PaginationInlineFormSet
from routing.form_fields import json_field, words_field
from routing.forms import ZONE_HELP
from routing.models.bounds import validate_time_zone


class _OfAccount(ModelForm[Any]):
    """A row about an account: what else it names belongs to the same account."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        account = cleaned.get("account") or getattr(self.instance, "account", None)
        for name in ("deal", "contact"):
            named: Any = cleaned.get(name)
            if named is not None and account is not None and named.account_id != account.pk:
                self.add_error(name, f"{named} belongs to another account than {account}. Choose one of {account}.")
        return cleaned


class NewHandoffForm(_OfAccount):
    """A trigger given by hand."""

    class Meta:
        model = Handoff
        fields = ("handoff_type", "account", "deal", "from_team", "to_team")
        help_texts: ClassVar[dict[str, str]] = {
            "deal": "Blank: the handoff is about the account alone",
            "from_team": "Blank: the CRM owner's, else the type's own sender",
            "to_team": "Blank: whom the rules say",
        }


class TypeSettingForm(ModelForm[TypeSetting]):
    """A type's trigger and weights."""

    usage_stages = words_field("Product stages that start a handoff, with commas between: activated, adopted, power")
    field_weights = json_field('Package field to weight, e.g. {"qualification.budget": 3}. Empty: the shipped weights')

    class Meta:
        model = TypeSetting
        fields = "__all__"

    def clean_usage_stages(self) -> list[str]:
        stages: list[str] = self.cleaned_data["usage_stages"]
        strange = [stage for stage in stages if stage not in UsageStage.Stage.values]
        if strange:
            known = ", ".join(UsageStage.Stage.values)
            raise forms.ValidationError(f"“{strange[0]}” is not a stage. Choose from: {known}.")
        return stages

    def clean_field_weights(self) -> dict[str, Any]:
        weights: dict[str, Any] = self.cleaned_data["field_weights"]
        for name, weight in weights.items():
            if isinstance(weight, bool) or not isinstance(weight, int) or not 0 <= weight <= 100:
                raise forms.ValidationError(f"The weight of “{name}” is not a whole number from 0 to 100.")
        try:
            completeness.weights_of(self.instance.handoff_type, weights or None)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return weights


class AccountForm(ModelForm[Account]):
    """A company."""

    custom = json_field('Named attributes that rules may ask for, e.g. {"plan": "gold"}')
    metadata = json_field("What the CRM keeps beside the fields")

    class Meta:
        model = Account
        fields = "__all__"
        help_texts: ClassVar[dict[str, str]] = {"time_zone": ZONE_HELP, "country": "Two letters, e.g. NO"}

    def clean_time_zone(self) -> str:
        return _zone(self.cleaned_data["time_zone"])

    def clean_parent(self) -> Account | None:
        parent: Account | None = self.cleaned_data["parent"]
        if parent is not None and parent.pk == self.instance.pk:
            raise forms.ValidationError("An account cannot be its own parent. Choose another one, or none.")
        return parent


class ContactForm(ModelForm[Contact]):
    """A person at an account."""

    broken: ClassVar[dict[str, tuple[str, str]]] = {
        "contact_one_primary": ("is_primary", "This account has a primary contact already. Untick that one first."),
    }

    class Meta:
        model = Contact
        fields = "__all__"
        help_texts: ClassVar[dict[str, str]] = {
            "buying_role": "Blank: inferred from the title",
            "time_zone": ZONE_HELP,
        }

    def clean_time_zone(self) -> str:
        return _zone(self.cleaned_data["time_zone"])


class ContactLines(PaginationInlineFormSet):
    """The contacts of an account: at most one is primary, and the mark may pass from one to another in one save."""

    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form not in self.deleted_forms]
        if sum(bool(getattr(form, "cleaned_data", {}).get("is_primary")) for form in kept) > 1:
            raise forms.ValidationError("Only one contact can be the primary one. Leave one tick.")

    def save(self, commit: bool = True) -> list[Any]:
        if any("is_primary" in form.changed_data for form in self.forms):
            Contact.objects.filter(account=self.instance, is_primary=True, pk__in=self._giving_up()).update(
                is_primary=False
            )
        return super().save(commit=commit)  # type: ignore[no-any-return]

    def _giving_up(self) -> list[int]:
        leaving = [form for form in self.initial_forms if not form.cleaned_data.get("is_primary")]
        return [form.instance.pk for form in (*leaving, *self.deleted_forms)]


class DealForm(ModelForm[Deal]):
    """An opportunity."""

    metadata = json_field('Qualification and template items by key, e.g. {"budget_confirmed": true}')
    broken: ClassVar[dict[str, tuple[str, str]]] = {
        "deal_won_is_closed": ("closed_at", "A won deal is closed and has a closing time. Set both, or untick “won”."),
    }

    class Meta:
        model = Deal
        fields = "__all__"


class ActivityForm(_OfAccount):
    """Something that happened."""

    properties = json_field("What the CRM keeps beside the fields")

    class Meta:
        model = Activity
        fields = "__all__"


class NoteForm(_OfAccount):
    """What a colleague wrote down."""

    class Meta:
        model = Note
        fields = "__all__"


class ContentForm(_OfAccount):
    """A piece of content somebody took in."""

    class Meta:
        model = ContentEngagement
        fields = "__all__"


class UsageForm(_OfAccount):
    """What an account does in the product."""

    metrics = json_field("Figures of the product, by name")

    class Meta:
        model = UsageStage
        fields = "__all__"


def _zone(name: str) -> str:
    if name:
        validate_time_zone(name)
    return name
