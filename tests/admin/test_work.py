"""Handoffs, the outbox and the log: they are read, and moved only by the product's own verbs."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from handoffs import timeline
from handoffs.admin.promise import promise, with_promise
from handoffs.models import Account, Contact, Deal, Delivery, Event, Handoff, Package, State, TypeSetting
from routing.append_only import maintenance
from routing.models import Assignment, User
from sla.models import Clock
from tests import factories
from tests.admin.pages import act, address, complaints, fields_of, save
from tests.admin.worlds import handoff_with_everything, parked, signed_in
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Client:
    return signed_in()


def verbs(handoff: Handoff) -> list[str]:
    return list(Event.objects.filter(stream=handoff.stream).order_by("seq").values_list("verb", flat=True))


# --- Handoffs ---------------------------------------------------------------------------------------------------------


def test_a_handoff_is_never_deleted(boss: Client):
    handoff = handoff_with_everything()
    assert boss.post(address(handoff, "delete"), {"post": "yes"}).status_code == 403
    assert act(boss, Handoff, "delete_selected", handoff) == ["No action selected."]
    assert Handoff.objects.filter(pk=handoff.pk).exists()


def test_no_field_of_a_handoff_can_be_written_by_a_form(boss: Client):
    handoff = handoff_with_everything()
    shown = boss.get(address(handoff, "change"))
    assert 'name="_save"' not in shown.content.decode()
    before = Handoff.objects.values().get()
    typed = {"state": "converted", "owner": "", "account": handoff.account.pk, "handoff_type": "closed_to_cs"}
    assert boss.post(address(handoff, "change"), typed).status_code == 403
    assert Handoff.objects.values().get() == before


def test_a_handoff_started_here_takes_the_way_of_any_trigger(boss: Client):
    deal = factories.DealFactory.create()
    response = save(boss, Handoff, handoff_type="sql_to_ae", account=deal.account.pk, deal=deal.pk)
    assert response.status_code == 302, complaints(response)
    handoff = Handoff.objects.get()
    assert (handoff.state, handoff.origin, handoff.deal) == (State.RECEIVED, Handoff.Origin.ADMIN, deal)
    assert handoff.next_at is not None
    line = Event.objects.get(stream=handoff.stream)
    assert (line.verb, line.actor) == ("received", f"user:{boss.user.pk}")  # type: ignore[attr-defined]


def test_a_second_one_for_the_same_customer_is_not_made_and_said_so(boss: Client):
    account = factories.AccountFactory.create()
    for _ in range(2):
        response = save(boss, Handoff, handoff_type="mql_to_sales", account=account.pk)
        assert response.status_code == 302, complaints(response)
    handoff = Handoff.objects.get()
    said = [str(message) for message in boss.get(response["Location"]).context["messages"]]
    assert f"{handoff.reference} is open for the same customer already, so no second one was made." in said


def test_a_deal_of_another_account_is_refused_at_its_field(boss: Client):
    account, deal = factories.AccountFactory.create(name="Ours"), factories.DealFactory.create(name="Theirs")
    response = save(boss, Handoff, handoff_type="sql_to_ae", account=account.pk, deal=deal.pk)
    assert complaints(response) == {"deal": ["Theirs belongs to another account than Ours. Choose one of Ours."]}
    assert not Handoff.objects.exists()


def test_the_page_of_a_handoff_tells_its_log_in_sentences_and_leads_to_the_page_of_its_people(boss: Client):
    handoff = handoff_with_everything()
    timeline.record(handoff.stream, "acknowledged", actor=f"user:{boss.user.pk}", now=NOW)  # type: ignore[attr-defined]
    text = boss.get(address(handoff, "change")).content.decode()
    assert f"<b>{boss.user}</b> Acknowledged" in text  # type: ignore[attr-defined]
    assert f'href="/handoffs/{handoff.reference}/"' in text


def test_run_again_makes_a_parked_handoff_due_at_once(boss: Client):
    handoff = factories.HandoffFactory.create(parked_at=NOW, failures=9, last_error="The CRM refused.", next_at=None)
    assert act(boss, Handoff, "run_again", handoff) == [
        f"{handoff.reference} is due now; the engine takes it up in a moment."
    ]
    handoff.refresh_from_db()
    assert (handoff.parked_at, handoff.failures, handoff.last_error) == (None, 0, "")
    assert handoff.next_at is not None
    assert verbs(handoff) == ["retried"]


def test_run_again_is_refused_with_the_state_for_a_handoff_that_has_an_owner(boss: Client):
    handoff = handoff_with_everything()
    assert act(boss, Handoff, "run_again", handoff) == [
        f"{handoff.reference} is assigned, so it cannot be routed. Look at it again to see where it stands."
    ]


def test_gaps_are_checked_again_for_blocked_handoffs_alone(boss: Client):
    blocked = factories.HandoffFactory.create(state=State.BLOCKED, next_at=NOW + timedelta(minutes=15))
    other = factories.HandoffFactory.create()
    assert act(boss, Handoff, "check_gaps", blocked, other) == [
        f"{other.reference} is not blocked, so it has no gaps to check.",
        f"{blocked.reference} is due now; the engine takes it up in a moment.",
    ]
    assert (verbs(blocked), verbs(other)) == (["retried"], [])


def test_the_button_on_the_page_asks_first_and_acts_on_post_alone(boss: Client):
    handoff = factories.HandoffFactory.create(state=State.BLOCKED, next_at=None)
    where = address(handoff, "change").replace("change/", "check_these_gaps/")
    assert where in boss.get(address(handoff, "change")).content.decode()
    asked = boss.get(where)
    assert "Check the gaps again now?" in asked.content.decode()
    assert verbs(handoff) == []
    response = boss.post(where, fields_of(asked))
    assert response["Location"] == address(handoff, "change")
    assert verbs(handoff) == ["retried"]


def test_a_button_that_cannot_help_is_not_offered(boss: Client):
    text = boss.get(address(handoff_with_everything(), "change")).content.decode()
    assert "run_this_again" not in text
    assert "check_these_gaps" not in text


def test_handoffs_packages_and_deliveries_are_found_by_the_number_people_say(boss: Client):
    wanted, other = handoff_with_everything(), handoff_with_everything()
    for model in (Handoff, Package, Delivery, Event):
        for typed in (wanted.reference, f"ho{wanted.pk}"):
            shown = boss.get(address(model, "changelist"), {"q": typed}).context["cl"].queryset
            assert shown.count() == 1, (model, typed)
            assert shown.get() != model.objects.order_by("pk").last()
    # A name with a number in it would find whatever else bears that number.
    Account.objects.filter(pk=other.account_id).update(name="Ostrava Kinetics")
    assert boss.get(address(Handoff, "changelist"), {"q": "ostrava kinetics"}).context["cl"].queryset.get() == other


@pytest.mark.parametrize(
    ("minutes", "clock", "word"),
    [
        (83, {}, "On track"),
        (84, {}, "At risk"),
        (120, {}, "Over"),
        (500, {"state": "paused"}, "Paused"),
    ],
)
def test_a_running_promise_is_on_track_at_risk_or_over(minutes: int, clock: dict[str, str], word: str):
    handoff = handoff_with_everything()
    Clock.objects.update(**clock)
    shown = promise(with_promise(Handoff.objects.filter(pk=handoff.pk)).get(), NOW + timedelta(minutes=minutes))
    assert shown is not None
    assert shown[1] == word


@pytest.mark.parametrize(("minutes", "word"), [(119, "Met"), (120, "Met"), (121, "Missed")])
def test_a_promise_is_met_up_to_its_deadline(minutes: int, word: str):
    handoff, at = handoff_with_everything(), NOW + timedelta(minutes=minutes)
    Clock.objects.update(state="stopped", stopped_at=at, next_step_at=None)
    Handoff.objects.update(state=State.CONTACTED, contacted_at=at)
    assert promise(with_promise(Handoff.objects.filter(pk=handoff.pk)).get(), at + timedelta(days=9)) in {
        ("met", word), ("late", word),
    }  # fmt: skip


def test_the_list_names_the_owner_and_the_promise(boss: Client):
    handoff = handoff_with_everything()
    text = boss.get(address(Handoff, "changelist")).content.decode()
    assert handoff.owner is not None
    assert handoff.owner.name in text
    assert "Over" in text


@pytest.mark.parametrize(
    ("stands", "expected"),
    [("open", {"assigned", "blocked"}), ("stuck", {"blocked"}), ("contacted", {"contacted"}), ("ended", {"withdrawn"})],
)
def test_handoffs_are_narrowed_by_where_they_stand(boss: Client, stands: str, expected: set[str]):
    handoff_with_everything()
    contacted = handoff_with_everything()
    Handoff.objects.filter(pk=contacted.pk).update(state=State.CONTACTED)
    factories.HandoffFactory.create(state=State.BLOCKED)
    factories.HandoffFactory.create(state=State.WITHDRAWN, closed_at=NOW, next_at=None)
    shown = boss.get(address(Handoff, "changelist"), {"stands": stands}).context["cl"].queryset
    assert set(shown.values_list("state", flat=True)) == expected


# --- The outbox -------------------------------------------------------------------------------------------------------


def test_retry_puts_a_parked_delivery_back_into_the_queue(boss: Client):
    delivery = parked(handoff=factories.HandoffFactory.create())
    assert act(boss, Delivery, "retry", delivery) == [f"“{delivery}” is back in the queue and goes out in a moment."]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.failures) == (Delivery.State.QUEUED, 0)
    assert delivery.handoff is not None
    assert verbs(delivery.handoff) == ["delivery_retried"]


def test_retry_on_the_page_acts_once_and_then_says_why_not(boss: Client):
    delivery = parked(handoff=factories.HandoffFactory.create())
    where = address(delivery, "change").replace("change/", "retry_this/")
    asked = boss.get(where)
    assert Delivery.objects.get().state == Delivery.State.PARKED
    boss.post(where, fields_of(asked))
    assert Delivery.objects.get().state == Delivery.State.QUEUED
    late = boss.post(where, fields_of(asked), follow=True)
    assert f"“{delivery}” is not parked, so there is nothing to retry." in [
        str(message) for message in late.context["messages"]
    ]


def test_a_dialog_sent_by_htmx_takes_the_whole_page_along(boss: Client):
    delivery = parked()
    where = address(delivery, "change").replace("change/", "retry_this/")
    response = boss.post(where, fields_of(boss.get(where)), headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == address(delivery, "change")


def test_a_parked_row_shows_its_reason_and_is_counted_in_the_sidebar(boss: Client):
    parked(last_error="channel_not_found: #ent-emea")
    text = boss.get(address(Delivery, "changelist"), {"needs": "parked"}).content.decode()
    assert "channel_not_found: #ent-emea" in text
    assert "1 parked" in text


def test_a_delivery_is_neither_added_nor_edited_nor_deleted(boss: Client):
    delivery = parked()
    assert boss.get(address(Delivery, "add")).status_code == 403
    assert boss.post(address(delivery, "change"), {"state": "delivered"}).status_code == 403
    assert boss.post(address(delivery, "delete"), {"post": "yes"}).status_code == 403
    assert Delivery.objects.get().state == Delivery.State.PARKED


def test_the_payload_is_shown_as_readable_json(boss: Client):
    delivery = parked(payload={"title": "Søren & Sønner", "lines": [1]})
    text = boss.get(address(delivery, "change")).content.decode()
    assert "&quot;title&quot;: &quot;Søren &amp; Sønner&quot;" in text
    assert json.dumps(delivery.payload) not in text


# --- The log ----------------------------------------------------------------------------------------------------------


def test_a_line_of_the_log_shows_that_its_stream_holds_together(boss: Client):
    handoff = factories.HandoffFactory.create()
    for verb in ("received", "assigned"):
        line = timeline.record(handoff.stream, verb, actor="engine", now=NOW, rep=7)
    assert "Every line follows from the one before." in boss.get(address(line, "change")).content.decode()


def test_a_line_changed_behind_the_products_back_is_named(boss: Client):
    handoff = factories.HandoffFactory.create()
    for verb in ("received", "assigned", "contacted"):
        line = timeline.record(handoff.stream, verb, actor="engine", now=NOW)
    with maintenance():
        Event.objects.filter(stream=handoff.stream, seq=2).update(actor="user:1")
    assert "Line 2 does not follow from the one before it" in boss.get(address(line, "change")).content.decode()


def test_the_log_cannot_be_written(boss: Client):
    line = factories.EventFactory.create()
    assert boss.get(address(Event, "add")).status_code == 403
    assert boss.post(address(line, "change"), {"verb": "x"}).status_code == 403
    assert boss.post(address(line, "delete"), {"post": "yes"}).status_code == 403
    assert act(boss, Event, "delete_selected", line) == []
    assert Event.objects.filter(pk=line.pk).exists()


# --- Who sees what ----------------------------------------------------------------------------------------------------


def manager_of(handoff: Handoff) -> Client:
    """A staff member who manages the owner's team and may look at everything of the handoffs app."""
    client = signed_in(group="manager")
    user: User = client.user  # type: ignore[attr-defined]
    user.user_permissions.set(Permission.objects.filter(content_type__app_label__in=("handoffs", "routing", "sla")))
    assert handoff.owner is not None
    factories.RepFactory.create(user=user, team=handoff.owner.team)
    handoff.owner.team.manager = user.rep
    handoff.owner.team.save()
    return client


