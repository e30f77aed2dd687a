"""How people want to be told: by which channel, and not at night, unless it is urgent or would come too late."""

from datetime import UTC, datetime, time, timedelta

import pytest
from pytest_django.fixtures import Settings

from handoffs import escalation, pipeline, wishes
from handoffs.models import Delivery, Handoff, Notice, Preference
from handoffs.wishes import Wish, awake
from routing.models import Rep, Team
from sla.models import Clock
from tests.factories import NOW, Company
from tests.handoffs.given import assigned

NIGHT = (time(22), time(7))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wants(firm: Company, key: str, **chosen: object) -> Preference:
    user = firm.user(key)
    user.time_zone = str(chosen.pop("zone", "UTC"))
    user.save()
    made: Preference = Preference.objects.create(user=user, **chosen)
    return made


# The hours, on people's own clocks.


@pytest.mark.parametrize(
    ("zone", "hours", "ready", "leaves"),
    [
        ("UTC", NIGHT, "2026-11-17T21:59", "2026-11-17T21:59"),
        ("UTC", NIGHT, "2026-11-17T22:00", "2026-11-18T07:00"),
        ("UTC", NIGHT, "2026-11-18T06:59", "2026-11-18T07:00"),
        ("UTC", NIGHT, "2026-11-18T07:00", "2026-11-18T07:00"),
        ("UTC", (time(12), time(13, 30)), "2026-11-17T12:10", "2026-11-17T13:30"),
        ("UTC", (time(0), time(6)), "2026-11-17T00:00", "2026-11-17T06:00"),
        ("UTC", (time(18), time(0)), "2026-11-17T20:00", "2026-11-18T00:00"),
        ("America/New_York", NIGHT, "2026-11-18T03:00", "2026-11-18T12:00"),
        ("Asia/Kolkata", NIGHT, "2026-11-17T17:00", "2026-11-18T01:30"),
        # The nights in which the clocks of Berlin change: spring forward on 29 March, back on 25 October.
        ("Europe/Berlin", NIGHT, "2026-03-28T22:00", "2026-03-29T05:00"),
        ("Europe/Berlin", NIGHT, "2026-10-24T21:00", "2026-10-25T06:00"),
        # A quiet time that ends at half past two, which that night did not have, and which the other had twice.
        ("Europe/Berlin", (time(22), time(2, 30)), "2026-03-28T22:00", "2026-03-29T01:00"),
        ("Europe/Berlin", (time(22), time(2, 30)), "2026-10-24T21:00", "2026-10-25T00:30"),
    ],
)
def test_a_message_waits_until_the_quiet_hours_end_on_the_persons_clock(
    zone: str, hours: tuple[time, time], ready: str, leaves: str
) -> None:
    wish = Wish(awake=awake(*hours, zone))
    assert wish.earliest(utc(ready), urgent=False) == utc(leaves)
    assert wish.earliest(utc(ready), urgent=True) == utc(ready)


def test_without_quiet_hours_and_in_a_zone_that_is_no_more_nothing_waits() -> None:
    at = utc("2026-11-17T23:00")
    for hours in (awake(None, None, "UTC"), awake(time(22), time(22), "UTC"), awake(*NIGHT, "Atlantis/Capital")):
        assert Wish(awake=hours).earliest(at, urgent=False) == at


def test_a_deadline_that_the_quiet_hours_would_swallow_is_told_at_once() -> None:
    wish, at = Wish(awake=awake(*NIGHT, "UTC")), utc("2026-11-17T23:00")
    assert wish.earliest(at, urgent=False, deadline=utc("2026-11-18T03:00")) == at
    assert wish.earliest(at, urgent=False, deadline=utc("2026-11-18T07:00")) == at
    assert wish.earliest(at, urgent=False, deadline=utc("2026-11-18T07:01")) == utc("2026-11-18T07:00")


# What a handoff sends.


@pytest.mark.parametrize(
    ("channel", "ways"),
    [
        ("slack", [("slack", "U0DANA")]),
        ("email", [("email", "dana@fathomline.example")]),
        ("both", [("slack", "U0DANA"), ("email", "dana@fathomline.example")]),
    ],
)
def test_a_message_takes_the_ways_that_its_reader_chose(
    firm: Company, channel: str, ways: list[tuple[str, str]]
) -> None:
    wants(firm, "dana", channel=channel)
    handoff = assigned(firm)
    pipeline.reject(handoff, reason="incomplete", actor="user:1", now=NOW)
    told = handoff.deliveries.filter(purpose="notice").order_by("id")
    assert list(told.values_list("channel", "recipient")) == ways


def test_whoever_chose_slack_and_has_none_hears_by_mail(firm: Company) -> None:
    wants(firm, "dana", channel="slack")
    Rep.objects.filter(user=firm.user("dana")).update(messaging_id="")
    handoff = assigned(firm)
    pipeline.reject(handoff, reason="incomplete", actor="user:1", now=NOW)
    assert handoff.deliveries.get(purpose="notice").recipient == "dana@fathomline.example"


