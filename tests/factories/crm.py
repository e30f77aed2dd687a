"""Rows of the local CRM."""

from datetime import timedelta
from decimal import Decimal

from factory.declarations import Sequence, SubFactory
from factory.django import DjangoModelFactory

from handoffs.models import (
    Account,
    Activity,
    Contact,
    ContentEngagement,
    Deal,
    Note,
    UsageStage,
)
from tests.factories.people import NOW


class AccountFactory(DjangoModelFactory[Account]):
    class Meta:
        model = Account

    crm_id = Sequence(lambda n: f"A-{n}")
    crm_created_at = NOW - timedelta(days=100)
    crm_updated_at = NOW - timedelta(days=1)
    name = Sequence(lambda n: f"Account {n}")
    domain = Sequence(lambda n: f"account{n}.example")
    employee_count = 4200
    country = "NO"


class ContactFactory(DjangoModelFactory[Contact]):
    class Meta:
        model = Contact

    account = SubFactory(AccountFactory)
    crm_id = Sequence(lambda n: f"C-{n}")
    crm_updated_at = NOW - timedelta(days=2)
    first_name = "Kim"
    last_name = Sequence(lambda n: f"Contact{n}")
    email = Sequence(lambda n: f"contact{n}@account.example")


class DealFactory(DjangoModelFactory[Deal]):
    class Meta:
        model = Deal

    account = SubFactory(AccountFactory)
    crm_id = Sequence(lambda n: f"D-{n}")
    crm_created_at = NOW - timedelta(days=30)
    crm_updated_at = NOW - timedelta(days=1)
    name = Sequence(lambda n: f"Deal {n}")
    amount = Decimal("48000.00")
    stage = "Discovery"


class ActivityFactory(DjangoModelFactory[Activity]):
    class Meta:
        model = Activity

    account = SubFactory(AccountFactory)
    crm_id = Sequence(lambda n: f"ACT-{n}")
    kind = Activity.Kind.CALL
    subject = "Call"
    occurred_at = NOW - timedelta(days=3)


class NoteFactory(DjangoModelFactory[Note]):
    class Meta:
        model = Note

    account = SubFactory(AccountFactory)
    crm_id = Sequence(lambda n: f"N-{n}")
    body = "Spoke with the data team."
    occurred_at = NOW - timedelta(days=3)


class ContentEngagementFactory(DjangoModelFactory[ContentEngagement]):
    class Meta:
        model = ContentEngagement

    account = SubFactory(AccountFactory)
    crm_id = Sequence(lambda n: f"CE-{n}")
    title = "Detecting stale feeds"
    kind = "guide"
    occurred_at = NOW - timedelta(days=20)


class UsageStageFactory(DjangoModelFactory[UsageStage]):
    class Meta:
        model = UsageStage

    account = SubFactory(AccountFactory)
    stage = UsageStage.Stage.ACTIVATED
    active_users = 3
    seats = 5
    as_of = Sequence(lambda n: NOW - timedelta(days=5, seconds=n))
