"""Which rows of the local CRM crossed their type's trigger: each starts one handoff. Thresholds are data (TypeSetting).

A row that already led to a handoff of the type is left alone: a deal once per qualification or win, an account for the
type's cool-down.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When

from handoffs import pipeline
from handoffs.models import Account, Activity, Deal, Handoff, TypeSetting, UsageStage
from routing.models import HandoffType

BATCH = 50
LOOK_BACK = timedelta(days=30)
"""Wins, qualifications and signals older than this were settled before we came."""

Trigger = tuple[Account, Deal | None, str]

log = logging.getLogger(__name__)


def start_due(*, now: datetime) -> int:
    """Receives a handoff for a batch of the rows that crossed a trigger; returns how many are new.

    A row that cannot be received is logged and left; it does not stop the others.
    """
    started = 0
    for setting in TypeSetting.objects.filter(is_enabled=True):
        handoff_type = HandoffType(setting.handoff_type)
        for trigger in FINDERS[handoff_type](setting, now):
            started += _start(handoff_type, trigger, now=now)
    return started


def _start(handoff_type: HandoffType, trigger: Trigger, *, now: datetime) -> bool:
    account, deal, key = trigger
    try:
        _, created = pipeline.receive(
            handoff_type=handoff_type,
            account=account,
            deal=deal,
            origin=Handoff.Origin.CRM,
            now=now,
            actor="crm",
            trigger_key=key,
        )
    except (InterfaceError, OperationalError):  # the database is away, which is nothing about this row
        raise
    except Exception:
        log.exception("The trigger %s could not be received", key)
        return False
    return created


def _scored(setting: TypeSetting, now: datetime) -> Iterator[Trigger]:
    """MQL: the lead score reached the threshold; PQL: the newest usage stage is one that counts.

    A customer is no lead, and an account with an open deal is with sales already.
    """
    stage = UsageStage.objects.filter(account=OuterRef("pk")).order_by("-as_of").values("stage")[:1]
    crossed = Q(usage_stage__in=setting.usage_stages)
    if setting.score_threshold is not None:
        crossed |= Q(score__gte=setting.score_threshold)
    accounts = (
        Account.objects.filter(is_customer=False)
        .exclude(Exists(Deal.objects.filter(account=OuterRef("pk"), is_closed=False)))
        .annotate(usage_stage=Subquery(stage))
        .filter(crossed)
        .exclude(_cooling(setting, now, account=OuterRef("pk")))
    )
    for account in accounts.order_by("scored_at", "pk")[:BATCH]:
        yield account, None, f"crm:{setting.handoff_type}:{account.crm_id}:{now:%Y-%m-%d}"


def _qualified(setting: TypeSetting, now: datetime) -> Iterator[Trigger]:
    """SQL: the SDR marked the deal as qualified."""
    deals = _unstarted(setting, Deal.objects.filter(is_closed=False), "qualified_at", now)
    for deal in deals.order_by("qualified_at")[:BATCH]:
        yield deal.account, deal, f"crm:{setting.handoff_type}:{deal.crm_id}:{deal.qualified_at:%Y-%m-%dT%H:%M:%S}"


def _won(setting: TypeSetting, now: datetime) -> Iterator[Trigger]:
    """Closed won."""
    deals = _unstarted(setting, Deal.objects.filter(is_won=True), "closed_at", now)
    for deal in deals.order_by("closed_at")[:BATCH]:
        yield deal.account, deal, f"crm:{setting.handoff_type}:{deal.crm_id}:{deal.closed_at:%Y-%m-%dT%H:%M:%S}"


def _signalled(setting: TypeSetting, now: datetime) -> Iterator[Trigger]:
    """Expansion: a signal on a customer; with an open deal of the signal's, that deal goes along.

    Within the cool-down, a signal about another open deal is another opportunity; one about no deal is the same one.
    """
    about = Case(When(deal__is_closed=False, deal__account=F("account"), then=F("deal_id")), default=0)
    since = now - timedelta(days=setting.cooldown_days)
    earlier = Handoff.objects.filter(
        account=OuterRef("account"), handoff_type=setting.handoff_type, received_at__gt=since
    )
    heard = Exists(earlier.filter(deal=OuterRef("about"))) | Q(about=0) & Exists(earlier)
    signals = (
        Activity.objects.filter(
            kind=Activity.Kind.EXPANSION_SIGNAL,
            account__is_customer=True,
            occurred_at__gt=now - LOOK_BACK,
            occurred_at__lte=now,
        )
        .annotate(about=about)
        .exclude(heard)
        .select_related("account", "deal")
    )
    for signal in signals.order_by("occurred_at", "pk")[:BATCH]:
        deal = signal.deal if signal.about else None
        yield signal.account, deal, f"crm:{setting.handoff_type}:{signal.crm_id}"


def _unstarted(setting: TypeSetting, deals: QuerySet[Deal], moment: str, now: datetime) -> QuerySet[Deal]:
    """Deals whose `moment` is recent, led to no handoff of the type, and did not fall while one was open."""
    at = OuterRef(moment)
    was_open = (Q(contacted_at=None) | Q(contacted_at__gt=at)) & (Q(closed_at=None) | Q(closed_at__gt=at))
    handed = Handoff.objects.filter(
        Q(received_at__gte=at) | was_open, deal=OuterRef("pk"), handoff_type=setting.handoff_type
    )
    recent = {f"{moment}__gt": now - LOOK_BACK, f"{moment}__lte": now}
    return deals.filter(**recent).exclude(Exists(handed)).select_related("account").annotate(moment=F(moment))


def _cooling(setting: TypeSetting, now: datetime, *, account: OuterRef) -> Exists:
    since = now - timedelta(days=setting.cooldown_days)
    return Exists(Handoff.objects.filter(account=account, handoff_type=setting.handoff_type, received_at__gt=since))


FINDERS: Mapping[HandoffType, Callable[[TypeSetting, datetime], Iterator[Trigger]]] = {
    HandoffType.MQL_TO_SALES: _scored,
    HandoffType.SQL_TO_AE: _qualified,
    HandoffType.CLOSED_TO_CS: _won,
    HandoffType.EXPANSION_TO_SALES: _signalled,
}
