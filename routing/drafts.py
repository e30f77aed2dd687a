"""Drafts of the rules: a new version begins as a copy of another, since live rules never change."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max, Model

from routing.models import Rule, RuleSet, Segment, Territory, User


@transaction.atomic
def start_draft(*, based_on: RuleSet, title: str, author: User | None, now: datetime) -> RuleSet:
    """The next version as a draft, with copies of the segments, territories and rules of `based_on`."""
    # The version copied from is held, so that two drafts begun at once get two numbers.
    RuleSet.objects.select_for_update().get(pk=based_on.pk)
    last: int = RuleSet.objects.aggregate(last=Max("number"))["last"]
    draft = RuleSet.objects.create(
        number=last + 1, state=RuleSet.State.DRAFT, based_on=based_on, title=title, author=author, created_at=now
    )
    for model in (Segment, Territory, Rule):
        _copy(model, based_on, draft)
    return draft


def _copy(model: type[Model], source: RuleSet, target: RuleSet) -> None:
    rows = list(model._default_manager.filter(rule_set=source))
    for row in rows:
        row.pk = None
        row._state.adding = True
        row.rule_set = target  # type: ignore[attr-defined]  # every one of the three has it
    model._default_manager.bulk_create(rows)
