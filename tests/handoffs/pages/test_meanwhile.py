"""The sentence for a click that came too late."""

from datetime import timedelta

import pytest

from handoffs import pipeline, timeline
from handoffs.models import Handoff
from handoffs.states import StaleVersionError
from handoffs.views.verbs.meanwhile import meanwhile
from tests.factories import NOW, Company
from tests.handoffs.pages.conftest import Give

REFUSAL = StaleVersionError("It has changed.")


def said(firm: Company, handoff: Handoff, *, after: timedelta, version: int | None = None) -> str:
    return meanwhile(handoff, REFUSAL, user=firm.user("ingrid"), version=version, now=NOW + after)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (timedelta(milliseconds=900), "just now"),
        (timedelta(seconds=1), "1 second ago"),
        (timedelta(seconds=59), "59 seconds ago"),
        (timedelta(minutes=5, seconds=40), "5 minutes ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=9), "9 days ago"),
    ],
)
def test_it_says_who_did_what_and_when(firm: Company, give: Give, after: timedelta, words: str) -> None:
    handoff, freya = give(), firm.user("freya")
    pipeline.acknowledge(handoff, actor=f"user:{freya.pk}", now=NOW)
    # What follows by itself is not what stood in the way.
    timeline.record(handoff.stream, "delivered", actor="outbox", now=NOW, purpose="notice", channel="slack")
    assert said(firm, handoff, after=after) == f"{freya} acknowledged this {words}. Your click changed nothing."


def test_what_one_did_oneself_is_said_so(firm: Company, give: Give) -> None:
    handoff = give()
    pipeline.withdraw(handoff, reason="x", actor=f"user:{firm.user('ingrid').pk}", now=NOW)
    assert said(firm, handoff, after=timedelta(0)).startswith("You withdrew this just now.")


@pytest.mark.parametrize("actor", ["engine", "crm", "user:999999", "user:x"])
def test_what_nobody_known_did_leaves_the_refusal_as_it_is(firm: Company, give: Give, actor: str) -> None:
    handoff = give()
    pipeline.acknowledge(handoff, actor=actor, now=NOW)
    assert said(firm, handoff, after=timedelta(seconds=8)) == "It has changed."


def test_a_click_on_the_present_version_is_not_explained_by_what_was_before(firm: Company, give: Give) -> None:
    handoff = pipeline.acknowledge(give(), actor=f"user:{firm.user('freya').pk}", now=NOW)
    assert said(firm, handoff, after=timedelta(seconds=8), version=handoff.version) == "It has changed."
