"""The log: chained lines, and sentences made of them."""

from copy import copy
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import IntegrityError, transaction

from handoffs import timeline
from handoffs.models import Event, Remark
from handoffs.timeline import GENESIS, Entry, Head
from routing.append_only import maintenance
from tests.factories import NOW, HandoffFactory, RepFactory, UserFactory

pytestmark = pytest.mark.django_db

STREAM = "handoff:one"


def write(*verbs: str, stream: str = STREAM) -> list[Event]:
    return [timeline.record(stream, verb, actor="engine", now=NOW, note=verb) for verb in verbs]


def say(verb: str, actor: str = "engine", **facts: object) -> str:
    timeline.record(STREAM, verb, actor=actor, now=NOW, **facts)
    return timeline.sentences(STREAM)[-1].text


def remarked(text: str) -> str:
    remark = Remark.objects.create(handoff=HandoffFactory.create(), text=text, actor="user:1", at=NOW)
    return str(remark.uuid)


# The chain.


@pytest.mark.sqlite
def test_every_line_is_numbered_and_holds_the_hash_of_the_one_before() -> None:
    first, second, third = write("received", "compiled", "assigned")
    assert [event.seq for event in (first, second, third)] == [1, 2, 3]
    assert first.prev_hash == GENESIS
    assert (second.prev_hash, third.prev_hash) == (first.hash, second.hash)
    assert timeline.head(STREAM) == Head(3, third.hash)
    assert timeline.first_broken(STREAM) is None


def test_streams_do_not_mix() -> None:
    write("received")
    [other] = write("received", stream="handoff:two")
    assert (other.seq, other.prev_hash) == (1, GENESIS)
    assert timeline.head("handoff:three") == Head(0, GENESIS)


