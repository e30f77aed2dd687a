from datetime import timedelta

import pytest
import time_machine

from handoffs import pipeline, timeline
from handoffs.models import Contact, Deal, Delivery, Handoff, Note, State
from routing.models import HandoffType
from tests.factories import NOW, AbsenceFactory, AccountFactory, Company, ContactFactory, DealFactory
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html, words

HOSTILE = '<script>alert(\'x\')</script> & "quoted" =HYPERLINK("http://evil.example") <!channel>'
SECTIONS = {
    HandoffType.MQL_TO_SALES: (
        "Lead Context, Engagement History and Product Interest",
        ("Lead context", "Engagement history", "Product interest"),
        ("Score", "Products asked for", "Observe Enterprise", "Pricing page"),
    ),
    HandoffType.SQL_TO_AE: (
        "BANT, MEDDIC and Next Steps Agreed",
        ("BANT", "MEDDIC", "Next steps"),
        ("Budget", "$220,000 to $260,000 set aside in the 2027 plan", "Decision process", "Pilot outline by Friday"),
    ),
    HandoffType.CLOSED_TO_CS: (
        "Implementation Scope, Success Criteria, Stakeholder Map and Promised Outcomes",
        ("Implementation scope", "Success criteria"),
        ("220 pipelines in two regions", "Alerts read within 15 minutes", "Lineage for the shipper reports"),
    ),
    HandoffType.EXPANSION_TO_SALES: (
        "Current Usage, Expansion Signals, Relationship Context and Pricing History",
        ("Current usage", "Expansion signals"),
        ("Asked for 80 more pipelines", "Monthly call with the champion", "2025: $160,000, renewal without discount"),
    ),
}


def page_of(handoff: Handoff) -> str:
    return f"/handoffs/{handoff.reference}/"


@pytest.mark.parametrize("handoff_type", HandoffType.values)
def test_every_type_has_its_own_section(firm: Company, give: Give, sign_in: SignIn, handoff_type: str) -> None:
    handoff = give(handoff_type)
    title, groups, values = SECTIONS[HandoffType(handoff_type)]

    said = words(sign_in("ben").get(page_of(handoff)))

    for text in (title, *groups, *values):
        assert text in said
    others = {other for kind, (other, *_) in SECTIONS.items() if kind != handoff_type}
    assert not any(other in said for other in others)


