"""The post of the demo's past: what was queued counts as delivered seconds later, without a network.

Only the demo does this. The log gets its lines where they belong in time; the rows themselves, and what the CRM would
have written, follow at the end in a few statements. The latest messages are left in the outbox, so that the
engine sends them to the stand-ins as soon as it runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Value
from django.db.models.fields import CharField
from django.db.models.functions import Cast, Concat

from handoffs import timeline
from handoffs.models import Account, Activity, Deal, Delivery, Handoff, Notice
from handoffs.timeline import Entry
from routing.models import Rep

LEFT_TO_THE_ENGINE = timedelta(minutes=20)
TRAVELS = timedelta(seconds=3)

Channel, Purpose, State = Delivery.Channel, Delivery.Purpose, Delivery.State

# Every so many deliveries one goes wrong, in this order.
_ONE_IN = 430
NOTICES_KEPT, NOTICES_UNREAD = timedelta(days=14), timedelta(hours=20)
_FAILURES = (
    (Purpose.ALERT, "Slack does not know the channel: invite the app to it, or correct the team's channel."),
    (Purpose.BRIEFING, "Resend's daily limit was reached for 20 hours: raise it, then retry."),
    (Purpose.ACKNOWLEDGED, "Slack says that this person has left the workspace: correct the member id in the roster."),
)


class Post:
    """Settles deliveries of the past; a few of them went wrong."""

    def __init__(self, *, now: datetime) -> None:
        self._now = now
        self._delivered: list[int] = []
        self._parked: dict[int, str] = {}
        self._written: list[Delivery] = []
        self._seen = 0
        self._done: set[int] = set()

    def settle(self, handoff: Handoff, *, at: datetime) -> None:
        """Notes in the log that all which the handoff has queued by `at` arrived, unless that is recent."""
        if at > self._now - LEFT_TO_THE_ENGINE:
            return
        queued = Delivery.objects.filter(handoff=handoff).exclude(purpose=Purpose.ALERT_UPDATE)
        rows = [row for row in queued.order_by("id") if row.pk not in self._done]
        if rows:
            entries = [self._entry(row) for row in rows]
            last = max(row.next_at or at for row in rows) + TRAVELS
            timeline.append(handoff.stream, entries, actor="outbox", now=last, after=timeline.head(handoff.stream))

    def close(self) -> None:
        """Writes the settled rows, and what the CRM made of its own."""
        settled = {"next_at": None, "attempt": 1}
        # What signers were told of the rules belongs to no handoff, so to no log of one.
        of_rules = Delivery.objects.filter(handoff__isnull=True, next_at__lte=self._now - LEFT_TO_THE_ENGINE)
        self._delivered += of_rules.values_list("pk", flat=True)
        for pk, reason in self._parked.items():
            Delivery.objects.filter(pk=pk).update(**settled, state=State.PARKED, failures=1, last_error=reason)
        for start in range(0, len(self._delivered), 500):
            Delivery.objects.filter(pk__in=self._delivered[start : start + 500]).update(
                **settled,
                state=State.DELIVERED,
                delivered_at=F("next_at") + TRAVELS,
                provider_id=Concat(Value("demo-"), Cast("id", CharField())),
            )
        _write_to_crm(self._written)
        # Messages of the past were never in the stand-in, so there is nothing to bring up to date.
        Delivery.objects.filter(purpose=Purpose.ALERT_UPDATE).delete()
        # Nobody reads months of notices on their first day.
        Notice.objects.filter(shown_from__lt=self._now - NOTICES_KEPT).delete()
        Notice.objects.filter(shown_from__lt=self._now - NOTICES_UNREAD).update(read_at=F("shown_from"))

    def _entry(self, row: Delivery) -> Entry:
        facts = {"purpose": row.purpose, "channel": row.channel, "delivery": str(row.uuid)}
        self._seen += 1
        self._done.add(row.pk)
        failures = _FAILURES[len(self._parked) :]
        if failures and row.purpose == failures[0][0] and self._seen > _ONE_IN * (len(self._parked) + 1):
            self._parked[row.pk] = failures[0][1]
            return Entry("delivery_parked", facts)
        self._delivered.append(row.pk)
        if row.channel == Channel.CRM:
            self._written.append(row)
        return Entry("delivered", facts)


def _write_to_crm(rows: list[Delivery]) -> None:
    """The write-back of the past, as the CRM would hold it now: keys on deals and accounts, and the notes."""
    keys: dict[str, dict[str, dict[str, str]]] = {"deal": defaultdict(dict), "account": defaultdict(dict)}
    for row in rows:
        if row.purpose == Purpose.CRM_UPDATE:
            keys[row.payload["object"]][row.payload["id"]].update(row.payload["metadata"])
    written_deals = list(Deal.objects.filter(crm_id__in=keys["deal"]))
    written_accounts = list(Account.objects.filter(crm_id__in=keys["account"]))
    for deal in written_deals:
        deal.metadata = {**deal.metadata, **keys["deal"][deal.crm_id]}
    for account in written_accounts:
        account.metadata = {**account.metadata, **keys["account"][account.crm_id]}
    Deal.objects.bulk_update(written_deals, ["metadata"], batch_size=100)
    Account.objects.bulk_update(written_accounts, ["metadata"], batch_size=100)
    accounts = dict(Account.objects.values_list("crm_id", "id"))
    deals = dict(Deal.objects.values_list("crm_id", "id"))
    reps = dict(Rep.objects.values_list("crm_id", "id"))
    notes = [row for row in rows if row.purpose == Purpose.CRM_NOTE]
    Activity.objects.bulk_create(
        _note(row.payload, number, key=row.key, accounts=accounts, deals=deals, reps=reps)
        for number, row in enumerate(notes, start=50_001)
    )


def _note(
    payload: Mapping[str, Any],
    number: int,
    *,
    key: str,
    accounts: Mapping[str, int],
    deals: Mapping[str, int],
    reps: Mapping[str | None, int],
) -> Activity:
    return Activity(
        crm_id=f"ACT-{number}",
        account_id=accounts[payload["account"]],
        deal_id=deals.get(payload["deal"]),
        owner_id=reps.get(payload["owner"]),
        kind=Activity.Kind.NOTE,
        subject=payload["subject"],
        description=payload["description"],
        occurred_at=datetime.fromisoformat(payload["occurred_at"]),
        external_key=key,
    )
