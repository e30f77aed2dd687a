"""Starting handoffs: by whom, for what, and what a repeated trigger is answered with."""

from uuid import uuid4

import pytest

from handoffs import pipeline
from handoffs.models import Account, Event, Handoff
from routing.models import HandoffType
from tests.api.calling import problem
from tests.api.conftest import As
from tests.factories import NOW, AccountFactory, Company, DealFactory, rich_account
from tests.handoffs.given import assigned

SQL = HandoffType.SQL_TO_AE.value


@pytest.fixture
def rich(firm: Company) -> Account:
    return rich_account(SQL, sender=firm.reps["dana"], now=NOW).account


def test_one_trigger_gives_one_handoff_and_says_which(call: As, rich: Account) -> None:
    deal = rich.deals.get()
    dana = call("dana")
    answer = dana.post("handoffs/", {"type": SQL, "account": rich.crm_id, "deal": deal.crm_id})

    assert answer.status_code == 201
    handoff = Handoff.objects.get()
    body = answer.json()
    assert answer.headers["Location"] == body["url"] == f"http://testserver/api/v1/handoffs/{handoff.uuid}/"
    assert answer.headers["ETag"] == f'"{handoff.version}"'
    assert (body["uuid"], body["reference"], body["state"]) == (str(handoff.uuid), handoff.reference, "received")
    assert (handoff.origin, handoff.account, handoff.deal) == ("api", rich, deal)
    assert Event.objects.get(stream=handoff.stream).actor == f"user:{dana.user.pk}"

    again = dana.post("handoffs/", {"type": SQL, "account": str(rich.uuid), "deal": str(deal.uuid)})
    assert again.status_code == 200
    assert again.json()["uuid"] == body["uuid"]
    assert Handoff.objects.count() == 1


def test_a_trigger_key_gives_the_same_handoff_for_ever_to_the_same_caller_alone(call: As, firm: Company) -> None:
    account = AccountFactory.create(owner=None)
    asked = {"type": "mql_to_sales", "account": account.crm_id, "trigger_key": "form-7"}
    ben = call("ben")
    first = ben.post("handoffs/", asked).json()
    pipeline.withdraw(Handoff.objects.get(), reason="A test", actor="user:1", now=NOW)

    assert ben.post("handoffs/", asked).json()["uuid"] == first["uuid"]
    other = call("mara").post("handoffs/", asked)
    assert other.status_code == 201
    assert other.json()["uuid"] != first["uuid"]


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("dana", 201),
        ("elena", 201),
        ("ben", 201),
        ("superuser", 201),
        ("clara", 403),
        ("auditor", 403),
        ("nobody", 403),
        ("anonymous", 401),
    ],
)
def test_reps_managers_and_revops_start_handoffs(call: As, rich: Account, person: str, status: int) -> None:
    answer = call(person).post("handoffs/", {"type": SQL, "account": rich.crm_id})

    assert answer.status_code == status, answer.content
    assert Handoff.objects.count() == (status == 201)


def test_a_rep_starts_what_their_function_hands_over_and_it_is_from_them(
    call: As, firm: Company, rich: Account
) -> None:
    other = call("dana").post("handoffs/", {"type": "closed_to_cs", "account": rich.crm_id})
    assert problem(other, 422)["errors"][0]["pointer"] == "#/type"
    dana = call("dana")
    made = dana.post("handoffs/", {"type": SQL, "account": rich.crm_id}).json()
    assert made["from_rep"]["name"] == "Dana Whitfield"
    assert dana.get(made["url"]).status_code == 200, "who starts it sees it from then on"
    won = DealFactory(account=rich, is_won=True, is_closed=True, closed_at=NOW)
    managed = call("elena").post("handoffs/", {"type": "closed_to_cs", "account": rich.crm_id, "deal": won.crm_id})
    assert managed.json()["from_rep"]["name"] == "Elena Petrova"
    revops = call("ben").post("handoffs/", {"type": "mql_to_sales", "account": rich.crm_id})
    assert revops.json()["from_rep"] is None, "whom the CRM names"


def test_an_account_of_others_and_one_that_is_not_there_are_answered_alike(call: As, firm: Company) -> None:
    theirs = AccountFactory.create(owner=firm.reps["ingrid"])
    for named in (theirs.crm_id, str(theirs.uuid), "A-none", str(uuid4())):
        document = problem(call("kofi").post("handoffs/", {"type": SQL, "account": named}), 422, "unprocessable")
        assert document["errors"][0]["pointer"] == "#/account"
        assert document["detail"].startswith(f"There is no account {named} that you see.")
    assert not Handoff.objects.exists()


