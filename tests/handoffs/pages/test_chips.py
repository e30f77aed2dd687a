from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handoffs import pipeline
from handoffs.models import Handoff, State
from handoffs.views import chips
from handoffs.views.chips import chip
from handoffs.views.words import Reading
from routing.calendars import frozen
from routing.hours import WorkingHours
from sla.models import Clock, ClockInterval
from tests.factories import ClockFactory, ClockIntervalFactory, HandoffFactory
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import words

FRIDAY = datetime(2026, 1, 30, 15, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
OFFICE = WorkingHours.from_week(
    zone="UTC", week={day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
)

pytestmark = pytest.mark.django_db


def running(*, hours: WorkingHours | None = None, deadline: datetime, target: int = 240) -> Clock:
    clock: Clock = ClockFactory.create(
        started_at=FRIDAY,
        at_risk_at=deadline - HOUR,
        deadline_at=deadline,
        target_minutes=target,
        hours=frozen(hours, year=2026) if hours else {},
    )
    ClockIntervalFactory(clock=clock, starts_at=FRIDAY)
    return clock


def seen(clock: Clock | None, *, at: datetime, state: State = State.ASSIGNED, **fields: object) -> chips.Chip:
    handoff = Handoff(state=state, received_at=FRIDAY, **fields)
    return chip(handoff, clock, Reading(ZoneInfo("UTC"), at))


def test_time_left_counts_open_hours_only() -> None:
    monday = datetime(2026, 2, 2, 11, 0, tzinfo=UTC)
    saturday = seen(running(hours=OFFICE, deadline=monday), at=datetime(2026, 1, 31, 12, 0, tzinfo=UTC))

    assert (saturday.words, saturday.note, saturday.group) == ("2 h left", "Due Mon 11:00", chips.LATER)


def test_time_over_counts_every_hour() -> None:
    deadline = datetime(2026, 1, 30, 17, 0, tzinfo=UTC)
    sunday = seen(running(hours=OFFICE, deadline=deadline), at=datetime(2026, 2, 1, 18, 30, tzinfo=UTC))

    assert (sunday.words, sunday.group, sunday.tone) == ("2 d 1 h over", chips.BREACHED, "bad")


def test_at_the_deadline_itself_the_promise_is_broken() -> None:
    clock = running(deadline=FRIDAY + 4 * HOUR)

    assert seen(clock, at=FRIDAY + 4 * HOUR - timedelta(microseconds=1)).label == "At risk"
    assert seen(clock, at=FRIDAY + 4 * HOUR).label == "Breached"
    assert seen(clock, at=FRIDAY + 3 * HOUR).label == "At risk"
    assert seen(clock, at=FRIDAY + 3 * HOUR - MINUTE).label == "On track"


def test_a_paused_clock_says_since_when_and_what_is_left() -> None:
    clock = running(deadline=FRIDAY + 4 * HOUR)
    ClockInterval.objects.update(ends_at=FRIDAY + HOUR)
    ClockIntervalFactory(clock=clock, kind="paused", reason="customer_asked", starts_at=FRIDAY + HOUR)
    clock.state = Clock.State.PAUSED

    paused = seen(clock, at=FRIDAY + 3 * HOUR)

    assert (paused.words, paused.note, paused.group) == ("Paused 2 h", "3 h left on resume", chips.WAITING)


def test_a_late_contact_is_not_called_met() -> None:
    clock = running(deadline=FRIDAY + 4 * HOUR)
    ClockInterval.objects.update(ends_at=FRIDAY + 5 * HOUR)
    clock.state, clock.stopped_at = Clock.State.STOPPED, FRIDAY + 5 * HOUR

    late = seen(clock, at=FRIDAY + 9 * HOUR, state=State.CONTACTED, contacted_at=FRIDAY + 5 * HOUR)

    assert (late.label, late.words, late.tone) == ("Contacted late", "1 h late", "bad")


@pytest.mark.parametrize(
    ("state", "fields", "said"),
    [
        (State.RECEIVED, {}, ("Being prepared", "Received 15:00")),
        (State.BLOCKED, {}, ("Blocked by gaps", "Received 15:00")),
        (State.UNASSIGNED, {"next_at": FRIDAY + 18 * HOUR}, ("Held", "Until Sat 09:00")),
        (State.UNASSIGNED, {"next_at": FRIDAY + 5 * MINUTE}, ("Unassigned 2 h", "Nobody could take it")),
        (State.CONVERTED, {"closed_at": FRIDAY}, ("Converted", "15:00")),
        (State.LOST, {"closed_at": FRIDAY - 9 * 24 * HOUR}, ("Lost", "21 Jan 15:00")),
        (State.WITHDRAWN, {"closed_at": FRIDAY}, ("Withdrawn", "15:00")),
        (State.ACKNOWLEDGED, {}, ("Acknowledged", "No clock")),
    ],
)
def test_without_a_running_clock_the_chip_tells_the_state(
    state: State, fields: dict[str, datetime], said: tuple[str, str]
) -> None:
    shown = seen(None, at=FRIDAY + 2 * HOUR if state == State.UNASSIGNED else FRIDAY, state=state, **fields)

    assert (shown.words, shown.note) == said


def test_a_handoff_given_by_hand_does_not_claim_a_rule(firm, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    pipeline.reassign(
        handoff, to=firm.reps["freya"], reason="Ingrid is in a trial", actor="user:1", now=handoff.received_at
    )

    said = words(sign_in("freya").get(f"/handoffs/{handoff.reference}/"))

    assert "Why me? Given by hand, not by a rule." in said
    assert "Ingrid Solheim, chosen" not in said


def test_rows_never_need_a_clock_to_be_listed(firm, sign_in: SignIn) -> None:
    HandoffFactory(from_rep=firm.reps["dana"], state=State.RECEIVED)

    assert "Received: Being prepared" in words(sign_in("dana").get("/?view=all"))
