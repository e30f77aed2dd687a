"""Drafts of the rules: a new version begins as a copy of another, since live rules never change, and is then edited.

Every edit moves the draft's `version` on and says by whom and when, so that two people who edit at once notice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Model

from routing.models import Rule, RuleSet, Segment, Territory, User
from routing.version_locks import VersionError, lock_live, next_number

BASES: Final = frozenset({RuleSet.State.LIVE, RuleSet.State.ARCHIVED})
"""Versions that went live under signatures, so that a copy of them is no way around those."""
JUST_NOW = timedelta(minutes=1)


@transaction.atomic
def start_draft(*, based_on: RuleSet, title: str, author: User | None, now: datetime) -> RuleSet:
    """The next version as a draft, with copies of the segments, territories and rules of `based_on`.

    It is based on what is live: what an older version says otherwise are the draft's own changes, and a rebase keeps
    them.
    Raises VersionError for a base that was never live: whoever wrote it could sign their own words in the copy.
    """
    live = lock_live()
    if not RuleSet.objects.filter(pk=based_on.pk, state__in=BASES).exists():
        raise VersionError(f"{based_on} were never live, so no draft is based on them. Begin from the live rules.")
    draft = RuleSet.objects.create(
        number=next_number(),
        state=RuleSet.State.DRAFT,
        based_on=live or based_on,
        title=title,
        author=author,
        created_at=now,
    )
    copy_parts(based_on, draft)
    return draft


def copy_parts(source: RuleSet, target: RuleSet) -> None:
    """Gives a draft copies of everything `source` says."""
    for model in (Segment, Territory, Rule):
        _copy(model, source, target)


def mark_edited(rule_set: RuleSet, *, by: User, now: datetime) -> None:
    """Says that a draft was edited, in the transaction of the edit and under the lock of the draft."""
    rule_set.version += 1
    rule_set.edited_by, rule_set.edited_at = by, now
    rule_set.save(update_fields=["version", "edited_by", "edited_at"])
    rule_set.editors.add(by)


def stale_edit(rule_set: RuleSet, *, seen: int, now: datetime) -> str | None:
    """What to tell somebody who saves what they read at version `seen`; None if nothing was edited since."""
    if seen == rule_set.version:
        return None
    who = str(rule_set.edited_by or "Somebody")
    return (
        f"{who} changed this {_ago(rule_set.edited_at, now)}. Look at it again: what you typed is kept, and saving it "
        "again puts it in place of theirs."
    )


def _ago(at: datetime | None, now: datetime) -> str:
    if at is None or now - at < JUST_NOW:
        return "just now"
    minutes = int((now - at) / timedelta(minutes=1))
    if minutes >= 24 * 60:
        return _count(minutes // (24 * 60), "day")
    return _count(minutes // 60, "hour") if minutes >= 60 else _count(minutes, "minute")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'} ago"


def _copy(model: type[Model], source: RuleSet, target: RuleSet) -> None:
    rows = list(model._default_manager.filter(rule_set=source))
    for row in rows:
        row.pk = None
        row._state.adding = True
        row.rule_set = target  # type: ignore[attr-defined]  # every one of the three has it
    model._default_manager.bulk_create(rows)
