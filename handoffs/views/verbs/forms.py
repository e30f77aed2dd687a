"""What the form of every verb has in common: its words, and the one call of the pipeline that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, cast

from django import forms

from handoffs import states, wording
from handoffs.giving import LONGEST_REMARK
from handoffs.models import Handoff, State
from handoffs.repeats import is_repeat
from handoffs.states import RefusedError
from handoffs.views.verbs.moments import LocalMoment
from handoffs.views.words import Reading
from routing.models import User


class Remarks(forms.CharField):
    """Some lines of free text, as many as are kept; fewer than `least` characters are as good as `missing`."""

    def __init__(
        self, *, rows: int = 4, missing: str = "Write at least one sentence.", least: int = 1, **kwargs: Any
    ) -> None:
        self.least = least
        widget = forms.Textarea(attrs={"class": "input", "rows": rows, "dir": "auto"})
        super().__init__(widget=widget, error_messages={"required": missing}, **kwargs)

    def clean(self, value: Any) -> str:
        """The text; a long one is refused with its length, rather than cut."""
        said: str = super().clean(value)
        if said and len(said) < self.least:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if len(said) > LONGEST_REMARK:
            raise forms.ValidationError(
                f"The text has {len(said):,} characters and at most {LONGEST_REMARK:,} are kept. Shorten it."
            )
        return said


class HintedRadios(forms.RadioSelect):
    """A choice with a hint under each option, by its value."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hints: Mapping[str, str] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The option with its `hint`."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        return option | {"hint": self.hints.get(str(value), "")}


class VerbForm(forms.Form):
    """One verb for one handoff and one reader. Bound, valid and `do`ne it is the whole action."""

    verb: ClassVar[str]
    """As `access` and `states` call it."""
    right: ClassVar[str] = ""
    """The verb whose right this takes, where it is not one of its own."""
    event: ClassVar[str]
    """What the log calls it when it was done."""
    leads_to: ClassVar[State | None]
    is_danger: ClassVar[bool] = False
    nobody: ClassVar[str] = ""
    """What stands in place of a choice without options."""

    def __init__(self, data: Any, *, handoff: Handoff, user: User, reading: Reading) -> None:
        super().__init__(data, label_suffix="")
        self.handoff, self.user, self.reading = handoff, user, reading
        self.actor = f"user:{user.pk}"

    @classmethod
    def fitting(cls, handoff: Handoff) -> type[VerbForm]:  # noqa: ARG003 - some forms look at its state
        """The form for where the handoff stands: this one, or another that the same address leads to then."""
        return cls

    @property
    def too_late(self) -> str:
        """The sentence that says why the present state does not allow it; empty when it does."""
        sources, targets = states.MOVES[self.verb]
        if self.handoff.state in sources:
            return ""
        try:
            states.check(self.handoff, self.verb, min(targets))
        except RefusedError as error:
            return str(error)
        return ""

    @property
    def title(self) -> str:
        """The question or the name of what is done."""
        raise NotImplementedError

    @property
    def note(self) -> str:
        """What happens then, in a sentence."""
        return ""

    @property
    def button(self) -> str:
        """The action in words."""
        return self.title

    @property
    def keep(self) -> str:
        """The way out."""
        return "Cancel"

    def do(self, *, version: int | None) -> str:
        """Does it, and says what was done. Raises what the pipeline raises."""
        raise NotImplementedError

    def was_done(self) -> bool:
        """Whether the refused change is one that this person has just made."""
        to = self.leads_to
        return is_repeat(self.handoff, self.event, to=to, actor=self.actor, said=self.said(), **self.facts())

    def said(self) -> str:
        """The free text."""
        return ""

    def facts(self) -> dict[str, Any]:
        """What else tells this change from another of the same verb."""
        return {}

    def _hint(self, name: str, hints: Mapping[str, str]) -> None:
        """Puts a hint under each option of a choice."""
        cast(HintedRadios, self.fields[name].widget).hints = hints

    def _local(self, name: str, *, earliest: datetime | None, latest: datetime | None) -> None:
        """Puts a time field on the reader's clock and says which that is."""
        field = cast(LocalMoment, self.fields[name])
        field.zone, field.earliest, field.latest = self.reading.zone, earliest, latest
        zone, short = self.reading.zone.key, self.reading.zone_name()
        field.help_text = f"On your clock: {zone}." if zone == short else f"On your clock: {zone}, {short} today."


def sender_of(handoff: Handoff) -> str:
    """Who it came from, in as few words as say it."""
    if handoff.from_rep is not None:
        return wording.name(handoff.from_rep.first_name)
    return wording.name(handoff.from_team.name) if handoff.from_team is not None else "the sender"


def account_of(handoff: Handoff) -> str:
    """The customer, for a sentence."""
    return wording.name(handoff.account.name)