def test_the_page_tells_all_that_the_receiver_needs(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    said = words(sign_in("ingrid").get(page_of(handoff)))

    for text in (
        "Halvorsen Marine Logistics SQL, SDR → AE Enterprise $240,000",
        "2 h left",
        "First contact is due 12:00 UTC",
        "Started 10:00 Now 10:00 Due 12:00 You are alerted 13:00 (+1 h) Elena Petrova 16:00 (+4 h)",
        "Next steps for you Acknowledge by 11:00 Contact Astrid within 2 hours by 12:00 Book the first meeting",
        "From DW Dana Whitfield SDR To IS Ingrid Solheim Enterprise AE SLA 2 hours to first contact",
        "Tue 17 Nov 2026, 12:00 UTC 13:00 at the account (Oslo)",
        "Astrid Nygaard Primary VP Data and Analytics",
        "“We learn a vessel feed is stale when a shipper rings us.” Henrik Solli, discovery call, 16 Nov, note N-",
        "Context complete Context complete: 100%",
        "Observe Enterprise Value $240,000 Stage Discovery",
        "Handoff received",
        "Package compiled, 100% complete",
    ):
        assert text in said


def test_why_me_lists_the_rules_in_order_and_a_reason_for_every_candidate(
    firm: Company, give: Give, sign_in: SignIn
) -> None:
    freya = firm.reps["freya"]
    freya.paused_since = NOW
    freya.save()
    handoff = give()

    said = words(sign_in("ingrid").get(page_of(handoff)))
    why = said.partition("Why me?")[2].partition("Context complete")[0]

    assert "Rules v1 R-010 Named account No match: nobody in the receiving role is set for it" in why
    assert "R-110 SQL, enterprise, EMEA North Handoff type is SQL, segment is Enterprise" in why
    assert "Ingrid Solheim, chosen First in turn among those free. 0 open then." in why
    assert "Freya Aldous Skipped: asked for no new work" in why
    assert "Mikael Strand Could take it, later in turn." in why


def test_an_owner_rule_says_that_its_person_is_set(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(owner=firm.reps["freya"])

    said = words(sign_in("freya").get(page_of(handoff)))

    assert "R-030 Account owner Its person is set and works in the receiving role" in said
    assert "Freya Aldous, chosen Named by the rule." in said
    assert "Ingrid" not in said.partition("Candidates at")[2].partition("Why not")[0]


def test_gaps_come_before_the_brief_and_say_who_can_fill_them(firm: Company, give: Give, sign_in: SignIn) -> None:
    rich = give().deal
    assert rich is not None
    del rich.metadata["decision_process"], rich.account.metadata["decision_process"]
    rich.save()
    rich.account.save()
    handoff = give(HandoffType.EXPANSION_TO_SALES, account=rich.account, deal=None)
    handoff = give(HandoffType.SQL_TO_AE, account=rich.account, deal=None)

    said = words(sign_in("ben").get(page_of(handoff)))

    assert said.index("critical gaps in this package") < said.index("Recommended approach")
    assert "Ask Dana for the decision process" in said
    assert "The decision process is unknown" in said
    assert "Decision process : missing Missing" in said


def test_a_blocked_handoff_says_why_and_who_unblocks_it(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(account=AccountFactory(name="Nobody Home"), deal=None)
    assert handoff.state == State.BLOCKED

    said = words(sign_in("dana").get(page_of(handoff)))

    assert "Blocked: it cannot be handed over Nobody has it yet." in said
    assert "It goes on by itself when Dana fills the gaps below." in said
    assert "Who can fill it: Dana Whitfield." in said, "a contact is added in the CRM, not here"
    assert "Ask Dana" not in said, "nobody asks themselves"
    assert said.count("blocks the handoff") == 2
    assert "Acknowledge" not in said.partition("Brief")[0]


def test_an_unassigned_handoff_shows_why_nobody_can_take_it(firm: Company, give: Give, sign_in: SignIn) -> None:
    for key in ("ingrid", "freya", "mikael"):
        firm.reps[key].paused_since = NOW
        firm.reps[key].save()
    handoff = give()
    assert handoff.state == State.UNASSIGNED

    said = words(sign_in("dana").get(page_of(handoff)))

    assert "Nobody can take it now" in said
    assert "Why nobody?" in said
    assert said.count("Skipped: asked for no new work") == 3


def test_a_returned_handoff_names_the_reason(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    pipeline.reject(handoff, reason="wrong_owner", comment="Not mine.", actor="user:1", now=NOW)

    said = words(sign_in("ingrid").get(page_of(handoff)))

    told = "Wrong owner or territory. Not mine. The clock for first contact is stopped; Dana has to answer by "
    assert told in said
    assert "4 hours to answer the return" in said
    assert "Next steps for you" not in said, "the steps were the owner's; now it is the sender's turn"


def test_what_the_ledger_does_not_show_delivered_gets_no_tick(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    rows = handoff.deliveries
    rows.filter(purpose="crm_update").update(state="delivered", next_at=None, delivered_at=NOW)
    rows.filter(purpose="alert").update(
        state="parked", next_at=None, last_error="channel_not_found: #ae-enterprise does not exist."
    )
    rows.filter(purpose="crm_note").update(failures=2, last_error="The CRM did not answer in time.")
    rows.filter(purpose="briefing").update(state="cancelled", next_at=None, last_error="Somebody else has it.")

    said = words(sign_in("ingrid").get(page_of(handoff)))
    done = said.partition("Actions taken")[2].partition("Audit trail")[0]

    assert "CRM updated 10:00" in done
    assert "CRM note: not yet sent The CRM did not answer in time. Tried 2 times, next 10:00." in done
    assert "Alert to Ingrid Solheim via Slack: failed Failed: channel_not_found: #ae-enterprise does not exist." in done
    assert "Briefing e-mail: not sent Somebody else has it." in done
    assert "notified" not in done
    assert Delivery.objects.filter(state="queued", purpose="briefing").count() == 0


def won(handoff: Handoff) -> Deal:
    """A deal of the same account that was won."""
    return DealFactory(account=handoff.account, is_won=True, is_closed=True, closed_at=NOW)


def test_words_from_the_crm_are_only_ever_words(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(name=HOSTILE, industry=HOSTILE[:80], domain="javascript:alert(1)//", city=HOSTILE[:80])
    Contact.objects.filter(account=handoff.account).update(
        last_name=HOSTILE[:80], title=HOSTILE, phone="javascript:alert(1)", email="a@b.example?bcc=x@evil.example"
    )
    Note.objects.filter(account=handoff.account).update(body=HOSTILE, source=HOSTILE)
    handoff.account.deals.update(name=HOSTILE, stage=HOSTILE[:80])
    again = give(HandoffType.CLOSED_TO_CS, account=handoff.account, deal=won(handoff))
    client = sign_in("ben")

    for address in ("/", f"/?q={HOSTILE[:20]}", page_of(handoff), page_of(again), f"{page_of(handoff)}response/"):
        markup = html(client.get(address))
        assert "<script>alert" not in markup, address
        assert "&lt;script&gt;alert" in markup, address
        for attribute in ('href="javascript:', 'href="http://', "mailto:a@b.example?"):
            assert attribute not in markup, address


def test_links_are_made_only_of_what_is_valid(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    ContactFactory(
        account=handoff.account, first_name="Bad", last_name="Phone", email="x@y.example", phone="call me maybe"
    )
    again = give(HandoffType.CLOSED_TO_CS, account=handoff.account, deal=won(handoff))
    markup = html(sign_in("ben").get(page_of(again)))

    assert 'href="mailto:astrid.nygaard@halvorsen.example"' in markup
    assert 'href="tel:+4722550184"' in markup
    assert 'href="https://halvorsen.example/" rel="noopener noreferrer"' in markup
    assert markup.count('href="tel:') == 5


def test_a_contact_without_a_working_address_says_what_is_wrong(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    contacts = {contact.last_name: contact for contact in handoff.account.contacts.all()}
    Contact.objects.filter(pk=contacts["Solli"].pk).update(email_bounced=True, phone="")
    Contact.objects.filter(pk=contacts["Moen"].pk).update(do_not_contact=True)
    again = give(HandoffType.CLOSED_TO_CS, account=handoff.account, deal=won(handoff))

    said = words(sign_in("ben").get(page_of(again)))

    assert "Henrik Solli Chief Financial Officer Economic buyer from the CRM Mail bounced Missing" in said
    assert "Must not be contacted Must not be contacted" in said
    assert "erik.moen@halvorsen.example" not in said


def test_the_clock_asks_again_until_it_has_stopped(
    firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    handoff = give()
    client = sign_in("ingrid")
    address = f"{page_of(handoff)}clock/"
    clock.move_to(NOW + timedelta(minutes=90))

    running = client.get(address)
    assert running.status_code == 200
    assert "At risk. First contact is due 12:00 UTC" in words(running)
    assert 'hx-trigger="every 30s"' in html(running)

    pipeline.log_contact(
        handoff, contacted_at=NOW + timedelta(minutes=80), actor="user:1", now=NOW + timedelta(minutes=90)
    )
    met = client.get(address)
    assert met.status_code == 286, "htmx stops asking at 286"
    assert "Met in 1 h 20 m" in words(met)
    assert "hx-trigger" not in html(met)


def test_the_machines_address_leads_to_the_one_people_say(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()

    assert sign_in("ingrid").get(f"/handoffs/{handoff.uuid}/").headers["Location"] == page_of(handoff)
    assert sign_in("freya").get(f"/handoffs/{handoff.uuid}/").status_code == 404
    assert sign_in("ingrid").get(f"/handoffs/ho-{handoff.pk}/").status_code == 200


@pytest.mark.parametrize("address", ["", "clock/", "response/", "response.md"])
def test_what_one_may_not_see_does_not_exist(firm: Company, give: Give, sign_in: SignIn, address: str) -> None:
    handoff = give()

    assert sign_in("ingrid").get(page_of(handoff) + address).status_code == 200
    stranger = sign_in("freya").get(page_of(handoff) + address)
    nothing = sign_in("freya").get(f"/handoffs/HO-999999/{address}")
    assert (stranger.status_code, nothing.status_code) == (404, 404)
    assert "Halvorsen" not in words(stranger)


def test_a_cover_is_named_as_such_and_times_are_the_readers(firm: Company, give: Give, sign_in: SignIn) -> None:
    freya, ingrid = firm.reps["freya"], firm.reps["ingrid"]
    AbsenceFactory.create(rep=freya, starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=3), cover=ingrid)
    assert ingrid.user is not None
    ingrid.user.time_zone = "Europe/Oslo"
    ingrid.user.save()
    handoff = give(owner=freya)

    said = words(sign_in("ingrid").get(page_of(handoff)))

    assert "R-030 Account owner Its person is away, so another stands in" in said
    assert "Ingrid Solheim, chosen Ingrid Solheim covers for Freya Aldous." in said
    assert "Freya Aldous Skipped: is away until 14:00" in said, "14:00 in Oslo is 13:00 UTC"
    assert "Named by the rule." not in said


def test_a_rule_that_did_not_match_says_what_it_wants_and_what_is(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(HandoffType.CLOSED_TO_CS)
    assert handoff.owner is not None
    said = words(sign_in("ben").get(page_of(handoff)))

    assert "Only where handoff type is SQL; here it is Closed won" in said
    assert "it is SQL: it is" not in said


def test_a_long_log_shows_its_end_and_says_how_much_is_older(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    for _ in range(205):
        timeline.record(handoff.stream, "put_off", actor="engine", now=NOW)
    older = timeline.head(handoff.stream).seq - 200

    said = words(sign_in("ben").get(page_of(handoff)))

    assert "The latest 200 entries, append-only" in said
    assert f"{older} older entries are kept and not shown here." in said
    assert "Handoff received" not in said
