"""The admin's forms of routing: they check what the tables cannot, and say it at the field that can mend it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from routing.admin_base import ModelForm, UserChangeForm, UserCreationForm
from routing.facts import normal_word
from routing.form_fields import json_field, words_field
from routing.hours import WEEKDAYS
from routing.models import (
    Absence,
    Calendar,
    Delegation,
    Membership,
    Pool,
    Rep,
    Role,
    RuleSet,
    Segment,
    Team,
    Territory,
    User,
)

CAPS = ("load_cap", "hour_cap", "day_cap", "week_cap")
CAP_HELP = dict.fromkeys(CAPS, "Blank: no limit. 0: none at all. The tightest cap of person, team and pool counts.")
WEEK_HELP = (
    'Day to hours, in the calendar\'s own zone: {"mon": [["09:00", "12:00"], ["13:00", "17:00"]]}. '
    'Days: mon tue wed thu fri sat sun. Hours may run past midnight: ["22:00", "06:00"].'
)
ZONE_HELP = "An IANA name, for example Europe/Oslo"


class UserAddForm(UserCreationForm[User], ModelForm[User]):
    """Somebody new: the e-mail address is what they sign in with."""

    class Meta:
        model = User
        fields = ("email", "first_name", "last_name", "time_zone")
        field_classes: ClassVar[dict[str, Any]] = {}
        help_texts: ClassVar[dict[str, str]] = {"time_zone": ZONE_HELP}


class UserEditForm(UserChangeForm[User], ModelForm[User]):
    """Somebody known."""

    class Meta:
        model = User
        fields = "__all__"
        field_classes: ClassVar[dict[str, Any]] = {}
        help_texts: ClassVar[dict[str, str]] = {"time_zone": ZONE_HELP}


class CalendarForm(ModelForm[Calendar]):
    """Weekly hours."""

    week = json_field(WEEK_HELP, order=WEEKDAYS)

    class Meta:
        model = Calendar
        fields = "__all__"
        help_texts: ClassVar[dict[str, str]] = {"time_zone": ZONE_HELP}


class TeamForm(ModelForm[Team]):
    """A node of the org tree, which has no rings."""

    broken: ClassVar[dict[str, tuple[str, str]]] = {
        "team_not_its_own_parent": ("parent", "A team cannot be above itself. Choose another team, or none."),
    }

    class Meta:
        model = Team
        fields = "__all__"
        help_texts: ClassVar[dict[str, str]] = CAP_HELP

    def clean_parent(self) -> Team | None:
        parent: Team | None = self.cleaned_data["parent"]
        above, seen = parent, set()
        while above is not None and above.pk not in seen:
            if above.pk == self.instance.pk and self.instance.pk is not None:
                raise forms.ValidationError(
                    f"{parent} is below {self.instance}, so it cannot be above it too. Choose another team, or none."
                )
            seen.add(above.pk)
            above = above.parent
        return parent


class RepForm(ModelForm[Rep]):
    """A person on the roster."""

    segments = words_field("Codes with commas between, for example enterprise, mid_market. Empty: all")
    territories = words_field("Codes with commas between. Empty: all")
    skills = words_field("Languages and products with commas between, for example de, lineage")
    broken: ClassVar[dict[str, tuple[str, str]]] = {
        "rep_email_unique": ("email", "Somebody on the roster has this e-mail address already. Use another one."),
        "rep_not_own_cover": ("cover", "Nobody can cover for themselves. Choose another person."),
        "rep_pause_has_a_start": ("paused_since", "A pause that ends needs a beginning. Say since when."),
    }

    class Meta:
        model = Rep
        fields = "__all__"
        help_texts: ClassVar[dict[str, str]] = {**CAP_HELP, "time_zone": ZONE_HELP}

    def clean_crm_id(self) -> str | None:
        return self.cleaned_data["crm_id"] or None

    def clean_segments(self) -> list[str]:
        words = [normal_word(word) or word for word in self.cleaned_data["segments"]]
        return _known("segment", Segment, list(dict.fromkeys(words)))

    def clean_territories(self) -> list[str]:
        return _known("territory", Territory, self.cleaned_data["territories"])


def _known(what: str, model: type[Segment | Territory], words: list[str]) -> list[str]:
    """The words, if the rules in use or in work have all of them; before there are rules, any word will do."""
    rows: Any = model._default_manager.exclude(rule_set__state=RuleSet.State.ARCHIVED)
    codes = set(rows.values_list("code", flat=True))
    strange = [word for word in words if word not in codes]
    if codes and strange:
        raise forms.ValidationError(f"No rules have a {what} “{strange[0]}”. Choose from: {', '.join(sorted(codes))}.")
    return words


class AbsenceForm(ModelForm[Absence]):
    """A span away from work."""

    broken: ClassVar[dict[str, tuple[str, str]]] = {
        "absence_ends_after_start": ("ends_at", "The absence ends before it starts. Set the end after the start."),
    }

    class Meta:
        model = Absence
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cover, rep = cleaned.get("cover"), cleaned.get("rep") or getattr(self.instance, "rep", None)
        if cover is not None and cover == rep:
            self.add_error("cover", "Nobody can cover for themselves. Choose another person.")
        return cleaned


class RoleForm(ModelForm[Role]):
    """Who holds an office."""

    broken: ClassVar[dict[str, tuple[str, str]]] = {
        "role_once_company_wide": ("code", "This role is held company-wide already. Change that entry instead."),
        "role_once_per_team": ("code", "Somebody holds this role for this team already. Change that entry instead."),
    }

    class Meta:
        model = Role
        fields = "__all__"
        help_texts: ClassVar[dict[str, str]] = {"team": "Blank: company-wide"}


class DelegationForm(ModelForm[Delegation]):
    """Who stands in for whom."""

    broken: ClassVar[dict[str, tuple[str, str]]] = {
        "delegation_ends_after_start": (
            "ends_at",
            "The delegation ends before it starts. Set the end after the start.",
        ),
        "delegation_to_somebody_else": ("delegate", "Nobody can stand in for themselves. Choose another person."),
    }

    class Meta:
        model = Delegation
        fields = "__all__"
        help_texts: ClassVar[dict[str, str]] = {"role": "Blank: every role they hold"}


class PoolForm(ModelForm[Pool]):
    """People who take turns."""

    class Meta:
        model = Pool
        fields = "__all__"
        help_texts: ClassVar[dict[str, str]] = CAP_HELP


class MembershipForm(ModelForm[Membership]):
    """A person's place in a pool; whose place it is stays, since the ledger of turns goes with it."""

    class Meta:
        model = Membership
        fields = "__all__"
        help_texts: ClassVar[dict[str, str]] = {
            "weight": "A whole number from 1 to 20: who has 2 gets twice the turns of who has 1",
        }
        error_messages: ClassVar[dict[str, dict[str, str]]] = {
            "weight": dict.fromkeys(("min_value", "max_value", "invalid"), "A weight is a whole number from 1 to 20."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "rep" in self.fields and not self.instance._state.adding:
            self.fields["rep"].disabled = True
