"""The admin's forms of rule versions. A draft is edited by several people, so each form knows which edit it showed."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from routing import soundness
from routing.admin_base import ModelForm, business_now
from routing.conditions import PREFIX_FIELDS, RANGE_FIELDS, SET_FIELDS
from routing.drafts import BASES, stale_edit
from routing.form_fields import json_field
from routing.models import Rule, RuleSet, Segment, Territory

CONDITIONS_HELP = (
    "Field to values, all of which must hold; {} means everything. Lists, in which “missing” is the unknown value: "
    f"{', '.join(SET_FIELDS + PREFIX_FIELDS)}, and custom. with a name, e.g. custom.plan. Ranges, whose end is not "
    f'included: {", ".join(RANGE_FIELDS)}. Example: {{"segment": ["enterprise"], "score": {{"from": 70, "below": 90}}}}'
)
WHAT_FOR = "What this version is for, in at most 200 characters"
BLANK = "Nothing is written here, and no conditions mean everything. If that is meant, write {}."


class SeenForm(ModelForm[Any]):
    """A form that carries the number of the edit it showed, and is refused once somebody else edited the version.

    It comes back with what was typed, and with the number of the present edit: who saves it again has been told.
    """

    seen = forms.IntegerField(
        required=False,
        widget=forms.HiddenInput(),
        error_messages={"invalid": "The form does not say which edit it showed. Open the page again."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["seen"] = self.edited().version

    def edited(self) -> RuleSet:
        """The version that the form is about, as it stands."""
        return self.instance if isinstance(self.instance, RuleSet) else self.instance.rule_set

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance._state.adding or "seen" in self.errors:
            return cleaned
        seen = cleaned.get("seen")
        if seen is None:
            self.add_error(None, "The form does not say which edit it showed. Open the page again.")
        elif stale := stale_edit(self.edited(), seen=seen, now=business_now()):
            self.add_error(None, stale)
            again: Any = self.data
            self.data = again.copy()
            self.data[self.add_prefix("seen")] = str(self.edited().version)  # type: ignore[index]  # a copy of a QueryDict
        return cleaned


class NamedByRules(ModelForm[Any]):
    """A segment or territory, which rules name by its code."""

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        before = self.initial.get("code")
        if before and code != before:
            kind = self.instance._meta.model_name
            named_by = soundness.naming(self.instance.rule_set_id, kind, before)
            if named_by:
                raise forms.ValidationError(
                    f"{named_by[0]} names this {kind} by its code “{before}”. Keep the code, or change that first."
                )
        return code


class RuleLineForm(ModelForm[Rule]):
    """A rule of a draft, as a line of the list; what it asks of the facts is edited on its own page."""

    broken: ClassVar[dict[str, tuple[str, str]]] = {
        "rule_pool_strategy_has_a_pool": ("pool", soundness.POOL_WANTED),
        "rule_code_once": ("code", "Another rule of this version has this code. Use another one."),
        "rule_catch_all_takes_all": ("strategy", "The catch-all gives to the people of a pool."),
    }

    class Meta:
        model = Rule
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance.is_catch_all:
            # Before the tables' own constraints, which know no field.
            for field, sentence in soundness.catch_all_problems(cleaned):
                if field in self.fields and field not in self.errors:
                    self.add_error(field, sentence)
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()
        # What is left as it is may stay so for now: it is asked about when the version is submitted.
        if not self.has_changed() or self.errors:
            return
        known = soundness.codes_of(self.instance.rule_set_id)
        for field, sentence in soundness.rule_problems(self.instance, known=known):
            if field not in self.errors:
                self.add_error(field if field in self.fields else None, sentence)


class RuleForm(SeenForm, RuleLineForm):
    """A rule of a draft on its own page."""

    conditions = json_field(CONDITIONS_HELP, if_blank=BLANK)

    class Meta(RuleLineForm.Meta):
        help_texts: ClassVar[dict[str, str]] = {
            "named_rep": "For the strategy “Named account's person” alone. Blank: whoever the account names in the CRM",
            "pool": "For the strategies that give to the people of a pool",
        }


class TerritoryLineForm(NamedByRules, ModelForm[Territory]):
    """A piece of the market, as a line; the lines are compared with each other by `TerritoryLines`."""

    conditions = json_field(CONDITIONS_HELP, if_blank=BLANK)

    class Meta:
        model = Territory
        fields = "__all__"

    def clean_conditions(self) -> dict[str, Any]:
        raw: dict[str, Any] = self.cleaned_data["conditions"]
        segments = soundness.codes_of(self.instance.rule_set_id)["segment"]
        if sentence := soundness.territory_problem(raw, segments=segments):
            raise forms.ValidationError(sentence)
        return raw


class TerritoryForm(SeenForm, TerritoryLineForm):
    """A piece of the market on its own page."""

    class Meta(TerritoryLineForm.Meta):
        pass

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.errors or not self.has_changed():
            return
        others = Territory.objects.filter(rule_set=self.instance.rule_set_id).exclude(pk=self.instance.pk)
        for other in others.order_by("code"):
            if sentence := soundness.tie(self.instance, other):
                self.add_error("conditions", sentence)
                return


class SegmentLineForm(NamedByRules, ModelForm[Segment]):
    """A band of company sizes, as a line; the lines are compared with each other by `SegmentLines`."""

    broken: ClassVar[dict[str, tuple[str, str]]] = {
        "segment_range_not_empty": (
            "employees_below",
            "The segment ends below where it starts. Raise the upper bound.",
        ),
    }

    class Meta:
        model = Segment
        fields = "__all__"
        help_texts: ClassVar[dict[str, str]] = {
            "employees_from": "From this many employees on. Blank: no lower bound",
            "employees_below": "Fewer than this many employees. Blank: no upper bound",
        }


class SegmentForm(SeenForm, SegmentLineForm):
    """A band of company sizes on its own page."""

    class Meta(SegmentLineForm.Meta):
        pass

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.errors or not self.has_changed():
            return
        others = Segment.objects.filter(rule_set=self.instance.rule_set_id).exclude(pk=self.instance.pk)
        for upper, sentence in soundness.overlaps([*others, self.instance]):
            self.add_error("employees_from" if upper is self.instance else "employees_below", sentence)
            return


class DraftForm(SeenForm, ModelForm[RuleSet]):
    """A draft, with its parts below it."""

    class Meta:
        model = RuleSet
        fields = ("title",)
        help_texts: ClassVar[dict[str, str]] = {"title": WHAT_FOR}


class NewDraftForm(ModelForm[RuleSet]):
    """A new draft starts as a copy of the version it is based on."""

    class Meta:
        model = RuleSet
        fields = ("title", "based_on")
        help_texts: ClassVar[dict[str, str]] = {
            "title": WHAT_FOR,
            "based_on": "Its rules, territories and segments are copied into the draft",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        based_on = self.fields.get("based_on")
        if isinstance(based_on, forms.ModelChoiceField):
            based_on.required = True
            based_on.queryset = RuleSet.objects.filter(state__in=BASES)
            based_on.initial = RuleSet.objects.filter(state=RuleSet.State.LIVE).first()
