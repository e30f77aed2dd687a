"""The forms that pass a handoff to somebody else, or end it: return, send again, reassign, withdraw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms

from handoffs import pipeline, wording
from handoffs.models import Handoff, ReturnReason, State
from handoffs.reassigning import Taker, takers
from handoffs.views.verbs.forms import HintedRadios, Remarks, VerbForm, account_of, sender_of
from sla import clock

LEAST = 10
"""Characters that tell the sender anything: a word alone does not."""

RETURN_HINTS: Mapping[str, str] = {
    ReturnReason.INCOMPLETE: "Say below what is missing",
    ReturnReason.WRONG_OWNER: "Sent again, it goes to somebody else",
    ReturnReason.DUPLICATE: "Name the other one below",
    ReturnReason.NOT_A_FIT: "",
    ReturnReason.OTHER: "",
}


class ReturnForm(VerbForm):
    """Back to the sender."""

    verb, event, leads_to, is_danger = "reject", "rejected", State.REJECTED, True
    reason = forms.ChoiceField(
        label="Reason",
        choices=ReturnReason.choices,
        widget=HintedRadios,
        error_messages={"required": "Choose a reason.", "invalid_choice": "Choose one of the reasons."},
    )
    comment = Remarks(least=LEAST)

    def __init__(self, data: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["comment"].label = f"What does {sender_of(self.handoff)} need to do?"
        self._hint("reason", RETURN_HINTS)

    @property
    def title(self) -> str:
        return f"Return {account_of(self.handoff)} to {sender_of(self.handoff)}?"

    @property
    def note(self) -> str:
        held = self.handoff.assignment
        within = (
            f"has {wording.duration(clock.policy_of(held).resubmit_minutes)} to answer" if held else "has to answer"
        )
        return f"The clock stops, and {sender_of(self.handoff)} {within}."

    @property
    def button(self) -> str:
        return f"Return to {sender_of(self.handoff)}"

    @property
    def keep(self) -> str:
        return "Keep it"

    def do(self, *, version: int | None) -> str:
        done = self.cleaned_data
        pipeline.reject(
            self.handoff,
            reason=done["reason"],
            comment=done["comment"],
            actor=self.actor,
            now=self.reading.now,
            version=version,
        )
        return f"{self.handoff.reference} is returned to {sender_of(self.handoff)}, who is told why."

    def said(self) -> str:
        return str(self.cleaned_data["comment"])

    def facts(self) -> dict[str, Any]:
        return {"reason": self.cleaned_data["reason"]}


class ResubmitForm(VerbForm):
    """The sender's answer to a return."""

    verb, event, leads_to = "resubmit", "resubmitted", None
    comment = Remarks(label="What has changed", missing="Say in a sentence what has changed.")

    @property
    def title(self) -> str:
        return f"Send {account_of(self.handoff)} again"

    @property
    def note(self) -> str:
        if self.handoff.rejection_reason == ReturnReason.WRONG_OWNER:
            return "It is looked at afresh and goes to somebody else, since it was returned for having the wrong owner."
        return "It is looked at afresh and goes back to whoever returned it, if they can take it."

    @property
    def button(self) -> str:
        return "Send again"

    def do(self, *, version: int | None) -> str:
        comment = self.cleaned_data["comment"]
        pipeline.resubmit(self.handoff, comment=comment, actor=self.actor, now=self.reading.now, version=version)
        return f"{self.handoff.reference} is sent again and is being prepared."

    def said(self) -> str:
        return str(self.cleaned_data["comment"])


class ReassignForm(VerbForm):
    """Another owner, chosen by a manager or RevOps among those who work in the receiving role."""

    verb, event, leads_to = "reassign", "reassigned", None
    nobody = "Nobody else works in the receiving role. RevOps can add people to the roster."
    to = forms.TypedChoiceField(
        label="New owner",
        coerce=int,
        widget=HintedRadios,
        error_messages={"required": "Choose who takes it.", "invalid_choice": "Choose somebody of the list."},
    )
    reason = Remarks(rows=3, label="Why", missing="Say in a sentence why.")

    def __init__(self, data: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.takers: dict[int, Taker] = {taker.rep.pk: taker for taker in takers(self.handoff, now=self.reading.now)}
        field = cast(forms.TypedChoiceField, self.fields["to"])
        field.choices = [(pk, taker.rep.name) for pk, taker in self.takers.items()]
        self.people = {pk: taker.rep for pk, taker in self.takers.items()}
        owner = self.handoff.owner
        if owner is not None and data is not None and data.get("to") == str(owner.pk):
            # The same form sent twice: the pipeline says whether it is that.
            field.choices = [*field.choices, (owner.pk, owner.name)]
            self.people[owner.pk] = owner
        self._hint("to", {str(pk): self._stands(taker) for pk, taker in self.takers.items()})

    @property
    def title(self) -> str:
        owner = self.handoff.owner
        return f"Reassign {account_of(self.handoff)}" if owner else f"Give {account_of(self.handoff)} to somebody"

    @property
    def note(self) -> str:
        owner = self.handoff.owner
        told = f" {wording.name(owner.first_name)} is told that it is gone." if owner else ""
        return f"The new owner gets a clock of their own and is told.{told}"

    @property
    def button(self) -> str:
        return "Reassign" if self.handoff.owner else "Give it to them"

    def do(self, *, version: int | None) -> str:
        done = self.cleaned_data
        to = self.people[done["to"]]
        pipeline.reassign(
            self.handoff, to=to, reason=done["reason"], actor=self.actor, now=self.reading.now, version=version
        )
        taker = self.takers.get(to.pk)
        warning = f", who {self.reading.localised(taker.reason)}" if taker is not None and taker.reason else ""
        return f"{self.handoff.reference} now belongs to {wording.name(to.name)}{warning}."

    def was_done(self) -> bool:
        if self.cleaned_data["to"] != Handoff.objects.values_list("owner_id", flat=True).get(pk=self.handoff.pk):
            return False
        return super().was_done()

    def said(self) -> str:
        return str(self.cleaned_data["reason"])

    def facts(self) -> dict[str, Any]:
        return {"rep": self.cleaned_data["to"]}

    def _stands(self, taker: Taker) -> str:
        open_now = f"{taker.rep.team.name}, {taker.load} open"
        return f"{open_now}, {self.reading.localised(taker.reason)}" if taker.reason else f"{open_now}, available now"


class WithdrawForm(VerbForm):
    """The trigger was wrong."""

    verb, event, leads_to, is_danger = "withdraw", "withdrawn", State.WITHDRAWN, True
    reason = Remarks(label="Why it ends", rows=3, missing="Say in a sentence why it ends.")

    @property
    def title(self) -> str:
        return f"Withdraw {account_of(self.handoff)}?"

    @property
    def note(self) -> str:
        owner = f"{wording.name(self.handoff.owner.first_name)} is told, " if self.handoff.owner else ""
        return wording.capital(f"{owner}its clocks stop, and it cannot be opened again.")

    @property
    def button(self) -> str:
        return "Withdraw"

    @property
    def keep(self) -> str:
        return "Keep it"

    def do(self, *, version: int | None) -> str:
        reason = self.cleaned_data["reason"]
        pipeline.withdraw(self.handoff, reason=reason, actor=self.actor, now=self.reading.now, version=version)
        return f"{self.handoff.reference} is withdrawn."

    def said(self) -> str:
        return str(self.cleaned_data["reason"])