def test_a_manager_in_the_admin_sees_the_handoffs_of_their_team_and_nothing_of_others():
    mine, other = handoff_with_everything(), handoff_with_everything()
    parked()  # about no handoff
    client = manager_of(mine)
    for model in (Handoff, Package, Delivery, Event, Assignment, Clock):
        shown = client.get(address(model, "changelist")).context["cl"].queryset
        assert shown.count() == 1, model
    line, clock = Event.objects.get(stream=other.stream), Clock.objects.get(handoff_uuid=other.uuid)
    for row in (other, other.package, other.deliveries.get(), line, other.assignment, clock):
        assert row is not None
        assert client.get(address(row, "change")).status_code == 404
        assert client.get(address(row, "history")).status_code == 404
    act(client, Delivery, "retry", parked(handoff=other))
    assert not Event.objects.filter(stream=other.stream, verb="delivery_retried").exists()


def test_choosing_a_handoff_offers_only_those_one_may_see():
    mine, other = handoff_with_everything(), handoff_with_everything()
    client = manager_of(mine)
    where = address(Handoff, "changelist")
    for handoff, count in ((mine, 1), (other, 0)):
        assert client.get(where, {"q": handoff.reference}).context["cl"].queryset.count() == count


# --- The CRM tables ---------------------------------------------------------------------------------------------------


