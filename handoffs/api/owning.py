"""What the owner of a handoff does with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework.exceptions import PermissionDenied

from handoffs import pipeline
from handoffs.access import rep_of
from handoffs.api.documenting import describe_verb
from handoffs.api.fields import Change, Instant, Text, Word
from handoffs.api.views import VerbView
from handoffs.models import Handoff, ReturnReason, State
from handoffs.now import now


@describe_verb("acknowledge")
class AcknowledgeView(VerbView):
    """The owner has it."""

    verb = "acknowledge"

    def act(self, row: Handoff, *, version: int | None, **asked: Any) -> None:
        pipeline.acknowledge(row, actor=self.actor, now=now(), version=version)


@describe_verb("take")
class TakeView(VerbView):
    """Somebody of the pool takes it out of the queue."""

    verb = "take"

    def act(self, row: Handoff, *, version: int | None, **asked: Any) -> None:
        rep = rep_of(self.user)
        if rep is None:
            raise PermissionDenied
        pipeline.take(row, by=rep, actor=self.actor, now=now(), version=version)


@describe_verb("undo_acknowledge")
class UndoAcknowledgeView(VerbView):
    """Takes that back, for ten seconds."""

    verb = "undo_acknowledge"

    def act(self, row: Handoff, *, version: int | None, **asked: Any) -> None:
        pipeline.undo_acknowledge(row, actor=self.actor, now=now(), version=version)


@describe_verb("log_contact")
class ContactView(VerbView):
    """The first contact with the customer."""

    verb = "log_contact"

    class Input(Change):
        """When, and what was found out."""

        contacted_at = Instant(required=False, help_text="When it happened; now, if left out")
        findings = Text(required=False, allow_blank=True, help_text="Written into the CRM as a note")

    def act(
        self,
        row: Handoff,
        *,
        version: int | None,
        contacted_at: datetime | None = None,
        findings: str = "",
        **asked: Any,
    ) -> None:
        at = now()
        pipeline.log_contact(
            row, contacted_at=contacted_at or at, findings=findings, actor=self.actor, now=at, version=version
        )


@describe_verb("book_meeting")
class MeetingView(VerbView):
    """The first meeting."""

    verb = "book_meeting"

    class Input(Change):
        """When it begins."""

        meeting_at = Instant()

    def act(self, row: Handoff, *, version: int | None, **asked: Any) -> None:
        pipeline.book_meeting(row, meeting_at=asked["meeting_at"], actor=self.actor, now=now(), version=version)


@describe_verb("return_handoff")
class ReturnView(VerbView):
    """Back to the sender."""

    verb = "reject"

    class Input(Change):
        """Why."""

        reason = Word(choices=ReturnReason.choices)
        comment = Text(required=False, allow_blank=True, help_text="What the sender needs to do")

    def act(self, row: Handoff, *, version: int | None, comment: str = "", **asked: Any) -> None:
        pipeline.reject(row, reason=asked["reason"], comment=comment, actor=self.actor, now=now(), version=version)


@describe_verb("close_handoff")
class OutcomeView(VerbView):
    """How it ended."""

    verb = "close"

    class Input(Change):
        """Converted or lost, by the meaning of the type."""

        outcome = Word(choices=[(state.value, state.label) for state in (State.CONVERTED, State.LOST)])
        reason = Text(required=False, allow_blank=True)

    def act(self, row: Handoff, *, version: int | None, reason: str = "", **asked: Any) -> None:
        outcome = State(asked["outcome"])
        pipeline.close(row, outcome=outcome, reason=reason, actor=self.actor, now=now(), version=version)
