"""The CRM port on the local tables: what is read, and writes that may be repeated under their key."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from handoffs.connectors.embedded_crm import EmbeddedCrm, EmbeddedLifecycle
from handoffs.connectors.ports import NotFound
from handoffs.models import Activity
from tests.factories import (
    NOW,
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    ContentEngagementFactory,
    DealFactory,
    NoteFactory,
    RepFactory,
    UsageStageFactory,
)

pytestmark = pytest.mark.django_db

CRM = EmbeddedCrm()
NOTHING: Any = None
"""Which the table refuses."""
KEYS = {"handoff_completed": "2026-11-17T10:00:00+00:00", "handoff_type": "sql_to_ae"}


def log_activity(
    *, key: str = "handoff:1/1/crm_note/crm/A-OSLO", subject: str = "Handoff: sql_to_ae", deal: str = ""
) -> str:
    return CRM.log_activity(
        account_id="A-OSLO",
        deal_id=deal,
        owner_crm_id="U-INGRID",
        subject=subject,
        description="To Ingrid Solheim.",
        occurred_at=NOW,
        key=key,
    )


# Reading.


def test_an_account_names_its_owners_by_crm_id() -> None:
    parent = AccountFactory.create(owner=RepFactory.create(crm_id="U-PARENT"))
    AccountFactory.create(
        crm_id="A-OSLO",
        parent=parent,
        owner=RepFactory.create(crm_id="U-OWNER"),
        named_owner=RepFactory.create(crm_id="U-NAMED"),
        pod="fjord",
        custom={"plan": "gold"},
    )
    found = CRM.get_account("A-OSLO")
    assert (found.owner_crm_id, found.named_owner_crm_id, found.parent_owner_crm_id) == (
        *("U-OWNER", "U-NAMED"),
        "U-PARENT",
    )
    assert found.custom == {"plan": "gold", "pod": "fjord"}


def test_an_owner_without_a_crm_id_and_no_owner_are_empty() -> None:
    AccountFactory.create(crm_id="A-1", owner=RepFactory.create(crm_id=None))
    AccountFactory.create(crm_id="A-2")
    assert [CRM.get_account(crm_id).owner_crm_id for crm_id in ("A-1", "A-2")] == ["", ""]


@pytest.mark.parametrize(("read", "noun"), [("get_account", "Account"), ("get_deal", "Deal")])
def test_a_record_that_is_not_there_is_a_permanent_error_with_the_way_out(read: str, noun: str) -> None:
    with pytest.raises(NotFound) as refused:
        getattr(CRM, read)("X-404")
    assert str(refused.value) == (f"{noun} X-404 is not in the CRM. Check the id, or create the record there first.")
    assert refused.value.permanent


def test_only_what_belongs_to_the_account_is_read() -> None:
    account, other = AccountFactory.create(crm_id="A-OSLO"), AccountFactory.create()
    for owner in (account, other):
        ContactFactory.create(account=owner)
        ActivityFactory.create(account=owner)
        NoteFactory.create(account=owner)
        ContentEngagementFactory.create(account=owner)
    for read in (CRM.get_contacts, CRM.get_activities, CRM.get_notes, CRM.get_content_engagement):
        assert len(read("A-OSLO")) == 1, read


def test_activities_come_newest_first_with_their_people_and_deal() -> None:
    account = AccountFactory.create(crm_id="A-OSLO")
    deal = DealFactory.create(account=account, crm_id="D-1")
    contact = ContactFactory.create(account=account, crm_id="C-1", first_name="Astrid", last_name="Nygaard")
    ActivityFactory.create(account=account, subject="Old", occurred_at=NOW - timedelta(days=9))
    ActivityFactory.create(
        account=account,
        subject="New",
        deal=deal,
        contact=contact,
        owner=RepFactory.create(first_name="Dana", last_name="Whitfield"),
        occurred_at=NOW,
    )
    new, old = CRM.get_activities("A-OSLO")
    assert (new.subject, new.deal_crm_id, new.contact_crm_id) == ("New", "D-1", "C-1")
    assert (new.contact_name, new.owner_name) == ("Astrid Nygaard", "Dana Whitfield")
    assert (old.subject, old.deal_crm_id, old.contact_name) == ("Old", "", "")


# Writing.


def test_metadata_is_merged_and_what_was_there_stays() -> None:
    deal = DealFactory.create(crm_id="D-1", metadata={"framework": "BANT", "handoff_type": "mql_to_sales"})
    for _ in range(2):
        assert CRM.update_deal("D-1", metadata=KEYS, owner_crm_id="", key="k") == "D-1"
    deal.refresh_from_db()
    assert deal.metadata == {"framework": "BANT", **KEYS}
    assert deal.owner is None


def test_the_owner_changes_only_if_one_is_given_and_known() -> None:
    account = AccountFactory.create(crm_id="A-OSLO", owner=RepFactory.create(crm_id="U-DANA"))
    ingrid = RepFactory.create(crm_id="U-INGRID")
    CRM.update_account("A-OSLO", metadata=KEYS, owner_crm_id="", key="k")
    CRM.update_account("A-OSLO", metadata=KEYS, owner_crm_id="U-NOBODY", key="k")
    account.refresh_from_db()
    assert account.owner is not None
    assert account.owner.crm_id == "U-DANA"
    CRM.update_account("A-OSLO", metadata=KEYS, owner_crm_id="U-INGRID", key="k")
    account.refresh_from_db()
    assert account.owner == ingrid


@pytest.mark.parametrize("write", ["update_deal", "update_account"])
def test_a_record_that_is_gone_cannot_be_written_to(write: str) -> None:
    with pytest.raises(NotFound):
        getattr(CRM, write)("X-404", metadata=KEYS, owner_crm_id="", key="k")


@pytest.mark.sqlite
def test_a_note_under_the_same_key_is_written_once_and_keeps_its_id() -> None:
    account = AccountFactory.create(crm_id="A-OSLO")
    ingrid = RepFactory.create(crm_id="U-INGRID")
    first = log_activity()
    assert log_activity(subject="Said differently the second time") == first
    note = Activity.objects.get()
    assert (note.crm_id, note.kind, note.subject) == (first, "note", "Handoff: sql_to_ae")
    assert (note.account, note.owner, note.occurred_at) == (account, ingrid, NOW)
    assert log_activity(key="handoff:1/2/crm_note/crm/A-OSLO") != first
    assert Activity.objects.count() == 2


def test_a_note_is_written_even_if_its_owner_is_unknown_but_not_on_a_deal_that_is() -> None:
    account = AccountFactory.create(crm_id="A-OSLO")
    log_activity()
    assert Activity.objects.get().owner is None
    with pytest.raises(NotFound, match="Deal D-404 is not in the CRM"):
        log_activity(key="other", deal="D-404")
    assert Activity.objects.filter(account=account).count() == 1


def test_another_violation_than_the_key_is_not_swallowed() -> None:
    AccountFactory.create(crm_id="A-OSLO")
    with pytest.raises(IntegrityError):
        CRM.log_activity(
            account_id="A-OSLO",
            deal_id="",
            owner_crm_id="",
            subject="Handoff",
            description=NOTHING,
            occurred_at=NOW,
            key="k",
        )


# What users do in the product.


def test_usage_is_the_newest_stage_of_the_users_account_with_the_ones_before() -> None:
    contact = ContactFactory.create(product_user_id="pu-astrid")
    for days, stage in ((40, "new"), (12, "activated"), (1, "adopted")):
        UsageStageFactory.create(account=contact.account, stage=stage, as_of=NOW - timedelta(days=days), seats=25)
    usage = EmbeddedLifecycle().get_segment("pu-astrid")
    assert usage is not None
    assert (usage.stage, usage.as_of, usage.seats) == ("adopted", NOW - timedelta(days=1), 25)
    assert [stage for stage, _ in usage.history] == ["activated", "new"]
    alone = EmbeddedLifecycle().get_segment("pu-astrid", include_history=False)
    assert alone is not None
    assert (alone.stage, alone.history) == ("adopted", ())


def test_a_user_nobody_knows_has_no_usage() -> None:
    UsageStageFactory.create()
    assert EmbeddedLifecycle().get_segment("pu-nobody") is None