def test_the_primary_mark_passes_from_one_contact_to_another_in_one_save(boss: Client):
    account = factories.AccountFactory.create()
    first = factories.ContactFactory.create(account=account, is_primary=True, last_name="A")
    second = factories.ContactFactory.create(account=account, last_name="B")
    filled = fields_of(boss.get(address(account, "change")))
    del filled["contacts-0-is_primary"]
    response = boss.post(address(account, "change"), filled | {"contacts-1-is_primary": "on"})
    assert response.status_code == 302, complaints(response)
    assert Contact.objects.get(is_primary=True) == second
    assert not Contact.objects.get(pk=first.pk).is_primary


def test_two_primary_contacts_are_refused(boss: Client):
    account = factories.AccountFactory.create()
    for _ in range(2):
        factories.ContactFactory.create(account=account)
    response = save(boss, account, **{"contacts-0-is_primary": "on", "contacts-1-is_primary": "on"})
    assert complaints(response)["__all__"] == ["Only one contact can be the primary one. Leave one tick."]


def test_a_second_primary_contact_is_refused_on_its_own_page_too(boss: Client):
    account = factories.AccountFactory.create()
    factories.ContactFactory.create(account=account, is_primary=True)
    other = factories.ContactFactory.create(account=account)
    assert complaints(save(boss, other, is_primary="on")) == {
        "is_primary": ["This account has a primary contact already. Untick that one first."]
    }


