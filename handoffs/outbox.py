"""How things leave: at least once, with a key, attempts and the last error visible, and Retry by hand.

A delivery is claimed, its reason to exist is checked again, the network is asked outside any transaction, and the
answer counts only while the attempt is still ours. Two quick retries, then another way to the person, then slow ones
for 20 h, then parked where people see it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.template.loader import render_to_string
from structlog.contextvars import bound_contextvars

from handoffs import claiming, timeline
from handoffs.ack_links import link_for
from handoffs.announced import as_it_stands
from handoffs.connectors import configured
from handoffs.connectors.ports import Alert, ConnectorError
from handoffs.failpoints import pass_point
from handoffs.links import handoff_link
from handoffs.models import Delivery, Handoff
from handoffs.retrying import QUICK_RETRIES, wait_after
from handoffs.states import RefusedError
from handoffs.wanted import no_longer_wanted

log = logging.getLogger(__name__)

Channel, Purpose = Delivery.Channel, Delivery.Purpose
FALLBACKS: Mapping[str, str] = {Channel.SLACK: Channel.EMAIL, Channel.EMAIL: Channel.SLACK}


def deliver_due(*, now: datetime, clock: Callable[[], datetime], limit: int) -> int:
    """Sends up to `limit` due deliveries, each claimed when its turn comes; returns how many were taken.

    `clock` tells real time, for leases: a slow provider must not eat the lease of the next row.
    """
    until = clock() + claiming.BUDGET
    for taken in range(limit):
        claimed = claiming.claim_due(Delivery, now=now, real_now=clock(), limit=1) if clock() < until else []
        if not claimed:
            return taken
        attempt(claimed[0], now=now)
    return limit


def deliver_for(handoff: Handoff, *, now: datetime, clock: Callable[[], datetime]) -> int:
    """Sends what is due for one handoff now, so that a caller who waits sees it go; returns how many were taken."""
    taken = 0
    due = handoff.deliveries.filter(state=Delivery.State.QUEUED, next_at__lte=now).order_by("id")
    for pk in due.values_list("pk", flat=True):
        for delivery in claiming.claim_due(Delivery, now=now, real_now=clock(), limit=1, only=pk):
            attempt(delivery, now=now)
            taken += 1
    return taken


def attempt(delivery: Delivery, *, now: datetime) -> None:
    """Sends one claimed delivery and writes down the answer, if the claim is still ours by then."""
    with bound_contextvars(delivery=str(delivery.uuid), handoff=f"HO-{delivery.handoff_id}"):
        _attempt(delivery, now=now)


def _attempt(delivery: Delivery, *, now: datetime) -> None:
    pass_point("outbox.claimed")
    reason = no_longer_wanted(delivery)
    if reason:
        verb = "" if delivery.purpose in Delivery.SILENT else "cancelled"
        _settle(delivery, now=now, verb=verb, state=Delivery.State.CANCELLED, next_at=None, last_error=reason)
        return
    try:
        provider_id = SENDERS[delivery.channel](delivery)
    except ConnectorError as error:
        _failed(delivery, error, now=now)
        return
    except (InterfaceError, OperationalError):  # the database is away, which is nothing about this row
        raise
    except Exception as error:  # one bad row must not stop the others; it is retried and shown
        log.exception("The delivery %s could not be sent", delivery.uuid)
        sentence = f"An unexpected error stopped it ({type(error).__name__})."
        _failed(delivery, ConnectorError(sentence, unknown=True), now=now)
        return
    pass_point("outbox.sent")
    _settle(
        delivery,
        now=now,
        verb="" if delivery.purpose in Delivery.SILENT else "delivered",
        state=Delivery.State.DELIVERED,
        next_at=None,
        delivered_at=now,
        provider_id=provider_id[:200],
        last_error="",
    )
    pass_point("outbox.settled")


def retry(delivery: Delivery, *, actor: str, now: datetime) -> Delivery:
    """Puts a parked delivery back in the queue, at once. Raises RefusedError for one that is not parked."""
    with transaction.atomic():
        handoff = _locked_handoff(delivery)
        moved = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.PARKED).update(
            state=Delivery.State.QUEUED, next_at=now, failures=0, lease_until=None
        )
        if not moved:
            raise RefusedError(f"“{delivery}” is not parked, so there is nothing to retry.")
        if handoff is not None:
            _record(handoff, delivery, "delivery_retried", actor=actor, now=now)
    delivery.refresh_from_db()
    return delivery


def _send_crm(delivery: Delivery) -> str:
    crm, body = configured.crm(), delivery.payload
    if delivery.purpose == Purpose.CRM_UPDATE:
        update = crm.update_deal if body["object"] == "deal" else crm.update_account
        return update(body["id"], metadata=body["metadata"], owner_crm_id=body["owner"], key=delivery.key)
    return crm.log_activity(
        account_id=body["account"],
        deal_id=body["deal"],
        owner_crm_id=body["owner"],
        subject=body["subject"],
        description=body["description"],
        occurred_at=datetime.fromisoformat(body["occurred_at"]),
        key=delivery.key,
    )


def _send_slack(delivery: Delivery) -> str:
    chat, body = configured.messaging(), delivery.payload
    if delivery.purpose == Purpose.REPLY:
        return chat.tell_privately(body["text"], conversation=delivery.recipient, person=body["person"])
    if delivery.purpose == Purpose.ALERT_UPDATE:
        original = Delivery.objects.get(uuid=body["updates"])
        if original.state != Delivery.State.DELIVERED:
            raise ConnectorError("The alert itself has not left yet, so there is nothing to bring up to date.")
        alert = as_it_stands(alert_from(original.payload["alert"], channel=original.recipient), original)
        return chat.update_alert(alert, message_id=original.provider_id, key=original.key)
    alert = as_it_stands(alert_from(body["alert"], channel=delivery.recipient), delivery)
    return chat.send_alert(alert, key=delivery.key, maybe_sent_before=delivery.maybe_sent)


def _send_email(delivery: Delivery) -> str:
    body, mail = delivery.payload, configured.email()
    if "variables" in body:
        return mail.send_template(
            template_id=settings.BRIEFING_TEMPLATE,
            sender=settings.BRIEFING_FROM,
            to=[delivery.recipient],
            variables=body["variables"],
            links=_links(delivery),
            key=delivery.key,
        )
    alert = alert_from(body["alert"], channel=delivery.recipient)
    words = {"alert": alert, "acknowledge_url": link_for(delivery)}
    return mail.send_plain(
        sender=settings.BRIEFING_FROM,
        to=[delivery.recipient],
        subject=alert.title,
        text=render_to_string("messages/alert.txt", words),
        html=render_to_string("messages/alert.html", words),
        key=delivery.key,
    )


def _links(delivery: Delivery) -> dict[str, str]:
    """What the briefing leads to: the page for whoever may sign in, and to acknowledge at once for the owner alone."""
    links = {"Acknowledge": link_for(delivery)}
    if delivery.handoff is not None:
        links["Open"] = handoff_link(delivery.handoff)
    return {words: link for words, link in links.items() if link}


SENDERS: Mapping[str, Callable[[Delivery], str]] = {
    Channel.CRM: _send_crm,
    Channel.SLACK: _send_slack,
    Channel.EMAIL: _send_email,
}


def alert_from(raw: Mapping[str, object], *, channel: str) -> Alert:
    """The stored alert, addressed to `channel`."""
    values = {key: value for key, value in raw.items() if key not in {"fields", "lines", "channel"}}
    fields = tuple((str(label), str(value)) for label, value in raw.get("fields", ()))  # type: ignore[attr-defined]
    lines = tuple(str(line) for line in raw.get("lines", ()))  # type: ignore[attr-defined]
    return Alert(channel=channel, fields=fields, lines=lines, **values)  # type: ignore[arg-type]


def _failed(delivery: Delivery, error: ConnectorError, *, now: datetime) -> None:
    """Plans the next try; after the quick ones another way is queued, and at the end the row is parked."""
    failures = delivery.failures + 1
    wait = None if error.permanent else wait_after(failures)
    needs_other_way = error.permanent or failures == QUICK_RETRIES + 1
    refusals = delivery.refusals + (not error.unknown)
    changes = {"failures": failures, "refusals": refusals, "last_error": str(error)[:500]}
    if wait is None:
        # Its key names the recipient, and the provider's sentence may quote the message: both are on the row.
        log.warning("The delivery %s is parked", delivery.uuid)
        state, verb, next_at = Delivery.State.PARKED, "delivery_parked", None
    else:
        asked = timedelta(seconds=error.retry_after or 0)
        state, verb, next_at = Delivery.State.QUEUED, "", now + max(wait, asked)
    with transaction.atomic():
        if _settle(delivery, now=now, verb=verb, state=state, next_at=next_at, **changes) and needs_other_way:
            _queue_other_way(delivery, now=now)
        pass_point("outbox.failing")


def _queue_other_way(delivery: Delivery, *, now: datetime) -> None:
    """Slack falls back to e-mail and e-mail to Slack, to the same person; what fails there goes to the RevOps list."""
    routes: Mapping[str, str] = delivery.payload.get("routes", {})
    if "alert" not in delivery.payload:
        return
    if delivery.fallback_of_id is None:
        channel = FALLBACKS[delivery.channel]
        recipient = routes.get(channel, "")
    else:
        channel, recipient = Channel.EMAIL, settings.REVOPS_EMAIL
    key = f"{delivery.key.removesuffix(f'/{delivery.channel}/{delivery.recipient}')}/{channel}/{recipient}"
    if not recipient or Delivery.objects.filter(key=key).exists():
        return
    Delivery.objects.create(
        key=key,
        handoff=delivery.handoff,
        assignment_number=delivery.assignment_number,
        purpose=delivery.purpose,
        channel=channel,
        recipient=recipient,
        # What decides whether it is still wanted goes along; the template's words are the first way's own.
        payload={name: value for name, value in delivery.payload.items() if name != "variables"},
        fallback_of=delivery,
        queued_at=now,
        next_at=now,
    )


def _settle(delivery: Delivery, *, now: datetime, verb: str, **changes: object) -> bool:
    """Writes the answer and, where `verb` says so, its log line, in one transaction; False if the claim was lost."""
    with transaction.atomic():
        handoff = _locked_handoff(delivery) if verb else None
        ours = Delivery.objects.filter(pk=delivery.pk, attempt=delivery.attempt, state=Delivery.State.QUEUED)
        if not ours.update(lease_until=None, **changes):
            return False
        if verb and handoff is not None:
            _record(handoff, delivery, verb, actor="outbox", now=now)
        pass_point("outbox.settling")
    return True


def _locked_handoff(delivery: Delivery) -> Handoff | None:
    """The handoff whose log is about to get a line, ours until commit."""
    return Handoff.objects.select_for_update(no_key=True).filter(pk=delivery.handoff_id or 0).first()


def _record(handoff: Handoff, delivery: Delivery, verb: str, *, actor: str, now: datetime) -> None:
    about = delivery.payload.get("about", "")
    timeline.record(
        handoff.stream,
        verb,
        actor=actor,
        now=now,
        purpose=delivery.purpose,
        channel=delivery.channel,
        delivery=str(delivery.uuid),
        **({"about": about} if about else {}),
    )
