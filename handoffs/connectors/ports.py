"""What the product asks of the outside world, and the values that cross the border.

A connector is a class named in settings; it takes no arguments and satisfies one of the protocols below. Every record
is frozen and plain, so that a context can be stored, replayed and compiled without the system it came from.

All instants are aware datetimes in UTC, money is `Decimal` with an ISO 4217 code, countries are ISO 3166-1 alpha-2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol


class ConnectorError(Exception):
    """An outside system did not do what was asked; the message is one sentence fit for people.

    `permanent`: asking again cannot help (a 4xx, an unknown channel). `unknown`: it may have been done (a timeout after
    sending). `retry_after`: seconds the other side asked us to wait, if it did.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        unknown: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.unknown = unknown
        self.retry_after = retry_after


class SignInRefusedError(Exception):
    """The company's sign-in provider vouches for nobody who may come in; the message is one sentence fit for people."""


class NotFound(ConnectorError):
    """The record asked for does not exist in the CRM."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountRecord:
    """A company as the CRM knows it."""

    crm_id: str
    name: str
    domain: str = ""
    industry: str = ""
    employee_count: int | None = None
    tier: str = ""
    country: str = ""
    region: str = ""
    postal_code: str = ""
    city: str = ""
    time_zone: str = ""
    phone: str = ""
    is_customer: bool = False
    score: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    owner_crm_id: str = ""
    named_owner_crm_id: str = ""
    parent_owner_crm_id: str = ""
    custom: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactRecord:
    """A person at the account. `buying_role` is the CRM's explicit word and may be empty."""

    crm_id: str
    first_name: str = ""
    last_name: str = ""
    title: str = ""
    email: str = ""
    email_bounced: bool = False
    phone: str = ""
    is_primary: bool = False
    buying_role: str = ""
    do_not_contact: bool = False
    time_zone: str = ""
    product_user_id: str = ""
    updated_at: datetime | None = None

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class DealRecord:
    """An opportunity. `metadata` holds the qualification keys of the package and the template items."""

    crm_id: str
    account_crm_id: str
    name: str = ""
    amount: Decimal | None = None
    currency: str = "USD"
    stage: str = ""
    is_won: bool = False
    is_closed: bool = False
    expected_close: date | None = None
    closed_at: datetime | None = None
    owner_crm_id: str = ""
    updated_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ActivityRecord:
    """Something that happened with the account: a call, a visit, a form, an expansion signal."""

    crm_id: str
    kind: str
    subject: str
    occurred_at: datetime
    description: str = ""
    contact_crm_id: str = ""
    contact_name: str = ""
    owner_name: str = ""
    deal_crm_id: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteRecord:
    """What a colleague wrote down; `tag` says what it is about (pain_point, success_criteria, ...)."""

    crm_id: str
    tag: str
    body: str
    occurred_at: datetime
    author_name: str = ""
    contact_name: str = ""
    source: str = ""
    deal_crm_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentRecord:
    """A piece of content somebody at the account read, watched or attended."""

    title: str
    kind: str
    occurred_at: datetime
    contact_name: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class UsageRecord:
    """What a user does in the product: the stage and its numbers, with the stages before it (newest first)."""

    stage: str
    as_of: datetime
    active_users: int | None = None
    seats: int | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[tuple[str, datetime], ...] = ()


class CrmPort(Protocol):
    """The system of record. Reads raise NotFound or ConnectorError; writes are repeatable under `key`."""

    def get_account(self, account_id: str) -> AccountRecord: ...
    def get_contacts(self, account_id: str) -> list[ContactRecord]: ...
    def get_deal(self, deal_id: str) -> DealRecord: ...
    def get_activities(self, account_id: str) -> list[ActivityRecord]: ...
    def get_notes(self, account_id: str) -> list[NoteRecord]: ...
    def get_content_engagement(self, account_id: str) -> list[ContentRecord]: ...

    def update_deal(self, deal_id: str, *, metadata: Mapping[str, str], owner_crm_id: str, key: str) -> str: ...
    def update_account(
        self,
        account_id: str,
        *,
        metadata: Mapping[str, str],
        owner_crm_id: str,
        key: str,
    ) -> str: ...
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
        """Logs an activity of type note; the same `key` again returns the first one's id and writes nothing."""
        ...


class LifecyclePort(Protocol):
    """The product-usage system; optional."""

    def get_segment(self, user_id: str, *, include_history: bool = True) -> UsageRecord | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """A message for a channel or a person, in plain words; each messaging connector escapes for its own medium.

    `channel` is "#name" or a person's messaging id. `fields` are label/value pairs, `lines` whole sentences.
    `reference` is the short number people know (HO-2418); `mention` is the messaging id of the person to address.
    `acknowledge` is what an Acknowledge button sends back, `return_url` where Return to sender leads; without
    `acknowledge` there are no such buttons. `status` says what became of it, since `status_at`, in their place,
    on the clock of its zone where the medium knows none of the reader's.
    """

    channel: str
    title: str
    body: str
    priority: str = "high"
    action_url: str = ""
    reference: str = ""
    mention: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, ...] = ()
    footer: str = ""
    acknowledge: str = ""
    return_url: str = ""
    status: str = ""
    status_at: datetime | None = None


class MessagingPort(Protocol):
    """Chat. The providers take no idempotency key, so a repeated send looks for the first one before it posts."""

    def send_alert(self, alert: Alert, *, key: str, maybe_sent_before: bool) -> str:
        """Posts the alert and returns the provider's message id.

        With `maybe_sent_before`, looks for a message carrying `key` first and returns that one; if it has to post
        again, the message says that it may be a repeat.
        """
        ...

    def update_alert(self, alert: Alert, *, message_id: str, key: str) -> str:
        """Writes the alert over the message of that id, as often as it likes; one that is gone is left alone."""
        ...

    def tell_privately(self, text: str, *, conversation: str, person: str) -> str:
        """A sentence in a conversation that only `person` sees; both are the provider's ids."""
        ...


class EmailPort(Protocol):
    """Templated mail with an idempotency key."""

    def send_template(
        self,
        *,
        template_id: str,
        sender: str,
        to: list[str],
        variables: Mapping[str, str],
        key: str,
        links: Mapping[str, str],
    ) -> str:
        """Sends the provider's template with exactly these variables.

        `links` are addresses by their words. The template has no variable for them: they end the variable `summary`.
        """
        ...

    def send_plain(
        self,
        *,
        sender: str,
        to: list[str],
        subject: str,
        text: str,
        html: str,
        key: str,
    ) -> str: ...
