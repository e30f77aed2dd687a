"""From a gathered context to the frozen facts that routing reasons over."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handoffs.context import Context
from handoffs.models import Handoff
from routing.facts import LARGEST, Facts
from routing.models import HandoffType, Rep, Rule

OWNER_FIELDS = {
    Rule.Strategy.NAMED_REP: "named_owner_crm_id",
    Rule.Strategy.ACCOUNT_OWNER: "owner_crm_id",
    Rule.Strategy.PARENT_ACCOUNT_OWNER: "parent_owner_crm_id",
}


@dataclass(frozen=True, slots=True)
class People:
    """The roster entries the CRM names for this handoff, by CRM id, in one look-up.

    Somebody who has left is one of them: the CRM may name them for long, and their rule says who stands in.
    """

    by_crm_id: Mapping[str, Rep]

    @classmethod
    def named_in(cls, context: Context) -> People:
        named = {getattr(context.account, field) for field in OWNER_FIELDS.values()}
        named.add(context.deal.owner_crm_id if context.deal else "")
        reps = Rep.objects.filter(crm_id__in=named - {""}).select_related("team")
        return cls({str(rep.crm_id): rep for rep in reps})

    def sender(self, context: Context, handoff_type: HandoffType) -> Rep | None:
        """The CRM owner of the deal, else of the account: one on the sending side, else one who does not receive."""
        crm_ids = [context.deal.owner_crm_id if context.deal else "", context.account.owner_crm_id]
        owners = [rep for crm_id in crm_ids if (rep := self.by_crm_id.get(crm_id)) and rep.is_active]
        sending = (rep for rep in owners if rep.function in handoff_type.sending_functions)
        others = (rep for rep in owners if rep.function not in handoff_type.receiving_functions)
        return next(sending, None) or next(others, None)


def facts_of(context: Context, handoff: Handoff, *, people: People, sender: Rep | None) -> Facts:
    """What routing may know. An owner counts only if they work in a receiving function and are not the sender."""
    account, deal = context.account, context.deal
    metadata: Mapping[str, Any] = {**account.metadata, **(deal.metadata if deal else {})}
    return Facts(
        handoff_type=handoff.handoff_type,
        tier=account.tier,
        country=account.country,
        region=account.region,
        postal_code=account.postal_code,
        industry=account.industry,
        employee_count=account.employee_count,
        source=str(metadata.get("source") or ""),
        products=_products(metadata.get("products")),
        score=_score(metadata.get("qualification_score"), account.score),
        usage_stage=context.usage.stage if context.usage else None,
        pod=str(account.custom.get("pod") or ""),
        to_team=handoff.to_team.code if handoff.to_team else None,
        sender=sender.pk if sender else None,
        owners=_owners(context, handoff.type_enum, people, sender),
        custom={str(key): str(value) for key, value in account.custom.items() if value not in (None, "")},
    )


def _owners(context: Context, handoff_type: HandoffType, people: People, sender: Rep | None) -> dict[str, int]:
    wanted = {str(strategy): getattr(context.account, field) for strategy, field in OWNER_FIELDS.items()}
    if context.deal and not context.deal.is_closed:
        wanted[Rule.Strategy.OPEN_DEAL_OWNER] = context.deal.owner_crm_id
    found = {strategy: people.by_crm_id.get(crm_id) for strategy, crm_id in wanted.items()}
    return {
        strategy: rep.pk
        for strategy, rep in found.items()
        if rep and rep.function in handoff_type.receiving_functions and rep != sender
    }


def _products(raw: object) -> frozenset[str]:
    names = raw if isinstance(raw, list) else str(raw or "").split(",")
    return frozenset(map(str, names))


def _score(*candidates: object) -> int | None:
    return next((score for raw in candidates if (score := _whole(raw)) is not None), None)


def _whole(raw: object) -> int | None:
    """A number, or text that is one, rounded down; None for anything else, and for what no score can be."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        number = float(raw.strip().removesuffix("%")) if isinstance(raw, str) else raw
        return math.floor(number) if -LARGEST <= number <= LARGEST else None
    except ValueError:
        return None
