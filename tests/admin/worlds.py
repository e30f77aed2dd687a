"""Rows for the admin's pages: one maker per registered model, and people who come to look."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.test import Client
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from knox.models import AuthToken

from handoffs import models as work
from handoffs import shipped
from routing import models as routing
from sla import models as sla
from tests import factories
from tests.factories import NOW


def handoff_with_everything() -> work.Handoff:
    """An assigned handoff with owner, clock, package, deliveries and a log line."""
    handoff = factories.HandoffFactory.create(deal=factories.DealFactory.create())
    assignment = factories.AssignmentFactory.create(handoff_uuid=handoff.uuid)
    factories.ClockFactory(assignment=assignment)
    package = factories.PackageFactory.create(handoff=handoff)
    factories.DeliveryFactory(handoff=handoff)
    factories.EventFactory(stream=handoff.stream)
    handoff.state, handoff.assignment, handoff.owner = work.State.ASSIGNED, assignment, assignment.rep
    handoff.team, handoff.package, handoff.assigned_at = assignment.rep.team, package, NOW
    handoff.save()
    return handoff


def parked(**fields: Any) -> work.Delivery:
    """A delivery that nobody will send again by itself."""
    settled = {"state": work.Delivery.State.PARKED, "next_at": None, "failures": 9, "last_error": "channel_not_found"}
    return factories.DeliveryFactory.create(**(settled | fields))


def _step_run() -> sla.StepRun:
    clock = factories.ClockFactory.create()
    return factories.StepRunFactory.create(
        clock=clock, step=factories.EscalationStepFactory.create(policy=clock.policy)
    )


def _numbered(model: type[Model], **fields: Any) -> Callable[[], Model]:
    """A maker that writes the count of rows so far wherever a value says {n}."""

    def make() -> Model:
        n = model._default_manager.count()
        filled = {key: value.format(n=n) if isinstance(value, str) else value for key, value in fields.items()}
        return model._default_manager.create(**filled)

    return make


def _log_entry() -> LogEntry:
    return LogEntry.objects.create(
        user=factories.UserFactory.create(),
        content_type=ContentType.objects.get_for_model(routing.Rep),
        object_id="1",
        object_repr="Robin",
        action_flag=CHANGE,
    )


def _periodic_task() -> PeriodicTask:
    n = PeriodicTask.objects.count()
    every, _ = IntervalSchedule.objects.get_or_create(every=n + 1, period="seconds")
    return PeriodicTask.objects.create(name=f"task {n}", task="handoffs.tasks.engine", interval=every)


_ATTEMPT = {"username": "person{n}@fathomline.example", "ip_address": "192.0.2.7", "path_info": "/accounts/login/"}

MAKERS: dict[type[Model], Callable[[], Any]] = {
    routing.User: lambda: factories.UserFactory.create(groups=["rep"]),
    Group: _numbered(Group, name="group {n}"),
    routing.Team: lambda: factories.TeamFactory.create(
        parent=factories.TeamFactory.create(), manager=factories.RepFactory.create()
    ),
    routing.Rep: factories.RepFactory.create,
    routing.Absence: factories.AbsenceFactory.create,
    routing.Role: lambda: factories.RoleFactory.create(team=factories.TeamFactory.create()),
    routing.Delegation: factories.DelegationFactory.create,
    routing.Calendar: lambda: factories.HolidayFactory.create().calendar,
    routing.Pool: lambda: factories.MembershipFactory.create().pool,
    routing.Membership: factories.MembershipFactory.create,
    routing.Pod: lambda: factories.PodFactory.create(members=[factories.RepFactory.create()]),
    routing.Check: lambda: factories.CheckFactory.create(
        rule_code="", pool=factories.PoolFactory.create(), is_active=False
    ),
    routing.Turn: factories.TurnFactory.create,
    routing.RuleSet: lambda: (
        factories.RuleFactory.create(rule_set__based_on=factories.RuleSetFactory.create()).rule_set
    ),
    routing.Rule: factories.RuleFactory.create,
    routing.Territory: factories.TerritoryFactory.create,
    routing.Segment: factories.SegmentFactory.create,
    routing.Decision: factories.DecisionFactory.create,
    routing.Assignment: factories.AssignmentFactory.create,
    sla.Policy: lambda: factories.EscalationStepFactory.create(policy__team=factories.TeamFactory.create()).policy,
    sla.Clock: lambda: factories.ClockIntervalFactory.create().clock,
    sla.StepRun: _step_run,
    work.Handoff: handoff_with_everything,
    work.Package: factories.PackageFactory.create,
    work.Delivery: lambda: parked(handoff=factories.HandoffFactory.create()),
    work.Event: factories.EventFactory.create,
    work.Remark: factories.RemarkFactory.create,
    work.Approval: factories.ApprovalFactory.create,
    work.TypeSetting: factories.TypeSettingFactory.create,
    work.Account: lambda: factories.ContactFactory.create(account__owner=factories.RepFactory.create()).account,
    work.Contact: factories.ContactFactory.create,
    work.Deal: lambda: factories.DealFactory.create(owner=factories.RepFactory.create()),
    work.Activity: factories.ActivityFactory.create,
    work.Note: factories.NoteFactory.create,
    work.ContentEngagement: factories.ContentEngagementFactory.create,
    work.UsageStage: factories.UsageStageFactory.create,
    PeriodicTask: _periodic_task,
    IntervalSchedule: lambda: IntervalSchedule.objects.create(
        every=IntervalSchedule.objects.count() + 9, period="hours"
    ),
    CrontabSchedule: _numbered(CrontabSchedule, minute="{n}"),
    SolarSchedule: lambda: SolarSchedule.objects.create(
        event="sunrise", latitude=SolarSchedule.objects.count(), longitude=10
    ),
    ClockedSchedule: lambda: ClockedSchedule.objects.create(
        clocked_time=NOW + timedelta(days=ClockedSchedule.objects.count())
    ),
    AccessAttempt: _numbered(AccessAttempt, **_ATTEMPT, user_agent="Firefox {n}", failures_since_start=2),
    AccessLog: _numbered(AccessLog, **_ATTEMPT, user_agent="Firefox"),
    AccessFailureLog: _numbered(AccessFailureLog, **_ATTEMPT, user_agent="Firefox"),
    LogEntry: _log_entry,
    AuthToken: lambda: AuthToken.objects.create(factories.UserFactory.create())[0],
}


def signed_in(*, group: str = "", **fields: Any) -> Client:
    """A browser of a staff member: of a group with its shipped permissions, or a superuser if no group is named."""
    shipped.install()
    powers = {"is_staff": True, "is_superuser": not group} | fields
    user = factories.UserFactory.create(groups=[group] if group else (), **powers)
    client = Client()
    client.force_login(user)
    client.user = user  # type: ignore[attr-defined]
    return client
