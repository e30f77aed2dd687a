"""The admin's form for saved what-if cases: what no rule could ever meet is refused before it blocks every version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import QuerySet

from routing.admin_base import ModelForm
from routing.facts_reading import FIELDS
from routing.form_fields import json_field
from routing.models import Check, HandoffType, Pool, Rep, Rule, RuleSet, Segment, SegmentCode

FACTS_HELP = (
    f"What is known about the record: {', '.join(FIELDS)}. What is left out is not known. "
    'Example: {"handoff_type": "sql_to_ae", "country": "NO", "employee_count": 4200, "products": ["seats"]}'
)
TAKEN = "There is a check of this name already. Choose another name, or change that one."
ONE_THING = "A check expects one thing: a rule, a pool or a person. Fill in one of them."
SHOWN_CODES = 12
State = RuleSet.State


class CheckForm(ModelForm[Check]):
    """A record and who must get it."""

    facts = json_field(FACTS_HELP, order=FIELDS)
    broken: ClassVar[dict[str, tuple[str, str]]] = {"check_expects_one_thing": ("rule_code", ONE_THING)}

    class Meta:
        model = Check
        fields = ("name", "facts", "rule_code", "pool", "rep", "note", "is_active")
        error_messages: ClassVar[dict[str, dict[str, str]]] = {"name": {"unique": TAKEN}}

    def clean_rule_code(self) -> str:
        """The code as the rules spell it; some version that can be used must have it."""
        typed: str = self.cleaned_data["rule_code"].strip()
        if not typed:
            return ""
        codes = sorted(set(_rules().values_list("code", flat=True)))
        found = next((code for code in codes if code.casefold() == typed.casefold()), None)
        if found is None:
            some = f" Choose from: {_some(codes)}." if codes else " There are no rules yet: add the rule first."
            self.add_error("rule_code", f"No live rule and no draft has the code “{typed}”.{some}")
        return found or typed

    def clean(self) -> dict[str, Any] | None:
        given = super().clean()
        facts = self.cleaned_data.get("facts")
        # The row itself tells of facts that cannot be read at all.
        if not isinstance(facts, dict) or facts.get("handoff_type") not in HandoffType.values:
            return given
        tier, kind = facts.get("tier"), HandoffType(facts["handoff_type"])
        tiers = {*SegmentCode.values, *Segment.objects.filter(rule_set__in=_versions()).values_list("code", flat=True)}
        if isinstance(tier, str) and tier not in tiers:
            self.add_error("facts", f"tier: no segment is called “{tier[:80]}”. Choose from: {_some(sorted(tiers))}.")
        rep, pool = self.cleaned_data.get("rep"), self.cleaned_data.get("pool")
        if sum(bool(self.cleaned_data.get(name)) for name in ("rule_code", "rep", "pool")) > 1:
            return given  # ONE_THING says it, which it does not beside another complaint about them
        for field, sentence in (("rep", _never_gets(rep, kind, facts)), ("pool", _never_takes(pool))):
            if sentence:
                self.add_error(field, sentence)
        return given


def _never_gets(rep: Rep | None, kind: HandoffType, facts: dict[str, Any]) -> str:
    """Why no rule could give this person the record; empty if one could."""
    if rep is None:
        return ""
    if not rep.is_active:
        return f"{rep} is not active any more, so no rule gives them anything. Expect somebody else."
    if rep.function not in kind.receiving_functions:
        what = f"{rep} ({rep.get_function_display()}) does not receive {kind.label}"
        return f"{what}. Expect somebody who does, or change the handoff type."
    owners = facts.get("owners")
    is_owner = isinstance(owners, dict) and rep.pk in owners.values()
    if is_owner or _rules().filter(strategy=Rule.Strategy.NAMED_REP, named_rep=rep).exists():
        return ""
    return (
        f"No rule names {rep}, and the facts make them nobody's owner, so no rule could give them the record. Add "
        f'"owners": {{"account_owner": {rep.pk}}} to the facts, or expect the pool.'
    )


def _never_takes(pool: Pool | None) -> str:
    if pool is None or _rules().filter(pool=pool).exists():
        return ""
    return f"No live rule and no draft leads to {pool}, so the check could never be met. Add the rule first."


def _versions() -> QuerySet[RuleSet]:
    return RuleSet.objects.exclude(state=State.ARCHIVED)


def _rules() -> QuerySet[Rule]:
    return Rule.objects.filter(rule_set__in=_versions())


def _some(codes: Iterable[str]) -> str:
    listed = list(codes)
    more = len(listed) - SHOWN_CODES
    return ", ".join(listed[:SHOWN_CODES]) + (f" and {more} more" if more > 0 else "")
