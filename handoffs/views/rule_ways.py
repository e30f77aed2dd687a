"""What can be done to a version of the rules as it stands, and why the rest cannot."""

from __future__ import annotations

from collections.abc import Iterator

from handoffs import rule_signatures
from handoffs.now import now
from handoffs.rule_access import may_with_rules
from handoffs.views.rule_acts import ACTS, Act
from routing.models import RuleSet, User

State = RuleSet.State


def ways(row: RuleSet, user: User, *, is_blocked: bool) -> Iterator[Act]:
    """What the reader may do next; `is_blocked` if something in the rules keeps them from being used."""
    for act in ACTS:
        if not may_with_rules(user, act.name, at=now()) or (is_blocked and act.name in {"submit", "publish"}):
            continue
        if not why_not(act, row, user):
            yield act


def why_not(act: Act, row: RuleSet, user: User) -> str:
    """Why an act, which the reader has the right to, cannot be done now, in a sentence or two; empty if it can."""
    if row.state not in act.states:
        wanted = " or ".join(sorted(state.label.lower() for state in act.states))
        stands = f"{row} are {row.now_is}, and “{act.label}” is for a version that is {wanted}."
        return f"{stands} See what can be done with it."
    if act.name in {"sign", "ask_for_changes"}:
        return rule_signatures.why_not_sign(row, user, at=now()) or ""
    if act.name == "publish":
        return rule_signatures.why_not_publish(row)
    if act.name == "submit":
        return rule_signatures.why_behind(row)
    if act.name == "rebase" and not rule_signatures.why_behind(row):
        return f"{row} are based on the live rules already. There is nothing to rebase."
    if act.name == "go_back" and not rule_signatures.was_sanctioned(row):
        return f"{row} were neither live nor signed, so they cannot go live at once. Begin a draft from the live rules."
    return ""