def test_a_won_deal_without_a_closing_time_is_told_at_its_field(boss: Client):
    deal = factories.DealFactory.create()
    response = save(boss, deal, is_won="on", is_closed="on")
    assert complaints(response) == {
        "closed_at": ["A won deal is closed and has a closing time. Set both, or untick “won”."]
    }
    assert not Deal.objects.get().is_won


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("country", "Norway", "Ensure this value has at most 2 characters (it has 6)."),
        ("country", "no", "Use the two-letter country code in capitals, e.g. NO."),
        ("time_zone", "Oslo", "“Oslo” is not a time zone. Use an IANA name such as Europe/Oslo."),
        ("custom", "[1]", "This is no mapping."),
        ("custom", "{", "This is not JSON."),
        ("name", "", "This field is required."),
    ],
)
def test_an_account_value_that_cannot_be_is_told_at_its_field(boss: Client, field: str, typed: str, sentence: str):
    account = factories.AccountFactory.create()
    assert complaints(save(boss, account, **{field: typed}))[field][0].startswith(sentence)


def test_an_empty_box_of_json_is_an_empty_mapping_never_null(boss: Client):
    account = factories.AccountFactory.create(custom={"plan": "gold"})
    assert save(boss, account, custom="").status_code == 302
    assert Account.objects.get().custom == {}


def test_the_stages_and_weights_of_a_type_are_checked(boss: Client):
    setting = TypeSetting.objects.get(handoff_type="mql_to_sales")
    response = save(boss, setting, usage_stages="activated, flying", field_weights='{"contacts": 300}')
    assert complaints(response) == {
        "usage_stages": ["“flying” is not a stage. Choose from: new, activated, adopted, power, declining, dormant."],
        "field_weights": ["The weight of “contacts” is not a whole number from 0 to 100."],
    }
