from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from routing.models import Assignment, Calendar
from sla import clock
from sla.clock import NoPolicyError
from sla.models import Clock, ClockInterval, ClockKind, Policy
from tests.factories import (
    NOW,
    AlwaysOpenFactory,
    AssignmentFactory,
    CalendarFactory,
    ClockFactory,
    ClockIntervalFactory,
    EscalationStepFactory,
    PolicyFactory,
    TeamFactory,
)

pytestmark = pytest.mark.django_db

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")


def local(zone: str, *moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo(zone))  # type: ignore[misc, arg-type]


def week(*blocks: tuple[str, str]) -> dict[str, list[list[str]]]:
    return {day: [list(block) for block in blocks] for day in WORKDAYS}


def started(policy: Policy, *, at: datetime, minutes: int | None = None) -> Clock:
    """The first-contact clock of a new assignment under the policy."""
    assignment: Assignment = AssignmentFactory.create(assigned_at=at)
    plan = clock.plan(policy, first_contact_minutes=minutes)
    clock.start(plan, assignment, now=at, kinds=[ClockKind.FIRST_CONTACT, ClockKind.ACKNOWLEDGE])
    return Clock.objects.get(assignment=assignment, kind=ClockKind.FIRST_CONTACT)


def stopped(row: Clock, *, at: datetime) -> Clock:
    clock.stop(row.assignment, at=at)
    row.refresh_from_db()
    return row


def used(row: Clock, *, now: datetime) -> timedelta:
    return clock.used(row, row.intervals.all(), now=now)


# Deadlines.

NINE_TO_FIVE = {"week": week(("09:00", "17:00"))}
SAO_PAULO = {"time_zone": "America/Sao_Paulo", "week": week(("08:00", "12:00"), ("13:30", "18:00"))}
NEW_YORK = {"time_zone": "America/New_York", "week": week(("09:00", "17:00"))}
BERLIN_ALWAYS = {"time_zone": "Europe/Berlin", "always_open": True, "week": {}}


@pytest.mark.parametrize(
    ("calendar", "start", "minutes", "deadline"),
    [
        (NINE_TO_FIVE, local("UTC", 2026, 1, 30, 16, 30), 60, local("UTC", 2026, 2, 2, 9, 30)),
        (
            SAO_PAULO,
            local("America/Sao_Paulo", 2026, 11, 17, 12, 30),
            60,
            local("America/Sao_Paulo", 2026, 11, 17, 14, 30),
        ),
        (
            SAO_PAULO,
            local("America/Sao_Paulo", 2026, 11, 17, 11, 30),
            60,
            local("America/Sao_Paulo", 2026, 11, 17, 14, 0),
        ),
        (
            BERLIN_ALWAYS,
            local("Europe/Berlin", 2026, 3, 28, 12, 0),
            24 * 60,
            datetime.fromisoformat("2026-03-29T13:00:00+02:00"),
        ),
        (
            NEW_YORK,
            local("America/New_York", 2026, 3, 6, 16, 0),
            120,
            datetime.fromisoformat("2026-03-09T10:00:00-04:00"),
        ),
        (NINE_TO_FIVE, local("UTC", 2026, 1, 30, 16, 0), 60, local("UTC", 2026, 1, 30, 17, 0)),
    ],
    ids=["weekend", "lunch", "before lunch", "spring in Berlin", "spring in New York", "to the end of the day"],
)
def test_a_deadline_is_when_the_open_time_since_the_start_equals_the_target(
    calendar: dict[str, Any], start: datetime, minutes: int, deadline: datetime
) -> None:
    row = started(PolicyFactory.create(calendar=CalendarFactory.create(**calendar)), at=start, minutes=minutes)
    assert row.deadline_at == deadline
    assert used(row, now=deadline) == timedelta(minutes=minutes)


def test_without_a_calendar_hours_are_plain_hours() -> None:
    saturday = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)
    row = started(PolicyFactory.create(target_minutes=120), at=saturday)
    assert row.deadline_at == saturday + timedelta(hours=2)
    assert (row.calendar, row.calendar_version, row.hours) == (None, None, {})


def test_time_that_was_paused_does_not_count() -> None:
    calendar: Calendar = CalendarFactory.create(**NINE_TO_FIVE)
    friday = datetime(2026, 1, 30, 16, 0, tzinfo=UTC)
    row = started(PolicyFactory.create(calendar=calendar), at=friday, minutes=240)
    monday = datetime(2026, 2, 2, 10, 0, tzinfo=UTC)
    row.intervals.update(ends_at=friday + timedelta(minutes=30))
    ClockIntervalFactory.create(
        clock=row, kind="paused", reason="waits for them", starts_at=friday + timedelta(minutes=30), ends_at=monday
    )
    ClockIntervalFactory.create(clock=row, starts_at=monday)
    assert used(row, now=monday) == timedelta(minutes=30)
    assert used(row, now=monday + timedelta(hours=3, minutes=30)) == timedelta(hours=4)


# What is pinned when a clock starts.