@pytest.mark.sqlite
def test_a_line_read_back_from_the_database_has_the_hash_it_was_written_with() -> None:
    in_oslo = datetime(2026, 11, 17, 11, 0, tzinfo=timezone(timedelta(hours=1)))
    written = timeline.record(STREAM, "contacted", actor="user:1", now=in_oslo, contacted_at=NOW, numbers=[1, None])
    read = Event.objects.get(pk=written.pk)
    assert timeline.hash_of(read) == written.hash
    assert read.facts == {"contacted_at": "2026-11-17 10:00:00+00:00", "numbers": [1, None]}


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "change",
    [
        {"verb": "withdrawn"},
        {"actor": "user:9"},
        {"facts": {"note": "other"}},
        {"at": datetime(2026, 11, 17, 9, 59, tzinfo=UTC)},
        {"prev_hash": "0" * 64},
        {"hash": "f" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_line_that_was_changed_is_found(change: dict[str, object]) -> None:
    _, second, _ = write("received", "compiled", "assigned")
    with maintenance():
        Event.objects.filter(pk=second.pk).update(**change)
    broken = timeline.first_broken(STREAM)
    assert broken is not None
    assert broken.seq == 2


def test_a_line_that_was_changed_together_with_its_hash_breaks_the_next() -> None:
    _, second, third = write("received", "compiled", "assigned")
    second.verb = "forged"
    with maintenance():
        Event.objects.filter(pk=second.pk).update(verb="forged", hash=timeline.hash_of(second))
    assert timeline.first_broken(STREAM) == third


def test_a_line_that_was_renumbered_together_with_its_hash_is_found() -> None:
    _, second = write("received", "compiled")
    second.seq = 7
    with maintenance():
        Event.objects.filter(pk=second.pk).update(seq=7, hash=timeline.hash_of(second))
    assert timeline.first_broken(STREAM) == second


def test_the_hash_covers_the_line_and_the_hash_before_it() -> None:
    [line] = write("received")
    for field, other in (
        *(("stream", "handoff:two"), ("seq", 2), ("verb", "x"), ("actor", "x"), ("facts", {"x": 1})),
        *(("at", NOW + timedelta(microseconds=1)), ("prev_hash", "1" * 64)),
    ):
        changed = copy(line)
        setattr(changed, field, other)
        assert timeline.hash_of(changed) != line.hash, field


def test_a_line_that_was_dropped_or_slipped_in_is_found() -> None:
    _, second, third = write("received", "compiled", "assigned")
    with maintenance():
        Event.objects.filter(pk=second.pk).delete()
    assert timeline.first_broken(STREAM) == third
    with maintenance():
        Event.objects.filter(pk=third.pk).update(seq=2)
    assert timeline.first_broken(STREAM) == third


@pytest.mark.sqlite
def test_a_head_that_moved_in_the_meantime_refuses_what_comes_after_it() -> None:
    known = timeline.head(STREAM)
    write("received")
    with pytest.raises(IntegrityError), transaction.atomic():
        timeline.append(STREAM, [Entry("compiled", {})], actor="engine", now=NOW, after=known)
    assert Event.objects.count() == 1


def test_several_lines_are_chained_among_themselves() -> None:
    timeline.append(
        STREAM, [Entry("received", {}), Entry("compiled", {"score": 9})], actor="crm", now=NOW, after=Head()
    )
    assert list(Event.objects.values_list("seq", "verb", "actor")) == [(1, "received", "crm"), (2, "compiled", "crm")]
    assert timeline.first_broken(STREAM) is None


# The sentences.


def test_people_and_machines_are_called_by_name() -> None:
    user = UserFactory.create(first_name="Ben", last_name="Akerman")
    for actor in (f"user:{user.pk}", "user:0", "engine", "crm", "outbox", "sla", "command", "robot"):
        timeline.record(STREAM, "acknowledged", actor=actor, now=NOW)
    assert [line.actor for line in timeline.sentences(STREAM)] == [
        *("Ben Akerman", "user:0", "Engine", "CRM", "Outbox", "SLA clock", "Command line", "robot")
    ]


def test_an_assignment_names_the_person_the_rule_and_its_version() -> None:
    rep = RepFactory.create(first_name="Ingrid", last_name="Solheim")
    assert say("assigned", rep=rep.pk, rule="R-110", rules=3) == "Given to Ingrid Solheim by rule R-110, rules v3"


def test_a_reassignment_names_both_people_and_what_was_remarked() -> None:
    before, after = RepFactory.create(first_name="Ingrid"), RepFactory.create(first_name="Freya", last_name="Aldous")
    text = say("reassigned", rep=after.pk, previous=before.pk, remark=remarked("On leave"))
    assert text == f"Reassigned from {before.name} to Freya Aldous: On leave"
    assert say("reassigned", rep=after.pk, previous=None) == "Reassigned from nobody to Freya Aldous"


def test_a_remark_that_was_erased_leaves_the_line_and_the_chain() -> None:
    text = say("withdrawn", remark=remarked("Asked by name to be forgotten"))
    assert text == "Withdrawn: Asked by name to be forgotten"
    Remark.objects.all().delete()
    assert timeline.sentences(STREAM)[-1].text == "Withdrawn"
    assert timeline.first_broken(STREAM) is None


def test_somebody_who_was_erased_is_somebody() -> None:
    assert say("assigned", rep=0, rule="R-1", rules=1) == "Given to somebody by rule R-1, rules v1"


def test_codes_are_said_as_words() -> None:
    assert say("received", origin="crm") == "Handoff received: CRM change"
    assert say("delivered", purpose="crm_note", channel="crm") == "CRM note: delivered by CRM"
    assert say("delivery_parked", purpose="alert", channel="slack") == (
        "Alert to the new owner: parked after failing by Slack"
    )
    assert say("rejected", reason="wrong_owner") == "Returned to the sender: wrong owner or territory"


def test_a_verb_nobody_wrote_a_sentence_for_still_says_itself() -> None:
    assert say("policy_published") == "Policy published"


def test_a_fact_that_is_missing_is_not_stated() -> None:
    assert say("rejected") == "Returned to the sender: not stated"


def test_braces_in_a_remark_stay_braces() -> None:
    assert say("withdrawn", remark=remarked("{rule} {0}")) == "Withdrawn: {rule} {0}"


def test_any_number_of_lines_is_told_in_three_queries(django_assert_num_queries) -> None:
    for _ in range(9):
        rep, user = RepFactory.create(), UserFactory.create()
        timeline.record(STREAM, "assigned", actor=f"user:{user.pk}", now=NOW, rep=rep.pk)
    with django_assert_num_queries(3):
        assert len(timeline.sentences(STREAM)) == 9
