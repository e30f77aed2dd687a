"""Gathering: what is asked, what may fail, what is stripped, and the stored snapshot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoffs.connectors.ports import (
    AccountRecord,
    ActivityRecord,
    ConnectorError,
    ContactRecord,
    ContentRecord,
    DealRecord,
    NoteRecord,
    NotFound,
    UsageRecord,
)
from handoffs.context import CUT_MARK, ROW_LIMIT, TEXT_LIMIT, Context, gather

NOW = datetime(2026, 11, 19, 12, 52, tzinfo=UTC)


class PaperCrm:
    """A CRM of one account, kept in plain lists; it writes nothing."""

    def __init__(self) -> None:
        self.account = AccountRecord(crm_id="A-1", name="Halvorsen Marine Logistics")
        self.contacts = [ContactRecord(crm_id="C-1", first_name="Astrid", email="astrid@halvorsen.example")]
        self.deals = {
            "D-1": DealRecord(crm_id="D-1", account_crm_id="A-1"),
            "D-9": DealRecord(crm_id="D-9", account_crm_id="A-9"),
        }
        self.activities: list[ActivityRecord] = []
        self.notes: list[NoteRecord] = []
        self.content: list[ContentRecord] = []
        self.asked: list[str] = []

    def get_account(self, account_id: str) -> AccountRecord:
        self.asked.append("account")
        if account_id != self.account.crm_id:
            raise NotFound(f"The CRM knows no account {account_id}: check the id.")
        return self.account

    def get_contacts(self, account_id: str) -> list[ContactRecord]:
        self.asked.append("contacts")
        return self.contacts

    def get_deal(self, deal_id: str) -> DealRecord:
        self.asked.append("deal")
        return self.deals[deal_id]

    def get_activities(self, account_id: str) -> list[ActivityRecord]:
        self.asked.append("activities")
        return self.activities

    def get_notes(self, account_id: str) -> list[NoteRecord]:
        self.asked.append("notes")
        return self.notes

    def get_content_engagement(self, account_id: str) -> list[ContentRecord]:
        self.asked.append("content")
        return self.content

    def update_deal(self, deal_id: str, *, metadata: Mapping[str, str], owner_crm_id: str, key: str) -> str:
        raise NotImplementedError

    def update_account(self, account_id: str, *, metadata: Mapping[str, str], owner_crm_id: str, key: str) -> str:
        raise NotImplementedError

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
        raise NotImplementedError


class PaperLifecycle:
    """A product system that answers with one record or one failure."""

    def __init__(self, answer: UsageRecord | ConnectorError | None) -> None:
        self.answer = answer
        self.asked: list[tuple[str, bool]] = []

    def get_segment(self, user_id: str, *, include_history: bool = True) -> UsageRecord | None:
        self.asked.append((user_id, include_history))
        if isinstance(self.answer, ConnectorError):
            raise self.answer
        return self.answer


def read(crm: PaperCrm, lifecycle: PaperLifecycle | None = None, deal_id: str = "D-1") -> Context:
    return gather(crm=crm, lifecycle=lifecycle, account_id="A-1", deal_id=deal_id, now=NOW)


def test_everything_is_asked_in_the_order_of_the_flow() -> None:
    crm = PaperCrm()
    context = read(crm)
    assert crm.asked == ["account", "contacts", "deal", "activities", "notes", "content"]
    assert context.account.name == "Halvorsen Marine Logistics"
    assert context.deal == crm.deals["D-1"]
    assert context.gathered_at == NOW
    assert context.problems == ()


def test_without_a_deal_none_is_asked_for() -> None:
    crm = PaperCrm()
    assert read(crm, deal_id="").deal is None
    assert "deal" not in crm.asked


def test_a_deal_of_another_account_is_refused_with_both_names() -> None:
    with pytest.raises(ConnectorError, match="Deal D-9 belongs to account A-9, not A-1: name") as refusal:
        read(PaperCrm(), deal_id="D-9")
    assert refusal.value.permanent


def test_a_required_part_that_fails_surfaces() -> None:
    with pytest.raises(NotFound, match="no account A-2"):
        gather(crm=PaperCrm(), lifecycle=None, account_id="A-2", deal_id="", now=NOW)


def test_product_usage_is_asked_for_the_primary_contact_with_history() -> None:
    crm = PaperCrm()
    crm.contacts = [
        ContactRecord(crm_id="C-1", title="CEO", email="a@halvorsen.example"),
        ContactRecord(crm_id="C-2", is_primary=True, product_user_id="u-77"),
    ]
    usage = UsageRecord(stage="activated", as_of=NOW)
    lifecycle = PaperLifecycle(usage)
    assert read(crm, lifecycle).usage == usage
    assert lifecycle.asked == [("u-77", True)]


def test_a_product_system_that_fails_is_written_down_and_the_handoff_goes_on() -> None:
    context = read(PaperCrm(), PaperLifecycle(ConnectorError("The product system did not answer in time.")))
    assert context.usage is None
    assert context.problems == (("lifecycle", "Product usage is left out: The product system did not answer in time."),)


def test_a_user_the_product_does_not_know_is_no_problem() -> None:
    context = read(PaperCrm(), PaperLifecycle(NotFound("No such user.")))
    assert context.usage is None
    assert context.problems == ()


def test_without_contacts_the_product_is_not_asked() -> None:
    crm = PaperCrm()
    crm.contacts = []
    lifecycle = PaperLifecycle(None)
    assert read(crm, lifecycle).usage is None
    assert lifecycle.asked == []


def test_control_characters_are_stripped_from_every_text() -> None:
    crm = PaperCrm()
    crm.account = replace(
        crm.account, name="Hal\x00vor\x1bsen", metadata={"so\x00urce": ["web\x00inar", {"a": "\ud800b"}]}
    )
    crm.contacts = [replace(crm.contacts[0], title="V\x00P")]
    crm.notes = [NoteRecord(crm_id="N-1", tag="pain_point", body="a\x00\n\tb", occurred_at=NOW)]
    context = read(crm)
    assert context.account.name == "Halvorsen"
    assert context.account.metadata == {"source": ["webinar", {"a": "b"}]}
    assert context.contacts[0].title == "VP"
    assert context.notes[0].body == "a\n\tb"


def test_an_absurdly_long_text_is_cut_with_a_mark() -> None:
    crm = PaperCrm()
    crm.notes = [NoteRecord(crm_id="N-1", tag="pain_point", body="x" * 1_000_000, occurred_at=NOW)]
    crm.deals["D-1"] = replace(crm.deals["D-1"], metadata={"need": "y" * (TEXT_LIMIT + 1), "fits": "z" * TEXT_LIMIT})
    context = read(crm)
    assert len(context.notes[0].body) == TEXT_LIMIT
    assert context.notes[0].body.endswith(CUT_MARK)
    assert context.deal is not None
    assert context.deal.metadata["need"].endswith(CUT_MARK)
    assert context.deal.metadata["fits"] == "z" * TEXT_LIMIT


def test_an_absurd_number_of_rows_keeps_the_newest_and_says_so() -> None:
    crm = PaperCrm()
    crm.activities = [
        ActivityRecord(crm_id=f"V-{n}", kind="web_visit", subject="Visit", occurred_at=NOW - timedelta(minutes=n))
        for n in range(ROW_LIMIT + 5)
    ]
    context = read(crm)
    assert len(context.activities) == ROW_LIMIT
    assert context.activities[-1].crm_id == "V-0"
    assert context.problems == (("crm", "The account has 2005 activities: the last 2000 were kept."),)


def test_lists_are_oldest_first_whatever_the_crm_sends() -> None:
    crm = PaperCrm()
    crm.notes = [
        NoteRecord(crm_id=name, tag="pain_point", body=name, occurred_at=NOW + timedelta(hours=hours))
        for name, hours in (("N-3", 1), ("N-2", 0), ("N-1", 0))
    ]
    assert [note.crm_id for note in read(crm).notes] == ["N-1", "N-2", "N-3"]


def test_metadata_becomes_plain_json_values() -> None:
    crm = PaperCrm()
    raw: dict[str, Any] = {
        "when": date(2026, 1, 2),
        "money": Decimal("1.50"),
        "odd": float("nan"),
        "list": ("a", 1, None, True, 1.5),
    }
    crm.account = replace(crm.account, custom=raw)
    assert read(crm).account.custom == {
        "when": "2026-01-02",
        "money": "1.50",
        "odd": "nan",
        "list": ["a", 1, None, True, 1.5],
    }


texts = st.text(max_size=12)
moments = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]))
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
mappings = st.dictionaries(texts, plain | st.lists(plain, max_size=2), max_size=2)
amounts = st.decimals(allow_nan=False, allow_infinity=False, places=2)
maybe_moments = st.none() | moments


def tuples(rows: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(rows, max_size=2).map(tuple)


contexts = st.builds(
    Context,
    account=st.builds(
        AccountRecord,
        crm_id=texts,
        name=texts,
        employee_count=st.none() | st.integers(0),
        is_customer=st.booleans(),
        created_at=maybe_moments,
        custom=mappings,
        metadata=mappings,
    ),
    contacts=tuples(
        st.builds(ContactRecord, crm_id=texts, email=texts, is_primary=st.booleans(), updated_at=maybe_moments)
    ),
    deal=st.none()
    | st.builds(
        DealRecord,
        crm_id=texts,
        account_crm_id=texts,
        amount=st.none() | amounts,
        expected_close=st.none() | st.dates(),
        closed_at=maybe_moments,
        metadata=mappings,
    ),
    activities=tuples(
        st.builds(ActivityRecord, crm_id=texts, kind=texts, subject=texts, occurred_at=moments, properties=mappings)
    ),
    notes=tuples(st.builds(NoteRecord, crm_id=texts, tag=texts, body=texts, occurred_at=moments)),
    content=tuples(st.builds(ContentRecord, title=texts, kind=texts, occurred_at=moments, url=texts)),
    usage=st.none()
    | st.builds(
        UsageRecord,
        stage=texts,
        as_of=moments,
        seats=st.none() | st.integers(0),
        metrics=mappings,
        history=tuples(st.tuples(texts, moments)),
    ),
    gathered_at=moments,
    problems=tuples(st.tuples(texts, texts)),
)


@settings(deadline=None)
@given(context=contexts)
def test_the_stored_snapshot_gives_back_an_equal_context(context: Context) -> None:
    assert Context.from_json(json.loads(json.dumps(context.to_json()))) == context


def test_a_snapshot_with_keys_of_another_version_is_still_read() -> None:
    stored = read(PaperCrm()).to_json()
    stored["later"] = 1
    stored["account"]["later"] = 1
    del stored["account"]["phone"]
    assert Context.from_json(stored) == read(PaperCrm())
