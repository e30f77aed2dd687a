"""Starting a handoff by hand: who may, for which accounts, of which kind, and never the same one twice."""

import pytest
from django.test import Client

from handoffs import pipeline
from handoffs.models import Handoff, State
from routing.models import HandoffType
from tests.factories import NOW, AccountFactory, Company, DealFactory, rich_account
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html, words


def press(client: Client, account: str, kind: str = "sql_to_ae", deal: str = "", *, follow: bool = False):
    sent = {"account": account, "handoff_type": kind, "deal": deal}
    return client.post("/handoffs/new/", sent, follow=follow)


def test_an_sdr_starts_an_sql_and_lands_on_its_page(firm: Company, sign_in: SignIn) -> None:
    rich = rich_account("sql_to_ae", sender=firm.reps["dana"], now=NOW)
    assert rich.deal is not None
    client = sign_in("dana")
    found = client.get("/handoffs/new/?q=halv")
    assert f'href="/handoffs/new/?account={rich.account.crm_id}"' in html(found)
    form = client.get(f"/handoffs/new/?account={rich.account.crm_id}")
    assert f'value="{rich.deal.crm_id}" selected' in html(form)

    answer = press(client, rich.account.crm_id, deal=rich.deal.crm_id, follow=True)

    handoff = Handoff.objects.get()
    assert answer.redirect_chain == [(f"/handoffs/{handoff.reference}/", 302)]
    assert f"{handoff.reference} is started." in words(answer)
    assert 'hx-trigger="every 2s"' in html(answer), "its page waits for it"
    assert (handoff.state, handoff.origin, handoff.from_rep) == (State.RECEIVED, "page", firm.reps["dana"])
    assert (handoff.account, handoff.deal) == (rich.account, rich.deal)


def test_the_one_that_is_open_is_shown_instead_of_a_second(firm: Company, sign_in: SignIn) -> None:
    rich = rich_account("sql_to_ae", sender=firm.reps["dana"], now=NOW)
    assert rich.deal is not None
    client = sign_in("dana")
    press(client, rich.account.crm_id, deal=rich.deal.crm_id)

    again = press(client, rich.account.crm_id, deal=rich.deal.crm_id, follow=True)

    assert Handoff.objects.count() == 1
    assert "is open for this already, so nothing new was started." in words(again)


def test_one_that_is_open_elsewhere_is_not_shown(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give()
    handoff.account.owner = None
    handoff.account.save()

    answer = press(sign_in("kofi"), handoff.account.crm_id, deal=handoff.deal.crm_id if handoff.deal else "")

    assert answer.status_code == 409
    assert "with people whose work you do not see" in words(answer)
    assert handoff.reference not in words(answer)


@pytest.mark.parametrize(("who", "status"), [("clara", 403), ("dana", 200), ("elena", 200), ("ben", 200)])
def test_reps_managers_and_revops_start_handoffs(who: str, status: int, firm: Company, sign_in: SignIn) -> None:
    client = sign_in(who)
    assert client.get("/handoffs/new/").status_code == status
    assert ("Start a handoff" in words(client.get("/"))) == (status == 200)
    if status == 403:
        assert press(client, AccountFactory.create().crm_id).status_code == 403
        assert not Handoff.objects.exists()


def test_an_account_of_others_is_neither_found_nor_taken(firm: Company, sign_in: SignIn) -> None:
    hidden = AccountFactory.create(name="Hidden Harbour", owner=firm.reps["oskar"])
    client = sign_in("dana")

    assert "No account matches “hidden”" in words(client.get("/handoffs/new/?q=hidden"))
    assert client.get(f"/handoffs/new/?account={hidden.crm_id}").status_code == 404
    assert press(client, hidden.crm_id).status_code == 404
    assert not Handoff.objects.exists()


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        ("dana", [HandoffType.SQL_TO_AE]),
        ("oskar", [HandoffType.CLOSED_TO_CS]),
        ("hannah", [HandoffType.EXPANSION_TO_SALES]),
        ("elena", list(HandoffType)),
        ("ben", list(HandoffType)),
    ],
)
def test_each_function_hands_over_its_own_kinds(
    who: str, kinds: list[HandoffType], firm: Company, sign_in: SignIn
) -> None:
    account = AccountFactory.create(owner=None)
    page = html(sign_in(who).get(f"/handoffs/new/?account={account.crm_id}"))
    assert [kind for kind in HandoffType if f'value="{kind}"' in page] == kinds


