"""The CRM that is always there: the port served from the local tables."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet

from handoffs.connectors.ports import (
    AccountRecord,
    ActivityRecord,
    ContactRecord,
    ContentRecord,
    DealRecord,
    NoteRecord,
    NotFound,
    UsageRecord,
)
from handoffs.models import Account, Activity, Contact, ContentEngagement, Deal, Note, UsageStage
from routing.models import Rep

Row = TypeVar("Row", bound=Model)
ROW_LIMIT = 2_000


class EmbeddedCrm:
    """Reads and writes the local CRM tables. Writes merge under row locks, so repeating one changes nothing."""

    def get_account(self, account_id: str) -> AccountRecord:
        row = _one(Account.objects.select_related("owner", "named_owner", "parent__owner"), account_id, "Account")
        return AccountRecord(
            crm_id=row.crm_id,
            name=row.name,
            domain=row.domain,
            industry=row.industry,
            employee_count=row.employee_count,
            tier=row.tier,
            country=row.country,
            region=row.region,
            postal_code=row.postal_code,
            city=row.city,
            time_zone=row.time_zone,
            phone=row.phone,
            is_customer=row.is_customer,
            score=row.score,
            created_at=row.crm_created_at,
            updated_at=row.crm_updated_at,
            owner_crm_id=_owner(row.owner),
            named_owner_crm_id=_owner(row.named_owner),
            parent_owner_crm_id=_owner(row.parent.owner if row.parent else None),
            custom={**row.custom, **({"pod": row.pod} if row.pod else {})},
            metadata=row.metadata,
        )

    def get_contacts(self, account_id: str) -> list[ContactRecord]:
        rows = Contact.objects.filter(account__crm_id=account_id).order_by("id")[:ROW_LIMIT]
        return [
            ContactRecord(
                crm_id=row.crm_id,
                first_name=row.first_name,
                last_name=row.last_name,
                title=row.title,
                email=row.email,
                email_bounced=row.email_bounced,
                phone=row.phone,
                is_primary=row.is_primary,
                buying_role=row.buying_role,
                do_not_contact=row.do_not_contact,
                time_zone=row.time_zone,
                product_user_id=row.product_user_id,
                updated_at=row.crm_updated_at,
            )
            for row in rows
        ]

    def get_deal(self, deal_id: str) -> DealRecord:
        row = _one(Deal.objects.select_related("account", "owner"), deal_id, "Deal")
        return DealRecord(
            crm_id=row.crm_id,
            account_crm_id=row.account.crm_id,
            name=row.name,
            amount=row.amount,
            currency=row.currency,
            stage=row.stage,
            is_won=row.is_won,
            is_closed=row.is_closed,
            expected_close=row.expected_close,
            closed_at=row.closed_at,
            owner_crm_id=_owner(row.owner),
            updated_at=row.crm_updated_at,
            metadata=row.metadata,
        )

    def get_activities(self, account_id: str) -> list[ActivityRecord]:
        rows = (
            Activity.objects.filter(account__crm_id=account_id)
            .select_related("contact", "owner", "deal")
            .order_by("-occurred_at", "-id")[:ROW_LIMIT]
        )
        return [
            ActivityRecord(
                crm_id=row.crm_id,
                kind=row.kind,
                subject=row.subject,
                description=row.description,
                occurred_at=row.occurred_at,
                contact_crm_id=row.contact.crm_id if row.contact else "",
                contact_name=str(row.contact or ""),
                owner_name=str(row.owner or ""),
                deal_crm_id=row.deal.crm_id if row.deal else "",
                properties=row.properties,
            )
            for row in rows
        ]

    def get_notes(self, account_id: str) -> list[NoteRecord]:
        rows = (
            Note.objects.filter(account__crm_id=account_id)
            .select_related("contact", "author", "deal")
            .order_by("-occurred_at", "-id")[:ROW_LIMIT]
        )
        return [
            NoteRecord(
                crm_id=row.crm_id,
                tag=row.tag,
                body=row.body,
                occurred_at=row.occurred_at,
                author_name=str(row.author or ""),
                contact_name=str(row.contact or ""),
                source=row.source,
                deal_crm_id=row.deal.crm_id if row.deal else "",
            )
            for row in rows
        ]

    def get_content_engagement(self, account_id: str) -> list[ContentRecord]:
        rows = (
            ContentEngagement.objects.filter(account__crm_id=account_id)
            .select_related("contact")
            .order_by("-occurred_at", "-id")[:ROW_LIMIT]
        )
        return [
            ContentRecord(
                title=row.title,
                kind=row.kind,
                occurred_at=row.occurred_at,
                contact_name=str(row.contact or ""),
                url=row.url,
            )
            for row in rows
        ]

    def update_deal(self, deal_id: str, *, metadata: Mapping[str, str], owner_crm_id: str, key: str) -> str:
        with transaction.atomic():
            return _merge(_one(Deal.objects.select_for_update(), deal_id, "Deal"), metadata, owner_crm_id)

    def update_account(self, account_id: str, *, metadata: Mapping[str, str], owner_crm_id: str, key: str) -> str:
        with transaction.atomic():
            return _merge(_one(Account.objects.select_for_update(), account_id, "Account"), metadata, owner_crm_id)

    def log_activity(
        self,
        *,
        account_id: str,
        deal_id: str,
        owner_crm_id: str,
        subject: str,
        description: str,
        occurred_at: datetime,
        key: str,
    ) -> str:
        account = _one(Account.objects.all(), account_id, "Account")
        try:
            with transaction.atomic():
                Activity.objects.create(
                    crm_id=f"ACT-{uuid.uuid4()}",
                    account=account,
                    deal=_one(Deal.objects.all(), deal_id, "Deal") if deal_id else None,
                    owner=Rep.objects.filter(crm_id=owner_crm_id).first() if owner_crm_id else None,
                    kind=Activity.Kind.NOTE,
                    subject=subject[:200],
                    description=description,
                    occurred_at=occurred_at,
                    external_key=key,
                )
        except IntegrityError:
            if not Activity.objects.filter(external_key=key).exists():
                raise
        return Activity.objects.values_list("crm_id", flat=True).get(external_key=key)


class EmbeddedLifecycle:
    """Product usage from the local table: the account's newest stage, with the ones before it."""

    def get_segment(self, user_id: str, *, include_history: bool = True) -> UsageRecord | None:
        accounts = Account.objects.filter(contacts__product_user_id=user_id)
        rows = list(UsageStage.objects.filter(account__in=accounts).order_by("-as_of")[: 20 if include_history else 1])
        if not rows:
            return None
        newest, *before = rows
        return UsageRecord(
            stage=newest.stage,
            as_of=newest.as_of,
            active_users=newest.active_users,
            seats=newest.seats,
            metrics=newest.metrics,
            history=tuple((row.stage, row.as_of) for row in before),
        )


def _one(rows: QuerySet[Row], crm_id: str, noun: str) -> Row:
    row = rows.filter(crm_id=crm_id).first()
    if row is None:
        raise NotFound(f"{noun} {crm_id} is not in the CRM. Check the id, or create the record there first.")
    return row


def _owner(rep: Rep | None) -> str:
    return (rep.crm_id or "") if rep else ""


def _merge(row: Any, metadata: Mapping[str, str], owner_crm_id: str) -> str:
    row.metadata = {**row.metadata, **metadata}
    changed = ["metadata"]
    owner = Rep.objects.filter(crm_id=owner_crm_id).first() if owner_crm_id else None
    if owner is not None:
        row.owner = owner
        changed.append("owner")
    row.save(update_fields=changed)
    return str(row.crm_id)
