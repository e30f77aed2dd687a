"""Versions of the rules, as people bring them about: begin, submit, sign, publish, rebase, go back.

`routing.publish` moves the version; here it is asked who signed what, and every act is one transaction with its line on
the stream `rule_set:<uuid>`. A version goes live under two signatures, one for RevOps and one for sales leadership, of
people who neither wrote nor edited it, on exactly what it says. All verbs raise `VersionError`, whose message is a
sentence for people; `now` is business time, `signed_at` real time, both aware UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from handoffs import rule_notices, timeline, wake
from handoffs.models import Approval
from handoffs.post import Post
from handoffs.rule_signatures import must_be_signed, side_of, standing, stream_of, was_sanctioned, was_signed, write
from routing import drafts, publish, reports
from routing.models import RuleSet, User
from routing.version_locks import VersionError, lock, lock_live

State = RuleSet.State


@transaction.atomic
def begin(*, based_on: RuleSet, title: str, by: User, now: datetime) -> RuleSet:
    """A new draft that says what `based_on` says."""
    draft = drafts.start_draft(based_on=based_on, title=title, author=by, now=now)
    _record(draft, "rules_begun", by=by, now=now, based_on=based_on.number)
    return draft


@transaction.atomic
def edited(rule_set: RuleSet, *, what: Sequence[str], by: User, now: datetime) -> None:
    """Says that a draft, which the caller holds and has changed, was edited; `what` are sentences about it."""
    drafts.mark_edited(rule_set, by=by, now=now)
    _record(rule_set, "rules_edited", by=by, now=now, what=" ".join(what))


def submit(rule_set: RuleSet, *, by: User, now: datetime, version: int | None = None) -> RuleSet:
    """Asks for the two signatures. `version` is the edit that the submitter looked at."""
    # Takes its time with many rules. Inside it is found again by what it read, as long as that is still so.
    reports.report(rule_set)
    return _submit(rule_set, by=by, now=now, version=version)


@transaction.atomic
def _submit(rule_set: RuleSet, *, by: User, now: datetime, version: int | None) -> RuleSet:
    _must_be_as_seen(rule_set, version=version, among=[State.DRAFT])
    row = publish.submit(rule_set, by=by)
    _record(row, rule_notices.SUBMITTED, by=by, now=now, hash=row.content_hash)
    _send(rule_notices.to_signers(row, stream=stream_of(row), by=by, now=now))
    return row


@transaction.atomic
def take_back(rule_set: RuleSet, *, by: User, now: datetime, version: int | None = None) -> RuleSet:
    """Back to a draft, without what was signed. `version` is the edit that was looked at."""
    _must_be_as_seen(rule_set, version=version, among=[State.IN_APPROVAL])
    row = publish.withdraw_submission(rule_set)
    _record(row, "rules_taken_back", by=by, now=now)
    rule_notices.done(row, now=now)
    return row


@transaction.atomic
def sign(rule_set: RuleSet, *, seen_hash: str, by: User, now: datetime, signed_at: datetime) -> Approval:
    """A signature on what the signer saw, for the side that they stand on and that nobody has signed for yet."""
    row = _held_in_approval(rule_set, seen_hash=seen_hash)
    side, role = side_of(row, by, at=now)
    approval = write(row, side=side, role=role, verdict=Approval.Verdict.APPROVED, by=by, at=signed_at)
    _record(row, "rules_signed", by=by, now=now, side=side, hash=row.content_hash)
    is_signed = not standing(row).missing
    rule_notices.done(row, now=now, by=None if is_signed else by)
    if is_signed:
        _send(rule_notices.signed(row, stream=stream_of(row), by=by, now=now))
    return approval


@transaction.atomic
def ask_for_changes(
    rule_set: RuleSet, *, comment: str, seen_hash: str, by: User, now: datetime, signed_at: datetime
) -> RuleSet:
    """The opposite of a signature: the version becomes a draft again, and its author reads why."""
    if not comment.strip():
        raise VersionError("Say in a sentence what should be changed.")
    row = _held_in_approval(rule_set, seen_hash=seen_hash)
    side, role = side_of(row, by, at=now)
    verdict = Approval.Verdict.CHANGES
    write(row, side=side, role=role, verdict=verdict, by=by, at=signed_at, comment=comment.strip())
    draft = publish.withdraw_submission(row)
    _record(draft, "rules_changes_asked", by=by, now=now, side=side)
    rule_notices.done(draft, now=now)
    _send(rule_notices.sent_back(draft, stream=stream_of(draft), by=by, now=now))
    return draft


def make_live(rule_set: RuleSet, *, by: User, now: datetime, version: int | None = None) -> RuleSet:
    """Publishes a version that both sides have signed; from the commit on every decision is made by it.

    `version` is the edit that was looked at.
    """
    reports.report(rule_set)
    return _make_live(rule_set, by=by, now=now, version=version)


@transaction.atomic
def _make_live(rule_set: RuleSet, *, by: User, now: datetime, version: int | None) -> RuleSet:
    row = _must_be_as_seen(rule_set, version=version, among=[State.IN_APPROVAL])
    if row.state == State.IN_APPROVAL:
        must_be_signed(row)
    live = RuleSet.objects.filter(state=State.LIVE).first()
    row = publish.publish(row, signed_hash=row.content_hash, now=now)
    _record_live(row, live, by=by, now=now)
    return row


@transaction.atomic
def rebase(
    rule_set: RuleSet,
    *,
    by: User,
    now: datetime,
    keep_mine: bool = False,
    version: int | None = None,
    live: int | None = None,
) -> RuleSet:
    """Brings a draft up to date with the live rules; raises ConflictError where both changed the same thing.

    `version` is the edit and `live` the number of the live rules that were looked at.
    """
    _must_be_as_seen(rule_set, version=version, among=[State.DRAFT, State.IN_APPROVAL], live=live)
    row = publish.rebase(rule_set, by=by, now=now, keep_mine=keep_mine)
    onto = row.based_on.number if row.based_on else 0
    _record(row, "rules_rebased", by=by, now=now, onto=onto)
    rule_notices.done(row, now=now)
    return row


@transaction.atomic
def go_back(version: RuleSet, *, by: User, now: datetime, live: int | None = None) -> RuleSet:
    """Republishes an archived version as a new one; `live` is the number of the live rules that were looked at.

    It says exactly what was live once, or what both sides signed, so nobody signs again; anything else takes the way of
    a draft.
    """
    row = _must_be_as_seen(version, live=live)
    if not was_sanctioned(row):
        raise VersionError(
            f"{row} were neither live nor signed, so they cannot go live at once. Submit them as a draft."
        )
    was_signed_before = was_signed(row.content_hash)
    before = RuleSet.objects.filter(state=State.LIVE).first()
    copy = publish.rollback(row, signed_hash=row.content_hash, by=by, now=now)
    verb = "rules_gone_back" if was_signed_before else "rules_live_again"
    _record(copy, verb, by=by, now=now, source=row.number, hash=copy.content_hash)
    _record_live(copy, before, by=by, now=now)
    return copy


def _held_in_approval(rule_set: RuleSet, *, seen_hash: str) -> RuleSet:
    row = lock(rule_set)
    if row.state != State.IN_APPROVAL:
        raise VersionError(f"{row} are {row.now_is}, so there is nothing to sign. Look at them again.")
    if not seen_hash == row.content_hash == publish.content_hash(row):
        raise VersionError(f"{row} do not say any more what you saw. Look at them again before you sign.")
    return row


def _must_be_as_seen(
    rule_set: RuleSet, *, version: int | None = None, among: Sequence[RuleSet.State] = (), live: int | None = None
) -> RuleSet:
    """The version, held, if its edit and the live rules are those that somebody looked at; None: nobody looked.

    Edits count in the states `among`: in any other one the act itself says where the version stands.
    """
    row = lock(rule_set)
    if version is not None and version != row.version and row.state in among:
        editor = f" (last edited by {row.edited_by})" if row.edited_by else ""
        raise VersionError(f"{row} are not what you saw{editor}: they were changed since. Look at them again.")
    if live is not None:
        held = lock_live()
        if held is None or held.number != live:
            raise VersionError(f"{held or 'No rules'} are live by now, and v{live} were when you looked. Look again.")
    return row


def _send(post: Post) -> None:
    """What people are told of an act, in its transaction."""
    post.queue()
    wake.after_commit()


def _record(row: RuleSet, verb: str, *, by: User, now: datetime, **facts: object) -> None:
    timeline.record(stream_of(row), verb, actor=f"user:{by.pk}", now=now, **facts)


def _record_live(row: RuleSet, before: RuleSet | None, *, by: User, now: datetime) -> None:
    _record(row, "rules_published", by=by, now=now, replaced=before.number if before else 0, hash=row.content_hash)
    if before is not None:
        _record(before, "rules_archived", by=by, now=now, by_version=row.number)
