"""What the sender, a manager or RevOps does with a handoff."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404

from handoffs import pipeline
from handoffs.access import roster_visible_to
from handoffs.api.documenting import describe_verb
from handoffs.api.fields import Change, Text, Uuid
from handoffs.api.problems import ProblemError
from handoffs.api.views import VerbView, checked
from handoffs.completeness_fields import FIELDS
from handoffs.models import Handoff
from handoffs.now import now, real_now


@describe_verb("resubmit")
class ResubmitView(VerbView):
    """A returned handoff once more."""

    verb = "resubmit"

    class Input(Change):
        """What has changed."""

        comment = Text(required=False, allow_blank=True)

    def act(self, row: Handoff, *, version: int | None, comment: str = "", **asked: Any) -> None:
        pipeline.resubmit(row, comment=comment, actor=self.actor, now=now(), version=version)


@describe_verb("withdraw")
class WithdrawView(VerbView):
    """The trigger was wrong."""

    verb = "withdraw"

    class Input(Change):
        """Why."""

        reason = Text()

    def act(self, row: Handoff, *, version: int | None, **asked: Any) -> None:
        pipeline.withdraw(row, reason=asked["reason"], actor=self.actor, now=now(), version=version)


@describe_verb("fill_gap")
class GapView(VerbView):
    """What was missing."""

    verb = "fill_gap"

    class Input(Change):
        """The value, as it goes into the CRM."""

        value = Text(max_length=2_000)

    def check_path(self, **named: str) -> None:
        if named["key"] not in FIELDS:
            raise Http404

    def act(self, row: Handoff, *, version: int | None, **asked: Any) -> None:
        pipeline.fill_gap(
            row,
            gap=asked["key"],
            value=asked["value"],
            actor=self.actor,
            now=now(),
            real_now=real_now(),
            version=version,
        )


@describe_verb("reassign")
class ReassignView(VerbView):
    """Another owner."""

    verb = "reassign"

    class Input(Change):
        """Who, and why."""

        to = Uuid(help_text="The uuid of a rep in the receiving role, or of the receiving team's manager, from /reps/")
        reason = Text()

    def act(self, row: Handoff, *, version: int | None, **asked: Any) -> None:
        wanted: UUID = asked["to"]
        to = roster_visible_to(self.user).filter(uuid=wanted).first()
        if to is None:
            sentence = f"Nobody on the roster has the uuid {wanted}. Look it up at /api/v1/reps/."
            raise ProblemError("unprocessable", sentence, errors=[{"pointer": "#/to", "detail": sentence}])
        pipeline.reassign(row, to=to, reason=asked["reason"], actor=self.actor, now=now(), version=version)


@describe_verb("retry")
class RetryView(VerbView):
    """Look again, at once."""

    verb = "retry"

    def act(self, row: Handoff, *, version: int | None, **asked: Any) -> None:
        checked(row, version)
        pipeline.retry(row, actor=self.actor, now=now())
