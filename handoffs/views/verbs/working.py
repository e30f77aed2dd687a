"""The owner's forms: first contact, meeting, outcome."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from handoffs import pipeline
from handoffs.models import Handoff, State
from handoffs.repeats import is_repeat
from handoffs.states import BadValueError
from handoffs.views.verbs.forms import HintedRadios, Remarks, VerbForm, account_of
from handoffs.views.verbs.moments import LocalMoment
from routing.models import HandoffType

CORRECTABLE = frozenset({State.CONTACTED, State.MEETING_BOOKED})
"""While in one of these, the time of the first contact can still be corrected on the page."""

CONVERTED_MEANS = {
    HandoffType.MQL_TO_SALES: "It was accepted as an SQL",
    HandoffType.SQL_TO_AE: "The opportunity is open and past its first stage",
    HandoffType.CLOSED_TO_CS: "The kickoff was held",
    HandoffType.EXPANSION_TO_SALES: "An expansion opportunity was opened",
}


class ContactForm(VerbForm):
    """The first contact with the customer."""

    verb, event = "log_contact", "contacted"
    leads_to: ClassVar[State | None] = State.CONTACTED
    when = LocalMoment(label="When it happened", error_messages={"required": "Say when it happened."})
    findings = Remarks(label="What you learned (optional)", required=False)

    def __init__(self, data: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self._local("when", earliest=self.handoff.assigned_at, latest=self.reading.now)
        self.fields["when"].initial = self.reading.now
        self.fields["findings"].help_text = "Is written into the CRM as a note."

    @classmethod
    def fitting(cls, handoff: Handoff) -> type[VerbForm]:
        return CorrectionForm if handoff.state in CORRECTABLE else cls

    @property
    def title(self) -> str:
        return "Log first contact"

    @property
    def note(self) -> str:
        return f"Stops the clock of {self.handoff.reference} at the time you give."

    @property
    def button(self) -> str:
        return "Log contact"

    def do(self, *, version: int | None) -> str:
        done = self.cleaned_data
        pipeline.log_contact(
            self.handoff,
            contacted_at=done["when"],
            findings=done["findings"],
            actor=self.actor,
            now=self.reading.now,
            version=version,
        )
        noted = " Your findings go into the CRM as a note." if done["findings"] else ""
        return f"First contact with {account_of(self.handoff)} is logged at {self.reading.time(done['when'])}.{noted}"

    def said(self) -> str:
        return str(self.cleaned_data["findings"])

    def facts(self) -> dict[str, Any]:
        return {"contacted_at": self.cleaned_data["when"]}


class CorrectionForm(ContactForm):
    """The first contact was earlier than was noted."""

    event, leads_to = "contact_corrected", None

    @property
    def too_late(self) -> str:
        return ""

    def __init__(self, data: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["when"].initial = self.handoff.contacted_at

    @property
    def title(self) -> str:
        return "Correct first contact"

    @property
    def note(self) -> str:
        return f"On record is {self._on_record}. It can only have been earlier; the clock is set to the time you give."

    @property
    def button(self) -> str:
        return "Correct it"

    @property
    def _on_record(self) -> str:
        return self.reading.time(self.handoff.contacted_at) if self.handoff.contacted_at else "no contact"

    def do(self, *, version: int | None) -> str:
        at, known = self.cleaned_data["when"], self.handoff.contacted_at
        is_current = version in {None, self.handoff.version}
        if is_current and known is not None and at >= known and not self.was_done():
            raise BadValueError(f"The first contact on record is {self._on_record}. Give an earlier time, or cancel.")
        super().do(version=version)
        noted = " Your findings go into the CRM as a note." if self.said() else ""
        return f"First contact with {account_of(self.handoff)} is corrected to {self.reading.time(at)}.{noted}"

    def was_done(self) -> bool:
        # Sent twice, the form of the first contact comes here the second time.
        logged = is_repeat(
            self.handoff, "contacted", to=State.CONTACTED, actor=self.actor, said=self.said(), **self.facts()
        )
        return logged or super().was_done()


class FindingsForm(VerbForm):
    """What was learned at the first contact, for whoever logged it without."""

    verb, right, event, leads_to = "add_findings", "log_contact", "findings_added", None
    findings = Remarks(label="What you learned", missing="Write at least one sentence.")

    @property
    def title(self) -> str:
        return "Add findings"

    @property
    def note(self) -> str:
        return f"What the first contact with {self.handoff.account.name} brought. It is written into the CRM as a note."

    def do(self, *, version: int | None) -> str:
        findings = self.cleaned_data["findings"]
        pipeline.add_findings(self.handoff, findings=findings, actor=self.actor, now=self.reading.now, version=version)
        return "Your findings go into the CRM as a note."

    def said(self) -> str:
        return str(self.cleaned_data["findings"])


class MeetingForm(VerbForm):
    """The first meeting, booked or already held."""

    verb, event, leads_to = "book_meeting", "meeting_booked", State.MEETING_BOOKED
    when = LocalMoment(label="When it starts", error_messages={"required": "Say when the meeting starts."})

    def __init__(self, data: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        latest = self.reading.now + pipeline.FURTHEST_MEETING
        self._local("when", earliest=self.handoff.contacted_at, latest=latest)

    @property
    def title(self) -> str:
        return "Book the first meeting"

    @property
    def note(self) -> str:
        return "The invitation is yours to send: this only records when it is. One already held counts as well."

    @property
    def button(self) -> str:
        return "Book meeting"

    def do(self, *, version: int | None) -> str:
        at = self.cleaned_data["when"]
        pipeline.book_meeting(self.handoff, meeting_at=at, actor=self.actor, now=self.reading.now, version=version)
        return f"The meeting with {account_of(self.handoff)} is recorded for {self.reading.moment(at)}."

    def facts(self) -> dict[str, Any]:
        return {"meeting_at": self.cleaned_data["when"]}


class OutcomeForm(VerbForm):
    """How it ended."""

    verb, event, leads_to = "close", "", None
    outcome = forms.ChoiceField(
        label="Outcome",
        choices=[(State.CONVERTED.value, "Converted"), (State.LOST.value, "Lost")],
        widget=HintedRadios,
        error_messages={"required": "Choose an outcome.", "invalid_choice": "Choose one of the two."},
    )
    reason = Remarks(label="Why (optional)", rows=3, required=False)

    def __init__(self, data: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self._hint("outcome", {"converted": CONVERTED_MEANS[self.handoff.type_enum], "lost": "It ends here, for now"})

    @property
    def title(self) -> str:
        return f"How did {account_of(self.handoff)} end?"

    @property
    def note(self) -> str:
        return "This closes the handoff; it cannot be opened again."

    @property
    def button(self) -> str:
        return "Record outcome"

    def do(self, *, version: int | None) -> str:
        done = self.cleaned_data
        pipeline.close(
            self.handoff,
            outcome=State(done["outcome"]),
            reason=done["reason"],
            actor=self.actor,
            now=self.reading.now,
            version=version,
        )
        return f"{self.handoff.reference} is closed as {done['outcome']}."

    def was_done(self) -> bool:
        outcome = State(self.cleaned_data["outcome"])
        return is_repeat(self.handoff, outcome.value, to=outcome, actor=self.actor, said=self.said())

    def said(self) -> str:
        return str(self.cleaned_data["reason"])