def test_a_deal_of_another_account_is_not_found_on_this_one(call: As, rich: Account) -> None:
    other = DealFactory.create()
    answer = call("ben").post("handoffs/", {"type": SQL, "account": rich.crm_id, "deal": other.crm_id})

    assert problem(answer, 422)["errors"][0]["pointer"] == "#/deal"
    assert not Handoff.objects.exists()


def test_who_started_one_and_no_longer_sees_it_is_told_no_more_of_it_than_others(
    call: As, firm: Company, rich: Account
) -> None:
    asked = {"type": SQL, "account": rich.crm_id, "trigger_key": "form-7"}
    dana = call("dana")
    made = dana.post("handoffs/", asked, Idempotency_Key="k-1").json()
    Handoff.objects.update(from_rep=firm.reps["kofi"])
    for answer in (
        dana.get(made["url"]),
        dana.post("handoffs/", asked),
        dana.post("handoffs/", asked, Idempotency_Key="k-1"),
    ):
        document = problem(answer, 404 if answer.request["REQUEST_METHOD"] == "GET" else 409)
        assert made["reference"] not in str(document)


def test_an_open_handoff_that_the_caller_does_not_see_is_not_shown_to_them(call: As, firm: Company) -> None:
    hidden = assigned(firm)
    Account.objects.filter(pk=hidden.account_id).update(owner=None)  # anybody's to start
    asked = {"type": SQL, "account": hidden.account.crm_id, "deal": hidden.deal.crm_id}

    document = problem(call("kofi").post("handoffs/", asked), 409, "conflict")
    assert hidden.reference not in str(document)
    assert str(hidden.uuid) not in str(document)
    assert call("ben").post("handoffs/", asked).json()["reference"] == hidden.reference


def test_a_key_that_named_another_trigger_is_refused(call: As, firm: Company) -> None:
    account, other = AccountFactory.create_batch(2, owner=None)
    asked = {"type": "mql_to_sales", "account": account.crm_id, "trigger_key": "form-7"}
    ben = call("ben")
    ben.post("handoffs/", asked)
    for changed in ({"account": other.crm_id}, {"type": "expansion_to_sales"}):
        document = problem(ben.post("handoffs/", asked | changed), 422, "unprocessable")
        assert document["detail"].startswith("This trigger key named another account, type or deal before.")
    assert Handoff.objects.count() == 1


@pytest.mark.parametrize(
    ("person", "team", "sender"),
    [
        ("dana", "sdr", "Dana Whitfield"),
        ("elena", "sdr", None),
        ("elena", "ae_enterprise", "Elena Petrova"),
        ("ben", "cs", None),
        ("superuser", "sdr", None),
    ],
)
def test_a_handoff_is_started_for_a_team_that_one_answers_for(
    call: As, rich: Account, person: str, team: str, sender: str | None
) -> None:
    caller = call(person)
    answer = caller.post("handoffs/", {"type": SQL, "account": rich.crm_id, "from_team": team})

    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert body["from_team"]["code"] == team
    assert (body["from_rep"] or {"name": None})["name"] == sender
    assert caller.get(body["url"]).status_code == 200, "who starts it sees it"


@pytest.mark.parametrize(
    ("person", "teams", "field"),
    [
        ("dana", {"from_team": "ae_enterprise"}, "from_team"),
        ("elena", {"from_team": "cs"}, "from_team"),
        ("dana", {"to_team": "ae_general"}, "to_team"),
        ("elena", {"to_team": "ae_general"}, "to_team"),
        ("dana", {"to_team": "none"}, "to_team"),
    ],
)
def test_nobody_names_a_team_that_is_not_theirs_to_name(
    call: As, rich: Account, person: str, teams: dict[str, str], field: str
) -> None:
    answer = call(person).post("handoffs/", {"type": SQL, "account": rich.crm_id} | teams)

    assert problem(answer, 422, "unprocessable")["errors"][0]["pointer"] == f"#/{field}"
    assert not Handoff.objects.exists()


def test_teams_are_named_by_their_code(call: As, firm: Company, rich: Account) -> None:
    asked = {"type": SQL, "account": rich.crm_id, "from_team": "sdr", "to_team": "ae_general"}
    assert problem(call("ben").post("handoffs/", asked | {"to_team": "none"}), 422)["errors"] == [
        {
            "pointer": "#/to_team",
            "detail": "There is no team none. Teams are named by their code, as /reps/ shows it.",
        }
    ]
    call("ben").post("handoffs/", asked)
    handoff = Handoff.objects.get()
    assert (handoff.from_team, handoff.to_team) == (firm.teams["sdr"], firm.teams["ae_general"])
