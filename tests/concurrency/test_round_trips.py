"""The one transaction holds a pool's lock, so others wait for each of its statements."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from handoffs import claiming, pipeline, settling
from handoffs.models import Handoff, State
from handoffs.preparing import prepare
from routing.models import HandoffType
from tests.factories import NOW, Company, rich_account

MOST = 15

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]


@pytest.mark.parametrize("handoff_type", HandoffType.values)
def test_settling_takes_no_more_than_fifteen_round_trips(firm: Company, handoff_type: str):
    sender = firm.reps["dana" if handoff_type == HandoffType.SQL_TO_AE else "oskar"]
    rich = rich_account(handoff_type, sender=sender)
    handoff, _ = pipeline.receive(
        handoff_type=HandoffType(handoff_type),
        account=rich.account,
        deal=rich.deal,
        origin=Handoff.Origin.CRM,
        now=NOW,
        actor="crm",
    )
    [mine] = claiming.claim_due(Handoff, now=NOW, real_now=NOW, limit=1, only=handoff.pk)
    prepared = prepare(mine, now=NOW)
    with CaptureQueriesContext(connection) as statements:
        settling.settle(mine, prepared, now=NOW, actor="engine")
    assert Handoff.objects.get().state == State.ASSIGNED
    # Django writes BEGIN and COMMIT down as well.
    assert len(statements) <= MOST, "\n".join(query["sql"][:120] for query in statements)
    assert statements[0]["sql"].startswith("BEGIN")
    assert statements[-1]["sql"] == "COMMIT"
