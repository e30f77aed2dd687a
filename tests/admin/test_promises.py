"""Calendars and promises: hours that cannot be are told at their field, and what is in use is not edited."""

import pytest
from django.test import Client

from routing.models import Calendar
from sla.models import Policy
from tests import factories
from tests.admin.pages import address, complaints, fields_of, one_new_line, save
from tests.admin.worlds import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Client:
    return signed_in()


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("week", "{mon: 9-17}", "This is not JSON. Check quotes, commas and brackets"),
        ("week", '{"mon": [["09:00", "12:00"], ["11:00", "17:00"]]}', "overlap"),
        ("week", '{"mon": [["22:00", "06:00"]], "tue": [["05:59", "12:00"]]}', "overlap"),
        ("week", "{}", "no open hour"),
        ("week", '{"mon": [], "tue": []}', "no open hour"),
        ("week", '{"mon": [["09:00", "09:00"]]}', "has no length"),
        ("week", '{"mon": [["25:00", "26:00"]]}', "is not a time of day"),
        ("week", '{"måndag": [["09:00", "17:00"]]}', "The weekday 'måndag' is unknown"),
        ("week", '{"mon": 9}', "needs a start and an end"),
        ("week", '{"mon": null}', "needs a start and an end"),
        ("week", '{"mon": "09:00-17:00"}', "needs a start and an end"),
        ("week", '{"mon": {"09:00": "17:00"}}', "needs a start and an end"),
        ("week", '{"mon": [9]}', "needs a start and an end"),
        ("week", '{"mon": [[9, 17]]}', "is not a time of day"),
        ("week", '{"mon": [[["09:00"], "17:00"]]}', "is not a time of day"),
        ("time_zone", "Europe/Atlantis", "Europe/Atlantis"),
        ("time_zone", "../etc/passwd", "is not a time zone"),
        ("country", "XX", "The public holidays of “XX” are not known"),
        ("country", "挪", "The public holidays of “挪” are not known"),
        ("region", "BY", "“BY” is a region of no country yet. Fill in the country, or leave this blank."),
        ("week", '{"mon": [["09:00", "10:00"]], "mon": [["11:00", "12:00"]]}', "“mon” stands here twice"),
        ("week", "[]", "This is no mapping."),
    ],
)
def test_hours_that_cannot_be_are_told_at_their_field(boss: Client, field: str, typed: str, sentence: str):
    calendar = factories.CalendarFactory.create()
    assert sentence in complaints(save(boss, calendar, **{field: typed}))[field][0]


NEVER_SHUT = "A calendar that is open 24 hours, 7 days is never shut."


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("time_zone", "Europe/Atlantis", "is not a time zone. Use an IANA name such as Europe/Oslo."),
        ("country", "NO", NEVER_SHUT),
        ("week", '{"mon": [["09:00", "17:00"]]}', NEVER_SHUT),
    ],
)
def test_a_calendar_that_is_never_shut_refuses_what_it_would_pass_by(
    boss: Client, field: str, typed: str, sentence: str
):
    calendar = factories.CalendarFactory.create(always_open=True, week={})
    assert sentence in complaints(save(boss, calendar, **{field: typed}))[field][0]
    assert save(boss, calendar).status_code == 302


def test_a_calendar_with_days_of_its_own_cannot_be_made_to_never_shut(boss: Client):
    calendar = factories.HolidayFactory.create().calendar
    assert NEVER_SHUT in complaints(save(boss, calendar, always_open="on", week="{}", country=""))["__all__"][0]
    typed = {"always_open": "on", "week": "{}", "country": "", "holidays-0-DELETE": "on"}
    assert save(boss, calendar, **typed).status_code == 302


def test_the_days_of_a_week_are_shown_in_their_order(boss: Client):
    shut: dict[str, list[list[str]]] = {"sun": [], "sat": []}
    calendar = factories.CalendarFactory.create(week=shut | {"tue": [["09:00", "17:00"]], "mon": [["09:00", "17:00"]]})
    shown = fields_of(boss.get(address(calendar, "change")))["week"]
    assert [line[3:6] for line in shown.splitlines()[1:-1]] == ["mon", "tue", "sat", "sun"]
    assert "Mon, Tue" in boss.get(address(Calendar, "changelist")).content.decode()


def test_an_edit_of_a_calendar_or_of_its_holidays_makes_a_new_version(boss: Client):
    calendar = factories.HolidayFactory.create().calendar
    before = Calendar.objects.get().version

    def edits() -> int:
        return Calendar.objects.get().version - before

    save(boss, calendar)
    assert edits() == 0
    save(boss, calendar, week='{"mon": [["09:00", "17:00"]]}')
    assert edits() == 1
    save(boss, calendar, **{"holidays-0-name": "Another day"})
    assert edits() == 2
    save(boss, calendar, **{"holidays-0-DELETE": "on"})
    assert (edits(), calendar.holidays.count()) == (3, 0)


def test_the_ladder_of_a_draft_can_be_reordered_in_one_save(boss: Client):
    policy = factories.PolicyFactory.create()
    for position, action in enumerate(("alert_owner", "alert_role"), start=1):
        factories.EscalationStepFactory.create(policy=policy, position=position, action=action)
    response = save(boss, policy, **{"steps-0-position": 2, "steps-1-position": 1})
    assert response.status_code == 302, complaints(response)
    ladder = policy.steps.order_by("position").values_list("action", flat=True)
    assert list(ladder) == ["alert_role", "alert_owner"]


@pytest.mark.parametrize("state", [Policy.State.LIVE, Policy.State.ARCHIVED])
def test_a_policy_in_use_refuses_edits_of_itself_and_of_its_ladder(boss: Client, state: str):
    policy = factories.PolicyFactory.create(team=factories.TeamFactory.create())
    step = factories.EscalationStepFactory.create(policy=policy)
    filled = fields_of(boss.get(address(policy, "change"))) | {"target_minutes": 5, "steps-0-after_minutes": 5}
    Policy.objects.filter(pk=policy.pk).update(state=state)
    boss.post(address(policy, "change"), filled)
    assert boss.post(address(policy, "delete"), {"post": "yes"}).status_code == 403
    step.refresh_from_db()
    policy.refresh_from_db()
    assert (policy.target_minutes, step.after_minutes, policy.state) == (120, 60, state)


def test_a_draft_policy_of_nought_minutes_is_refused_at_its_field(boss: Client):
    policy = factories.PolicyFactory.create()
    assert "target_minutes" in complaints(save(boss, policy, target_minutes=0))


def test_a_new_policy_starts_as_a_draft_with_its_ladder(boss: Client):
    ladder = one_new_line(
        "steps", clock_kind="first_contact", position=1, action="alert_owner", after_minutes=60, unit="elapsed"
    )
    response = save(
        boss, Policy, handoff_type="sql_to_ae", number=7, target_minutes=90, acknowledge_minutes=45, **ladder
    )
    assert response.status_code == 302, complaints(response)
    policy = Policy.objects.get(number=7)
    assert (policy.state, policy.steps.get().action) == (Policy.State.DRAFT, "alert_owner")
