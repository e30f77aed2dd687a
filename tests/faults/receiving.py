"""Receives a handoff for each CRM record named, as a web process would, and prints how long each took.

    python -m tests.faults.receiving mql_to_sales:A-1: sql_to_ae:A-2:D-7

One JSON line each: the type, the seconds, and whether the handoff was new.
"""

from __future__ import annotations

import json
import sys
import time

import django

django.setup()

from django.utils import timezone  # noqa: E402 - Django must be set up before its models are imported

from handoffs import pipeline  # noqa: E402
from handoffs.models import Account, Deal, Handoff  # noqa: E402
from routing.models import HandoffType  # noqa: E402


def main(named: list[str]) -> None:
    for name in named:
        handoff_type, account_id, deal_id = name.split(":")
        account = Account.objects.get(crm_id=account_id)
        deal = Deal.objects.get(crm_id=deal_id) if deal_id else None
        started = time.monotonic()
        _, created = pipeline.receive(
            handoff_type=HandoffType(handoff_type),
            account=account,
            deal=deal,
            origin=Handoff.Origin.API,
            now=timezone.now(),
            actor="crm",
        )
        answer = {"type": handoff_type, "seconds": time.monotonic() - started, "created": created}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
