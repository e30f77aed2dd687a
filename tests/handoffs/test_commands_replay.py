"""`manage.py replay_decision`, as RevOps types it: the trace in words, and an exit code that says whether it holds."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from handoffs.models import Handoff, State
from routing.models import Decision
from tests.factories import Company
from tests.handoffs.given import assigned, received

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


@pytest.fixture
def handoff(firm: Company) -> Handoff:
    return assigned(firm)


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("replay_decision", *arguments, stdout=out)
    return out.getvalue()


def refused(*arguments: str) -> tuple[str, int]:
    with pytest.raises(CommandError) as raised:
        said(*arguments)
    return str(raised.value), raised.value.returncode


def test_the_trace_is_told_in_words(handoff: Handoff) -> None:
    words = said(handoff.reference)
    assert "takes it (round_robin)" in words
    assert "    > Ingrid Solheim: can take it, 0 turns so far, weight 1" in words
    assert words.endswith("Assigned: the same as stored\n")
    assert said(str(Decision.objects.get().pk)) == words


def test_as_json_it_holds_the_receipt(handoff: Handoff) -> None:
    told = json.loads(said(handoff.reference, "--format", "json"))
    assert (told["same"], told["differences"]) == (True, [])
    assert told["receipt"]["chosen"]["name"] == "Ingrid Solheim"
    assert handoff.owner is not None
    assert told["rep"] == handoff.owner.pk


def test_what_was_altered_ends_with_three(handoff: Handoff) -> None:
    decision = Decision.objects.get()
    decision.receipt["candidates"][0]["code"] = "absent"
    decision.save()
    sentence, code = refused(handoff.reference)
    assert (code, "somebody altered it" in sentence) == (3, True)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("HO-99999", "There is no handoff HO-99999."),
        ("99999", "There is no decision 99999. The administration lists their numbers under Decisions"),
        ("ho-", "is neither the number of a decision nor a handoff"),
        ("-1", "neither"),
        ("9" * 40, "neither"),
        ("١٢", "neither"),
    ],
)
def test_what_is_not_there_ends_with_two(firm: Company, asked: str, why: str) -> None:
    sentence, code = refused("--", asked)
    assert code == 2
    assert why in sentence


def test_a_handoff_that_nobody_decided_yet_says_so(firm: Company) -> None:
    sentence, code = refused(received(firm).reference)
    assert (code, "was just received, so nobody has been looked for yet" in sentence) == (2, True)


def test_of_a_blocked_handoff_it_says_that_nobody_has_been_looked_for(firm: Company) -> None:
    handoff = received(firm)
    Handoff.objects.filter(pk=handoff.pk).update(state=State.BLOCKED)
    assert refused(handoff.reference) == (f"{handoff.reference} is blocked, so nobody has been looked for.", 2)
