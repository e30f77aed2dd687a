"""Which deal goes with which kind of handoff."""

from __future__ import annotations

from handoffs.models import Deal
from routing.models import HandoffType


def misfit(kind: HandoffType, deal: Deal | None) -> str:
    """Why the deal, or none, does not go with the kind, as a sentence; empty when it does."""
    if kind == HandoffType.CLOSED_TO_CS and (deal is None or not deal.is_won):
        return "A closed-won handoff is about a deal that was won. Name that deal, or mark it as won in the CRM first."
    if kind == HandoffType.MQL_TO_SALES and deal is not None:
        return "A lead that goes to sales has no deal yet. Leave the deal out, or choose another kind."
    if kind in {HandoffType.SQL_TO_AE, HandoffType.EXPANSION_TO_SALES} and deal is not None and deal.is_closed:
        return "That deal is closed. Name an open one, or leave it out."
    return ""
