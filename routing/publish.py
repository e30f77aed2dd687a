"""The life of a version: draft -> in approval -> live -> archived; rebase and rollback.

Here hashes are compared and rows change hands, each verb in one transaction under the lock of the version. Submitting
and publishing ask for the report on it, which callers have made before they begin. Who signed,
and who may, is not known here: `handoffs.rule_versions` asks that first, and writes the log line. Every verb raises
VersionError, whose message is a sentence for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from routing import rebasing
from routing.compiling import compile_now, compiled
from routing.contents import contents_of
from routing.drafts import copy_parts
from routing.found import CHECK
from routing.models import RuleSet, User
from routing.reports import report
from routing.soundness import Problem
from routing.version_locks import VersionError, lock, lock_live, next_number

State = RuleSet.State


class BlockedError(VersionError):
    """Something in the rules themselves stands in the way; `problems` name it."""

    def __init__(self, sentence: str, problems: Sequence[Problem]) -> None:
        super().__init__(sentence)
        self.problems = tuple(problems)


class ConflictError(VersionError):
    """The live rules and the draft changed the same thing differently; `conflicts` has a sentence for each."""

    def __init__(self, sentence: str, conflicts: Sequence[str]) -> None:
        super().__init__(sentence)
        self.conflicts = tuple(conflicts)


def content_hash(rule_set: RuleSet) -> str:
    """SHA-256, in hex, of all that routing reads of the version."""
    return contents_of(rule_set).hash


@transaction.atomic
def submit(rule_set: RuleSet, *, by: User) -> RuleSet:
    """Asks for signatures under what a draft says now: from here on it does not change."""
    row = lock(rule_set)
    _must_be(row, State.DRAFT, "submitted")
    _must_follow_live(row, lock_live())
    _must_be_sound(row)
    row.state, row.content_hash = State.IN_APPROVAL, content_hash(row)
    row.submissions += 1
    row.version += 1
    row.author = row.author or by
    row.save(update_fields=["state", "content_hash", "submissions", "version", "author"])
    return row


@transaction.atomic
def withdraw_submission(rule_set: RuleSet) -> RuleSet:
    """Back to a draft, to be edited; the signatures under it are for nothing."""
    row = lock(rule_set)
    _must_be(row, State.IN_APPROVAL, "taken back")
    row.state, row.content_hash = State.DRAFT, ""
    row.version += 1
    row.save(update_fields=["state", "content_hash", "version"])
    return row


@transaction.atomic
def publish(rule_set: RuleSet, *, signed_hash: str, now: datetime, despite_checks: bool = False) -> RuleSet:
    """Makes a version live and archives the one before, at once and together.

    `signed_hash` is what the signatures are under. Handoffs that are on their way keep their version; whatever is
    decided after the commit, in whichever process, is decided by this one. `despite_checks` for a version that was live
    before: a saved check that somebody wrote since does not bar the way back, though rules that are unsound do.
    """
    row = lock(rule_set)
    _must_be(row, State.IN_APPROVAL, "published")
    if content_hash(row) != signed_hash:
        raise VersionError(f"{row} do not say what was signed. Take them back, look at them, and submit them again.")
    # Known already as a rule; if it is not, nobody has to wait for the live version while it is worked out.
    _must_be_sound(row, despite_checks=despite_checks)
    rules = compile_now(row.pk)
    live = lock_live()
    _must_follow_live(row, live)
    if live is not None:
        live.state = State.ARCHIVED
        live.save(update_fields=["state"])
    row.state, row.published_at = State.LIVE, now
    row.content_hash = signed_hash
    row.version += 1
    row.save(update_fields=["state", "published_at", "content_hash", "version"])
    # Not before it is certain: what is taken back instead is edited, under the same id.
    transaction.on_commit(lambda: compiled.keep(rules))
    return row


@transaction.atomic
def rebase(rule_set: RuleSet, *, by: User, now: datetime, keep_mine: bool = False) -> RuleSet:
    """Bases a draft, or a version in approval, which becomes a draft again, on the live version.

    What the draft left alone follows the live version. Raises ConflictError, and changes nothing, where both changed
    the same thing differently; with `keep_mine` the draft's own wins there.
    """
    row = lock(rule_set)
    if row.state not in {State.DRAFT, State.IN_APPROVAL}:
        _must_be(row, State.DRAFT, "rebased")
    live = lock_live()
    if row.based_on is None:
        raise VersionError(
            f"{row} are based on no version, so nothing can be compared. Begin a draft from the live rules."
        )
    if live is None:
        raise VersionError(f"No rules are live, so {row} can be submitted as they are.")
    if row.based_on_id == live.pk:
        raise VersionError(f"{row} are based on the live rules already. There is nothing to rebase.")
    merged = rebasing.merge(base=contents_of(row.based_on), mine=contents_of(row), theirs=contents_of(live))
    if merged.conflicts and not keep_mine:
        raise ConflictError(
            f"{live} and this draft changed the same things. Nothing was done: change the draft, or keep its own.",
            merged.conflicts,
        )
    row.state, row.content_hash, row.based_on = State.DRAFT, "", live
    row.version += 1
    row.edited_by, row.edited_at = by, now
    row.save(update_fields=["state", "content_hash", "based_on", "version", "edited_by", "edited_at"])
    row.editors.add(by)
    rebasing.write(merged, draft=row)
    return row


@transaction.atomic
def rollback(version: RuleSet, *, signed_hash: str, by: User, now: datetime) -> RuleSet:
    """Republishes an archived version under a new number, in one go.

    It says exactly what it said under `signed_hash`, so whoever calls may know that nobody needs to sign it again.
    """
    row = lock(version)
    _must_be(row, State.ARCHIVED, "gone back to")
    if content_hash(row) != signed_hash:
        raise VersionError(f"{row} do not say what was signed then. Begin a draft from them and have it signed.")
    live = lock_live()
    copy = RuleSet.objects.create(
        number=next_number(), based_on=live, title=f"Back to v{row.number}", author=by, created_at=now
    )
    copy_parts(row, copy)
    copy.state, copy.content_hash = State.IN_APPROVAL, signed_hash
    copy.save(update_fields=["state", "content_hash"])
    return publish(copy, signed_hash=signed_hash, now=now, despite_checks=True)


def _must_be(row: RuleSet, state: RuleSet.State, done: str) -> None:
    if row.state != state:
        raise VersionError(
            f"{row} are {row.now_is}, so they cannot be {done}. Look at them again to see where they stand."
        )


def _must_follow_live(row: RuleSet, live: RuleSet | None) -> None:
    stale = behind(row, live)
    if stale:
        raise VersionError(f"{stale}.")


def behind(row: RuleSet, live: RuleSet | None) -> str:
    """That other rules went live since a version was begun, a sentence without its end; empty if none did."""
    if live is None or row.based_on_id == live.pk:
        return ""
    based = f"v{row.based_on.number}" if row.based_on else "no version"
    return f"{row} are based on {based}, and v{live.number} is live now. Rebase them first"


def _must_be_sound(row: RuleSet, *, despite_checks: bool = False) -> None:
    blocking = [problem for problem in report(row) if problem.blocking]
    found = [problem for problem in blocking if not (despite_checks and problem.kind == CHECK)]
    if found:
        raise BlockedError(f"{row} cannot be used as they are: {found[0].sentence}", found)