def test_each_kind_has_the_target_its_policy_gives_it() -> None:
    policy = PolicyFactory.create(target_minutes=120, acknowledge_minutes=45, resubmit_minutes=300)
    assignment = AssignmentFactory.create()
    plan = clock.plan(policy, first_contact_minutes=None)
    clock.start(plan, assignment, now=NOW, kinds=list(ClockKind))
    targets = dict(Clock.objects.values_list("kind", "target_minutes"))
    assert targets == {"first_contact": 120, "acknowledge": 45, "resubmit": 300}
    assert ClockInterval.objects.filter(kind="running", starts_at=NOW, ends_at=None).count() == 3


def test_the_rules_own_target_replaces_the_policys_for_the_first_contact_alone() -> None:
    row = started(PolicyFactory.create(target_minutes=120, acknowledge_minutes=60), at=NOW, minutes=30)
    assert row.deadline_at == NOW + timedelta(minutes=30)
    assert Clock.objects.get(kind=ClockKind.ACKNOWLEDGE).deadline_at == NOW + timedelta(minutes=60)


def test_at_risk_comes_at_the_policys_share_of_the_open_time() -> None:
    calendar = CalendarFactory.create(**NINE_TO_FIVE)
    policy = PolicyFactory.create(calendar=calendar, target_minutes=100, at_risk_percent=70)
    row = started(policy, at=datetime(2026, 1, 30, 16, 0, tzinfo=UTC))
    assert row.at_risk_at == datetime(2026, 2, 2, 9, 10, tzinfo=UTC)
    assert row.deadline_at == datetime(2026, 2, 2, 9, 40, tzinfo=UTC)


def test_the_ladder_is_counted_from_the_missed_deadline_in_the_unit_of_each_step() -> None:
    calendar = CalendarFactory.create(**NINE_TO_FIVE)
    policy = PolicyFactory.create(calendar=calendar, target_minutes=60)
    first = EscalationStepFactory.create(policy=policy, position=1, action="notice_at_risk", after_minutes=0)
    EscalationStepFactory.create(policy=policy, position=2, action="alert_owner", after_minutes=60)
    EscalationStepFactory.create(policy=policy, position=3, action="alert_role", after_minutes=60, unit="business")
    EscalationStepFactory.create(policy=policy, position=4, action="remind", clock_kind="acknowledge")
    row = started(policy, at=datetime(2026, 1, 30, 15, 30, tzinfo=UTC))
    assert row.deadline_at == datetime(2026, 1, 30, 16, 30, tzinfo=UTC)
    assert [(rung["action"], rung["due_at"]) for rung in row.ladder] == [
        ("notice_at_risk", "2026-01-30T16:12:00+00:00"),
        ("alert_owner", "2026-01-30T17:30:00+00:00"),
        ("alert_role", "2026-02-02T09:30:00+00:00"),
    ]
    assert row.ladder[0]["step"] == first.pk
    assert row.next_step_at == datetime(2026, 1, 30, 16, 12, tzinfo=UTC)
    acknowledge = Clock.objects.get(assignment=row.assignment, kind=ClockKind.ACKNOWLEDGE)
    assert [rung["action"] for rung in acknowledge.ladder] == ["remind"]


def test_what_is_edited_later_never_changes_a_running_clock() -> None:
    calendar = CalendarFactory.create(**NINE_TO_FIVE, version=4)
    policy = PolicyFactory.create(calendar=calendar, target_minutes=120)
    step = EscalationStepFactory.create(policy=policy, position=1, after_minutes=60)
    row = started(policy, at=NOW)
    before = Clock.objects.values().get(pk=row.pk)
    policy.target_minutes = 5
    policy.save()
    step.after_minutes = 1
    step.save()
    calendar.week = week(("10:00", "11:00"))
    calendar.save()
    assert Clock.objects.values().get(pk=row.pk) == before
    row.refresh_from_db()
    assert (row.calendar_version, row.policy) == (4, policy)
    assert used(row, now=NOW + timedelta(hours=4)) == timedelta(hours=4), "measured in the hours of that day"


def test_the_pinned_policy_of_an_assignment_is_found_again() -> None:
    policy = PolicyFactory.create()
    row = started(policy, at=NOW)
    PolicyFactory.create(state=Policy.State.LIVE)
    assert clock.policy_of(row.assignment) == policy


# Stopping.


def test_a_stopped_clock_counts_to_its_end_and_waits_for_nothing() -> None:
    policy = PolicyFactory.create()
    EscalationStepFactory.create(policy=policy, position=1)
    row = stopped(started(policy, at=NOW), at=NOW + timedelta(minutes=25))
    assert (row.state, row.stopped_at, row.next_step_at) == ("stopped", NOW + timedelta(minutes=25), None)
    assert used(row, now=NOW + timedelta(days=3)) == timedelta(minutes=25)


