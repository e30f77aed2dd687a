"""An SDR qualified a lead: the account executive gets it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handoffs import pipeline
from handoffs.models import Handoff, State
from routing.models import HandoffType
from tests.factories import NOW, company, rich_account

pytestmark = pytest.mark.django_db


def test_smoke() -> None:
    firm = company()
    rich = rich_account("sql_to_ae")
    handoff, created = pipeline.receive(
        handoff_type=HandoffType.SQL_TO_AE, account=rich.account, deal=rich.deal, origin=Handoff.Origin.CRM, now=NOW, actor="crm"
    )
    assert created
    handoff = pipeline.run(handoff, now=NOW, actor="engine")
    print(handoff.state, handoff.owner, handoff.last_error, handoff.completeness, handoff.segment, handoff.territory)
    print([(d.purpose, d.channel, d.recipient) for d in handoff.deliveries.all()])
    assert handoff.state == State.ASSIGNED
    handoff = pipeline.acknowledge(handoff, actor="user:1", now=NOW + timedelta(minutes=3))
    handoff = pipeline.log_contact(handoff, contacted_at=NOW + timedelta(minutes=30), actor="user:1", now=NOW + timedelta(minutes=31))
    handoff = pipeline.close(handoff, outcome=State.CONVERTED, actor="user:1", now=NOW + timedelta(days=3))
    assert handoff.state == State.CONVERTED
