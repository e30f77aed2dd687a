"""Rows of decisions, clocks and handoffs."""

from datetime import timedelta
from uuid import UUID

from factory.declarations import LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from handoffs.models import (
    Approval,
    Delivery,
    Event,
    Handoff,
    Package,
    Remark,
    TypeSetting,
)
from routing.models import (
    Assignment,
    Decision,
    HandoffType,
    RoleCode,
    Turn,
)
from sla.models import Clock, ClockInterval, ClockKind, EscalationStep, Policy, StepRun
from tests.factories.crm import AccountFactory
from tests.factories.people import NOW, MembershipFactory, RepFactory, RuleSetFactory, UserFactory


class DecisionFactory(DjangoModelFactory[Decision]):
    class Meta:
        model = Decision

    handoff_uuid = Sequence(lambda n: UUID(int=n + 1))
    rule_set = SubFactory(RuleSetFactory)
    chosen = SubFactory(RepFactory)
    outcome = Decision.Outcome.ASSIGNED
    facts = LazyFunction(lambda: {"handoff_type": "sql_to_ae"})
    receipt = LazyFunction(dict)
    decided_at = NOW


class AssignmentFactory(DjangoModelFactory[Assignment]):
    class Meta:
        model = Assignment

    handoff_uuid = Sequence(lambda n: UUID(int=n + 1))
    number = 1
    rep = SubFactory(RepFactory)
    assigned_at = NOW


class TurnFactory(DjangoModelFactory[Turn]):
    """A ledger line on its own; it does not move the membership's pointer."""

    class Meta:
        model = Turn

    membership = SubFactory(MembershipFactory)
    pool = SelfAttribute("membership.pool")
    seq = Sequence(lambda n: n + 1)
    kind = Turn.Kind.DEBIT
    units = 232_792_560
    pointer_after = 232_792_560
    at = NOW


class PolicyFactory(DjangoModelFactory[Policy]):
    class Meta:
        model = Policy

    handoff_type = HandoffType.SQL_TO_AE
    number = Sequence(lambda n: n + 100)
    target_minutes = 120
    acknowledge_minutes = 60


class EscalationStepFactory(DjangoModelFactory[EscalationStep]):
    class Meta:
        model = EscalationStep

    policy = SubFactory(PolicyFactory)
    position = Sequence(lambda n: n + 1)
    action = EscalationStep.Action.ALERT_OWNER
    after_minutes = 60


class ClockFactory(DjangoModelFactory[Clock]):
    class Meta:
        model = Clock

    assignment = SubFactory(AssignmentFactory)
    handoff_uuid = SelfAttribute("assignment.handoff_uuid")
    kind = ClockKind.FIRST_CONTACT
    policy = SubFactory(PolicyFactory)
    target_minutes = 120
    started_at = NOW
    at_risk_at = NOW + timedelta(minutes=84)
    deadline_at = NOW + timedelta(minutes=120)


class ClockIntervalFactory(DjangoModelFactory[ClockInterval]):
    class Meta:
        model = ClockInterval

    clock = SubFactory(ClockFactory)
    kind = ClockInterval.Kind.RUNNING
    starts_at = NOW


class StepRunFactory(DjangoModelFactory[StepRun]):
    class Meta:
        model = StepRun

    clock = SubFactory(ClockFactory)
    step = SubFactory(EscalationStepFactory)
    due_at = NOW + timedelta(hours=3)
    ran_at = NOW + timedelta(hours=3, seconds=4)


class HandoffFactory(DjangoModelFactory[Handoff]):
    """A handoff just received; everything later comes from the pipeline."""

    class Meta:
        model = Handoff

    handoff_type = HandoffType.SQL_TO_AE
    origin = Handoff.Origin.API
    account = SubFactory(AccountFactory)
    dedupe_key = Sequence(lambda n: f"sql_to_ae/A-{n}/")
    received_at = NOW


class PackageFactory(DjangoModelFactory[Package]):
    class Meta:
        model = Package

    handoff = SubFactory(HandoffFactory)
    number = 1
    verdict = Package.Verdict.COMPLETE
    score = 95
    body = LazyFunction(dict)
    context = LazyFunction(dict)
    compiled_at = NOW


class RemarkFactory(DjangoModelFactory[Remark]):
    class Meta:
        model = Remark

    handoff = SubFactory(HandoffFactory)
    text = "Knows the customer"
    actor = "user:1"
    at = NOW


class TypeSettingFactory(DjangoModelFactory[TypeSetting]):
    class Meta:
        model = TypeSetting
        django_get_or_create = ("handoff_type",)

    handoff_type = HandoffType.SQL_TO_AE


class DeliveryFactory(DjangoModelFactory[Delivery]):
    class Meta:
        model = Delivery

    key = Sequence(lambda n: f"test/{n}")
    purpose = Delivery.Purpose.NOTICE
    channel = Delivery.Channel.SLACK
    recipient = "#revops"
    payload = LazyFunction(lambda: {"title": "A notice", "body": "Something happened."})
    queued_at = NOW
    next_at = NOW


class EventFactory(DjangoModelFactory[Event]):
    """A line that is not chained; for the pages that list the log, not for the log's own tests."""

    class Meta:
        model = Event

    stream = Sequence(lambda n: f"test:{n}")
    seq = 1
    verb = "received"
    actor = "engine"
    at = NOW
    prev_hash = ""
    hash = Sequence(lambda n: f"{n:064x}")


class ApprovalFactory(DjangoModelFactory[Approval]):
    class Meta:
        model = Approval

    subject_kind = "rule_set"
    subject_id = Sequence(lambda n: UUID(int=n + 1))
    content_hash = Sequence(lambda n: f"{n:064x}")
    author = SubFactory(UserFactory)
    approver = SubFactory(UserFactory)
    side = Approval.Side.REVOPS
    role = RoleCode.REVOPS_DIRECTOR
    verdict = Approval.Verdict.APPROVED
    at = NOW
