"""What can be done to a version of the rules: what is asked first, what is said about it, and the one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms

from handoffs import rule_versions
from handoffs.now import now, real_now
from routing.models import RuleSet, User
from routing.version_locks import VersionError

State = RuleSet.State
LONGEST_TITLE = 200
LONGEST_COMMENT = 2_000
TOO_LONG = "Say it in at most %(limit_value)d characters; these are %(show_value)d."
STALE = "The form does not say what it showed. Open it again."


class ActForm(forms.Form):
    """What the reader saw when they decided, and perhaps words of theirs."""

    seen_hash = forms.CharField(
        required=False, max_length=64, widget=forms.HiddenInput(), error_messages={"max_length": STALE}
    )
    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput(), error_messages={"invalid": STALE})
    seen_live = forms.IntegerField(required=False, widget=forms.HiddenInput(), error_messages={"invalid": STALE})


class TitleForm(ActForm):
    """What a new draft is for."""

    title = forms.CharField(
        label=f"What the draft is for, in at most {LONGEST_TITLE} characters",
        max_length=LONGEST_TITLE,
        widget=forms.TextInput(attrs={"class": "input"}),
        error_messages={"required": "Say in a few words what the draft is for.", "max_length": TOO_LONG},
    )


class CommentForm(ActForm):
    """What should be changed."""

    comment = forms.CharField(
        label="What should be changed",
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"class": "input", "rows": 4}),
        error_messages={"required": "Say in a sentence what should be changed.", "max_length": TOO_LONG},
    )


class RebaseForm(ActForm):
    """Whose change wins where both changed the same."""

    keep_mine = forms.BooleanField(label="Where both changed the same thing, keep what the draft says", required=False)


@dataclass(frozen=True, kw_only=True)
class Act:
    """One of the things that can be done: `name` is its right in `RULE_ACTS`, `states` where it is offered."""

    name: str
    slug: str
    label: str
    title: str
    happens: str
    done: str
    states: frozenset[RuleSet.State]
    do: Callable[[RuleSet, User, dict[str, Any]], RuleSet]
    form: type[ActForm] = ActForm
    is_primary: bool = False
    is_danger: bool = False
    shows_changes: bool = False


def _begin(version: RuleSet, user: User, asked: dict[str, Any]) -> RuleSet:
    return rule_versions.begin(based_on=version, title=asked["title"], by=user, now=now())


def _submit(version: RuleSet, user: User, asked: dict[str, Any]) -> RuleSet:
    return rule_versions.submit(version, by=user, now=now(), version=_needed(asked["seen_version"]))


def _take_back(version: RuleSet, user: User, asked: dict[str, Any]) -> RuleSet:
    return rule_versions.take_back(version, by=user, now=now(), version=_needed(asked["seen_version"]))


def _rebase(version: RuleSet, user: User, asked: dict[str, Any]) -> RuleSet:
    seen, live = _needed(asked["seen_version"]), _needed(asked["seen_live"])
    return rule_versions.rebase(version, by=user, now=now(), keep_mine=asked["keep_mine"], version=seen, live=live)


def _sign(version: RuleSet, user: User, asked: dict[str, Any]) -> RuleSet:
    seen = asked["seen_hash"]
    rule_versions.sign(version, seen_hash=seen, by=user, now=now(), signed_at=real_now())
    return version


def _ask_for_changes(version: RuleSet, user: User, asked: dict[str, Any]) -> RuleSet:
    seen, comment = asked["seen_hash"], asked["comment"]
    return rule_versions.ask_for_changes(
        version, comment=comment, seen_hash=seen, by=user, now=now(), signed_at=real_now()
    )


def _publish(version: RuleSet, user: User, asked: dict[str, Any]) -> RuleSet:
    return rule_versions.make_live(version, by=user, now=now(), version=_needed(asked["seen_version"]))


def _go_back(version: RuleSet, user: User, asked: dict[str, Any]) -> RuleSet:
    return rule_versions.go_back(version, by=user, now=now(), live=_needed(asked["seen_live"]))


def _needed(seen: int | None) -> int:
    if seen is None:
        raise VersionError(STALE)
    return seen


ACTS: tuple[Act, ...] = (
    Act(
        name="publish",
        slug="publish",
        label="Publish",
        title="Make these rules live?",
        happens="Every decision from this moment on is made by them. Handoffs on their way keep the rules they have.",
        done="{version} are live.",
        states=frozenset({State.IN_APPROVAL}),
        do=_publish,
        is_primary=True,
        shows_changes=True,
    ),
    Act(
        name="sign",
        slug="sign",
        label="Sign",
        title="Sign these rules?",
        happens="You sign exactly what is listed here. Any later edit makes your signature void.",
        done="You have signed {version}.",
        states=frozenset({State.IN_APPROVAL}),
        do=_sign,
        is_primary=True,
        shows_changes=True,
    ),
    Act(
        name="ask_for_changes",
        slug="changes",
        label="Ask for changes",
        title="Send these rules back?",
        happens="The version becomes a draft again, and signatures that it has are void.",
        done="{version} are a draft again, with what you wrote.",
        states=frozenset({State.IN_APPROVAL}),
        do=_ask_for_changes,
        form=CommentForm,
    ),
    Act(
        name="submit",
        slug="submit",
        label="Submit for signatures",
        title="Submit this draft for signatures?",
        happens="It cannot be edited while it waits for RevOps and sales leadership to sign it. It can be taken back.",
        done="{version} wait for signatures.",
        states=frozenset({State.DRAFT}),
        do=_submit,
        is_primary=True,
        shows_changes=True,
    ),
    Act(
        name="rebase",
        slug="rebase",
        label="Rebase",
        title="Bring this draft up to date with the live rules?",
        happens="What the draft left alone follows the live rules, and its own changes stay. Signatures are void.",
        done="{version} are based on the live rules now. Look at the changes before you submit them.",
        states=frozenset({State.DRAFT, State.IN_APPROVAL}),
        do=_rebase,
        form=RebaseForm,
    ),
    Act(
        name="take_back",
        slug="take-back",
        label="Take back",
        title="Take this version back?",
        happens="It becomes a draft that can be edited, and signatures that it has are void.",
        done="{version} are a draft again.",
        states=frozenset({State.IN_APPROVAL}),
        do=_take_back,
    ),
    Act(
        name="go_back",
        slug="go-back",
        label="Go back to these",
        title="Go back to these rules?",
        happens="They were live before, so nobody signs them again. They are published at once, under a new number.",
        done="{version} are live.",
        states=frozenset({State.ARCHIVED}),
        do=_go_back,
        is_danger=True,
        shows_changes=True,
    ),
    Act(
        name="begin",
        slug="begin",
        label="Begin a draft",
        title="Begin a draft",
        happens="The draft starts as a copy and is edited in the administration. What is live stays as it is.",
        done="{version} are begun. Edit them in the administration, then submit them here.",
        states=frozenset({State.LIVE, State.ARCHIVED}),
        do=_begin,
        form=TitleForm,
    ),
)
