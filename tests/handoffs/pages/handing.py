"""Puts handoffs in front of a page by the real pipeline."""

from datetime import datetime
from typing import Any

from handoffs import pipeline
from handoffs.models import Account, Deal, Handoff
from routing.models import HandoffType
from tests.factories import Company, rich_account


def hand_over(
    firm: Company,
    handoff_type: str = HandoffType.SQL_TO_AE,
    *,
    at: datetime,
    account: Account | None = None,
    deal: Deal | None = None,
    **account_fields: Any,
) -> Handoff:
    """Received from Dana and run at `at`; without `account`, for one about which everything is known."""
    if account is None:
        rich = rich_account(handoff_type, now=at, **account_fields)
        account, deal = rich.account, rich.deal
    dana = firm.reps["dana"]
    handoff, _ = pipeline.receive(
        handoff_type=HandoffType(handoff_type),
        account=account,
        deal=deal,
        origin=Handoff.Origin.CRM,
        now=at,
        actor="crm",
        from_rep=dana,
        from_team=dana.team,
    )
    return pipeline.run(handoff, now=at, actor="engine")