@pytest.mark.parametrize(
    ("kind", "fields", "sentence"),
    [
        ("closed_to_cs", {}, "about a deal that was won"),
        ("closed_to_cs", {"is_closed": False}, "about a deal that was won"),
        ("mql_to_sales", {"is_closed": False}, "has no deal yet"),
        ("sql_to_ae", {"is_closed": True}, "That deal is closed."),
    ],
)
def test_a_deal_that_does_not_fit_the_kind_is_refused(
    kind: str, fields: dict[str, bool], sentence: str, firm: Company, sign_in: SignIn
) -> None:
    account = AccountFactory.create(owner=None)
    deal = DealFactory.create(account=account, **fields).crm_id if fields else ""

    answer = press(sign_in("ben"), account.crm_id, kind, deal)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not Handoff.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"account": "nobody"},
        {"account": "\x00"},
        {"account": "A", "handoff_type": "sql_to_ae", "deal": "D-of-another"},
        {"account": "A", "handoff_type": "nonsense"},
        {"account": "A"},
    ],
)
def test_nonsense_starts_nothing(sent: dict[str, str], firm: Company, sign_in: SignIn) -> None:
    account = AccountFactory.create(owner=None)
    DealFactory.create(crm_id="D-of-another")
    form = {**sent, "account": account.crm_id} if sent.get("account") == "A" else sent

    answer = sign_in("ben").post("/handoffs/new/", form)

    assert answer.status_code in {404, 422}
    assert not Handoff.objects.exists()


@pytest.mark.parametrize("q", ["%", "_", "\x00", "x" * 5_000, "<b>", "'"])
def test_any_search_is_answered(q: str, firm: Company, sign_in: SignIn) -> None:
    AccountFactory.create(name="Plain", owner=None)
    answer = sign_in("dana").get("/handoffs/new/", {"q": q}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "<html" not in html(answer)
    assert "<b>" not in html(answer)


def test_a_second_one_beside_one_past_first_contact_is_asked_about(firm: Company, give: Give, sign_in: SignIn) -> None:
    first = give()
    assert first.deal is not None
    assert first.owner is not None
    pipeline.log_contact(first, contacted_at=NOW, actor="engine", now=NOW)
    client, asked = sign_in("dana"), (first.account.crm_id, "sql_to_ae", first.deal.crm_id)
    question = f"{first.reference} is with {first.owner.name}, contacted. Start another?"

    answer = press(client, *asked)

    assert (answer.status_code, Handoff.objects.count()) == (409, 1)
    assert question in words(answer).replace(" ,", ",")
    assert f'name="another" value="{first.pk}"' in html(answer)
    sent = dict(zip(("account", "handoff_type", "deal"), asked, strict=True))
    other = client.post("/handoffs/new/", {**sent, "another": first.pk + 1})
    assert (other.status_code, Handoff.objects.count()) == (409, 1), "the yes was to another question"
    yes = client.post("/handoffs/new/", {**sent, "another": first.pk}, follow=True)
    assert " is started." in words(yes)
    assert "is open for this already" in words(press(client, *asked, follow=True)), "nothing is asked about an open one"
    assert Handoff.objects.count() == 2


def test_of_one_past_first_contact_elsewhere_only_the_question_is_said(
    firm: Company, give: Give, sign_in: SignIn
) -> None:
    first = give()
    assert first.deal is not None
    pipeline.log_contact(first, contacted_at=NOW, actor="engine", now=NOW)
    first.account.owner = None
    first.account.save()
    answer = press(sign_in("kofi"), first.account.crm_id, deal=first.deal.crm_id)
    assert answer.status_code == 409
    assert "Such a handoff is under way with people whose work you do not see. Start another?" in words(answer)
    assert first.reference not in words(answer)


def test_no_deal_is_somebodys_own_choice_where_the_account_has_an_open_one(firm: Company, sign_in: SignIn) -> None:
    account = AccountFactory.create(owner=None)
    for _ in range(2):
        DealFactory.create(account=account, is_closed=False)
    client = sign_in("dana")
    form = client.get(f"/handoffs/new/?account={account.crm_id}")
    assert '<option value="" selected>Choose a deal</option>' in html(form)
    assert "No deal means that the handoff is about the account alone" in words(form)

    left_open = press(client, account.crm_id)
    assert left_open.status_code == 422
    assert "Choose the deal that it is about, or “No deal”." in words(left_open)
    assert press(client, account.crm_id, deal="-").status_code == 302
    assert Handoff.objects.get().deal is None