def test_only_the_kinds_that_were_asked_for_stop() -> None:
    row = started(PolicyFactory.create(), at=NOW)
    clock.stop(row.assignment, at=NOW + timedelta(minutes=5), kinds=[ClockKind.ACKNOWLEDGE])
    assert dict(Clock.objects.values_list("kind", "state")) == {"first_contact": "running", "acknowledge": "stopped"}


def test_the_clocks_of_others_run_on() -> None:
    mine, theirs = (started(PolicyFactory.create(), at=NOW) for _ in range(2))
    stopped(mine, at=NOW + timedelta(minutes=5))
    theirs.refresh_from_db()
    assert theirs.state == "running"


def test_a_contact_before_the_clock_began_leaves_it_without_any_time() -> None:
    row = stopped(started(PolicyFactory.create(), at=NOW), at=NOW - timedelta(minutes=10))
    assert row.stopped_at == NOW - timedelta(minutes=10)
    assert used(row, now=NOW + timedelta(hours=1)) == timedelta(0)


def test_stopping_again_changes_nothing() -> None:
    row = stopped(started(PolicyFactory.create(), at=NOW), at=NOW + timedelta(minutes=5))
    assert clock.stop(row.assignment, at=NOW + timedelta(minutes=50)) == []
    row.refresh_from_db()
    assert row.stopped_at == NOW + timedelta(minutes=5)


def test_an_earlier_contact_that_is_told_of_later_moves_the_end_back_and_a_later_one_does_not() -> None:
    row = stopped(started(PolicyFactory.create(), at=NOW), at=NOW + timedelta(minutes=50))
    clock.stop_earlier(row.assignment, at=NOW + timedelta(minutes=20))
    row.refresh_from_db()
    assert row.stopped_at == NOW + timedelta(minutes=20)
    assert used(row, now=NOW + timedelta(hours=9)) == timedelta(minutes=20)
    clock.stop_earlier(row.assignment, at=NOW + timedelta(minutes=40))
    row.refresh_from_db()
    assert row.stopped_at == NOW + timedelta(minutes=20)


def test_an_earlier_contact_says_nothing_of_when_it_was_acknowledged() -> None:
    row = started(PolicyFactory.create(), at=NOW)
    clock.stop(row.assignment, at=NOW + timedelta(minutes=30), kinds=[ClockKind.ACKNOWLEDGE])
    stopped(row, at=NOW + timedelta(minutes=50))
    clock.stop_earlier(row.assignment, at=NOW + timedelta(minutes=20))
    acknowledge = Clock.objects.get(assignment=row.assignment, kind=ClockKind.ACKNOWLEDGE)
    assert acknowledge.stopped_at == NOW + timedelta(minutes=30)


def test_an_end_in_the_past_cuts_away_the_pause_that_came_after_it() -> None:
    row = started(PolicyFactory.create(), at=NOW)
    row.intervals.update(ends_at=NOW + timedelta(minutes=30))
    ClockIntervalFactory.create(
        clock=row, kind="paused", reason="waits for them", starts_at=NOW + timedelta(minutes=30)
    )
    stopped(row, at=NOW + timedelta(minutes=10))
    assert used(row, now=NOW + timedelta(hours=2)) == timedelta(minutes=10)


# Which policy.


def test_the_most_specific_live_policy_wins() -> None:
    team, other, third = (TeamFactory.create() for _ in range(3))
    live = {"state": Policy.State.LIVE, "handoff_type": "sql_to_ae"}
    for_type = PolicyFactory.create(**live)
    for_segment = PolicyFactory.create(**live, segment="smb")
    for_team = PolicyFactory.create(**live, team=team)
    for_both = PolicyFactory.create(**live, team=team, segment="smb")
    for_third = PolicyFactory.create(**live, team=third)
    PolicyFactory.create(**live, team=other, segment="smb")

    def found(team_id: int | None, segment: str) -> Policy:
        return clock.policy_for(handoff_type="sql_to_ae", team_id=team_id, segment=segment)

    assert found(team.pk, "smb") == for_both
    assert found(team.pk, "enterprise") == for_team
    assert found(third.pk, "smb") == for_third, "the team's comes before the segment's"
    assert found(TeamFactory.create().pk, "smb") == for_segment
    assert found(None, "enterprise") == for_type
    assert found(None, "") == for_type


def test_drafts_and_old_versions_do_not_count() -> None:
    PolicyFactory.create(state=Policy.State.DRAFT)
    PolicyFactory.create(state=Policy.State.ARCHIVED)
    PolicyFactory.create(state=Policy.State.LIVE, handoff_type="mql_to_sales")
    with pytest.raises(NoPolicyError) as refused:
        clock.policy_for(handoff_type="sql_to_ae", team_id=None, segment="")
    assert str(refused.value) == ("No SLA policy is live for sql_to_ae. Publish one, so that its clock can start.")


def test_a_calendar_that_never_closes_is_plain_hours_too() -> None:
    row = started(PolicyFactory.create(calendar=AlwaysOpenFactory.create()), at=NOW, minutes=60)
    assert row.deadline_at == NOW + timedelta(hours=1)
    assert ClockFactory.create().deadline_at == NOW + timedelta(hours=2)