@pytest.mark.parametrize("channel", ["slack", "email", "both"])
def test_no_choice_silences_the_alert_to_the_owner(firm: Company, channel: str) -> None:
    wants(firm, "ingrid", channel=channel)
    handoff = assigned(firm)
    assert handoff.deliveries.filter(purpose="alert", channel="slack", recipient="#ae-enterprise").exists()
    assert handoff.deliveries.filter(purpose="briefing", channel="email").exists()
    Team.objects.update(channel="")
    directly = assigned(firm, name="Aker Freight")
    owner = directly.owner
    assert owner is not None
    assert directly.deliveries.filter(purpose="alert", recipient__in=(owner.messaging_id, owner.email)).exists()


def quiet_now(firm: Company, key: str) -> None:
    """It is ten in the morning for them, and they want quiet until noon."""
    wants(firm, key, quiet_from=time(9), quiet_until=time(12))


def test_what_is_not_urgent_waits_and_the_notice_inside_does_not(firm: Company) -> None:
    quiet_now(firm, "dana")
    handoff = assigned(firm)
    pipeline.reject(handoff, reason="incomplete", actor="user:1", now=NOW)
    assert handoff.deliveries.get(purpose="notice").next_at == NOW + timedelta(hours=2)
    assert Notice.objects.get(kind="returned").shown_from == NOW


def test_an_enterprise_alert_goes_at_once_and_another_waits_if_there_is_time(firm: Company) -> None:
    for key in ("hannah", "yusuf"):
        quiet_now(firm, key)
    Team.objects.update(channel="")
    urgent = assigned(firm, "closed_to_cs")
    assert {row.next_at for row in urgent.deliveries.filter(purpose__in=("alert", "briefing"))} == {NOW}
    calm = assigned(firm, "closed_to_cs", name="Aker Freight", employee_count=40, tier="smb")
    waits = {row.next_at for row in calm.deliveries.filter(purpose__in=("alert", "briefing"))}
    assert waits == {NOW + timedelta(hours=2)}, "24 hours for the first contact leave time"


def test_a_short_promise_does_not_wait(firm: Company) -> None:
    for key in ("ingrid", "freya", "mikael"):
        quiet_now(firm, key)
    Team.objects.update(channel="")
    handoff = assigned(firm, name="Aker Freight", employee_count=40, tier="smb")
    assert handoff.deliveries.get(purpose="briefing").next_at == NOW, "due in two hours, when the quiet ends"


def test_escalations_ignore_quiet_hours(firm: Company, settings: Settings) -> None:
    for key in ("ingrid", "elena"):
        quiet_now(firm, key)
    handoff = assigned(firm)
    clock = Clock.objects.get(handoff_uuid=handoff.uuid, kind="first_contact")
    for hours in (3, 6):
        at = NOW + timedelta(hours=hours)
        Preference.objects.update(quiet_from=at.time(), quiet_until=(at + timedelta(hours=5)).time())
        clock.refresh_from_db()
        escalation.take_step(clock, now=at)
    told = Delivery.objects.filter(purpose="escalation").order_by("id")
    assert [row.next_at for row in told] == [NOW + timedelta(hours=3), NOW + timedelta(hours=6)]


def test_an_acknowledgement_is_told_after_ten_seconds_or_after_the_quiet(firm: Company) -> None:
    quiet_now(firm, "dana")
    handoff = assigned(firm)
    pipeline.acknowledge(handoff, actor="user:1", now=NOW)
    assert handoff.deliveries.get(purpose="acknowledged").next_at == NOW + timedelta(hours=2)
    assert Notice.objects.get(kind="acknowledged").shown_from == NOW + timedelta(seconds=10)


def test_the_wishes_of_any_number_of_people_are_one_question(firm: Company, django_assert_num_queries: object) -> None:
    wants(firm, "ingrid", channel="both")
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = wishes.wishes_of([rep.pk for rep in firm.reps.values()] + [None])
    assert set(found) == {firm.reps["ingrid"].pk}


def kinds(key: str, firm: Company) -> list[str]:
    return list(Notice.objects.filter(user=firm.user(key)).order_by("id").values_list("kind", flat=True))


def test_each_thing_that_a_person_is_told_is_also_a_notice(firm: Company) -> None:
    handoff: Handoff = assigned(firm)
    pipeline.acknowledge(handoff, actor="user:1", now=NOW)
    handoff = pipeline.reassign(handoff, to=firm.reps["freya"], reason="On leave", actor="user:1", now=NOW)
    pipeline.reject(handoff, reason="incomplete", comment="call +47 22 55 01 84", actor="user:1", now=NOW)
    assert kinds("ingrid", firm) == ["given", "gone"]
    assert kinds("freya", firm) == ["given"]
    assert kinds("dana", firm) == ["returned"], "an acknowledgement that was overtaken is not told"
    assert "+47" not in str(list(Notice.objects.values_list("title", "text"))), "a notice repeats no free text"


def test_a_notice_of_an_acknowledgement_that_was_taken_back_never_shows(firm: Company) -> None:
    handoff = assigned(firm)
    pipeline.acknowledge(handoff, actor="user:1", now=NOW)
    pipeline.undo_acknowledge(handoff, actor="user:1", now=NOW + timedelta(seconds=5))
    assert kinds("dana", firm) == []


def test_somebody_who_cannot_sign_in_gets_no_notice_and_is_told_all_the_same(firm: Company) -> None:
    Rep.objects.filter(first_name="Ingrid").update(user=None)
    handoff = assigned(firm)
    assert handoff.deliveries.filter(purpose="briefing", recipient="ingrid@fathomline.example").exists()
    assert not Notice.objects.filter(kind="given").exists()
