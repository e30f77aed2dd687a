"""Which handoffs each tab, filter and search holds, and what an address may ask for."""

import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.db.models import Q
from django.test import Client
from pytest_django.fixtures import Settings

from handoffs import pipeline
from handoffs.models import Account, Handoff, Preference, State
from handoffs.views import tabs
from routing.models import HandoffType
from sla.models import Clock, ClockKind
from tests.factories import NOW, AccountFactory, Company
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html, words

HOUR = timedelta(hours=1)
FIRST_LOAD = 60 * 1024
GZIP = {"Accept-Encoding": "gzip"}


def rows(client: Client, query: str = "") -> list[int]:
    """The numbers of the handoffs shown, in order."""
    answer = client.get(f"/{query}")
    assert answer.status_code == 200, query
    return [int(number) for number in re.findall(r'id="row-(\d+)"', html(answer))]


def drawn(client: Client) -> dict[str, str]:
    """The tabs drawn and their counts."""
    found = re.findall(
        r'id="tab-(\w+)"[^>]*>[^<]*(?:<span class="count" id="count-\w+">([^<]*)</span>)?', html(client.get("/"))
    )
    return dict(found)


def test_each_reader_has_the_tabs_that_can_hold_something(firm: Company, give: Give, sign_in: SignIn) -> None:
    give(name="Halvorsen")
    give(account=AccountFactory.create(name="Nobody Home"), deal=None)

    reps = {"mine": "1", "acknowledge": "1", "risk": "0", "sent": "0", "team": "1", "closed": ""}
    assert drawn(sign_in("ingrid")) == reps
    assert drawn(sign_in("dana")) == {
        "mine": "1",
        "acknowledge": "0",
        "risk": "0",
        "sent": "2",
        "team": "0",
        "closed": "",
    }
    assert drawn(sign_in("elena"))["team"] == "1"
    assert drawn(sign_in("elena"))["all"] == "2"
    assert drawn(sign_in("ben"))["all"] == "2"
    boss = firm.user("clara")
    firm.reps["clara"].user = None
    firm.reps["clara"].save()
    client = Client()
    client.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
    assert list(drawn(client)) == ["risk", "all", "closed"], "who is not on the roster owns and sends nothing"


def test_tabs_hold_what_they_say(firm: Company, give: Give, sign_in: SignIn, clock: time_machine.Traveller) -> None:
    breached, risky, fresh = (
        give(name=name, at=NOW - age) for name, age in (("A", 3 * HOUR), ("B", 1.5 * HOUR), ("C", 0 * HOUR))
    )
    freyas = give(name="D")
    Handoff.objects.exclude(pk=freyas.pk).update(owner=firm.reps["ingrid"])
    Handoff.objects.filter(pk=freyas.pk).update(owner=firm.reps["freya"])
    pipeline.acknowledge(fresh, actor="user:1", now=NOW)
    gone = give(name="E")
    pipeline.withdraw(gone, reason="duplicate", actor="user:1", now=NOW)
    Handoff.objects.filter(pk=gone.pk).update(owner=firm.reps["ingrid"])
    ingrid, elena = sign_in("ingrid"), sign_in("elena")

    assert rows(ingrid, "?view=mine") == [breached.pk, risky.pk, fresh.pk]
    assert rows(ingrid, "?view=acknowledge") == [breached.pk, risky.pk]
    assert rows(ingrid, "?view=risk") == [breached.pk, risky.pk]
    assert rows(ingrid, "?view=closed") == [gone.pk]
    assert set(rows(elena, "?view=team")) == {breached.pk, risky.pk, fresh.pk, freyas.pk}
    assert rows(elena, "?view=risk") == [breached.pk, risky.pk]
    assert rows(sign_in("carsten"), "?view=risk") == rows(sign_in("carsten"), "?view=team") == []
    assert rows(sign_in("ben"), "?view=risk") == [breached.pk, risky.pk]
    assert set(rows(sign_in("dana"), "?view=sent")) == {breached.pk, risky.pk, fresh.pk, freyas.pk}


def test_the_team_tab_of_a_rep_holds_only_what_they_may_see(firm: Company, give: Give, sign_in: SignIn) -> None:
    mine = give(name="Mine")
    passed_on, hers = give(name="Passed on"), give(name="Hers")
    for handoff, owner in ((mine, "ingrid"), (passed_on, "freya"), (hers, "freya")):
        Handoff.objects.filter(pk=handoff.pk).update(owner=firm.reps[owner])
    assert mine.assignment is not None
    assert passed_on.assignment is not None
    for handoff, holder in ((mine, "ingrid"), (passed_on, "ingrid"), (hers, "freya")):
        assert handoff.assignment is not None
        handoff.assignment.rep = firm.reps[holder]
        handoff.assignment.save()
    passed_on.assignment.released_at, passed_on.assignment.release_reason = NOW, "reassigned"
    passed_on.assignment.save()

    assert set(rows(sign_in("ingrid"), "?view=team")) == {mine.pk, passed_on.pk}


def test_filters_combine_with_tab_and_search(firm: Company, give: Give, sign_in: SignIn) -> None:
    sql = give(name="Halvorsen Marine")
    expansion = give(HandoffType.EXPANSION_TO_SALES, name="Halvorsen Offshore")
    blocked = give(account=AccountFactory.create(name="Nobody Home"), deal=None)
    ben = sign_in("ben")

    assert rows(ben, "?view=all&type=sql_to_ae") == [sql.pk, blocked.pk]
    assert rows(ben, "?view=all&type=sql_to_ae&q=halv") == [sql.pk]
    assert rows(ben, "?view=all&gaps=1") == [blocked.pk]
    assert rows(ben, "?view=all&clock=waiting") == [blocked.pk]
    assert set(rows(ben, "?view=all&clock=on_track")) == {sql.pk, expansion.pk}
    assert rows(ben, f"?view=all&owner={firm.reps['ingrid'].pk}") == [sql.pk]
    assert set(rows(ben, f"?view=all&sender={firm.reps['dana'].pk}")) == {sql.pk, expansion.pk, blocked.pk}
    assert rows(ben, "?view=closed&q=halv") == []
    assert "No handoff in closed matches “halv”" in words(ben.get("/?view=closed&q=halv"))
    said = words(ben.get("/?view=all&segment=smb"))
    assert "No handoff in all open fits the filters" in said
    assert "limited to segment SMB" in said.replace(" .", ".")


def test_a_rep_is_not_offered_other_people(firm: Company, give: Give, sign_in: SignIn) -> None:
    give()
    ingrid, elena, ben = (html(sign_in(key).get("/")) for key in ("ingrid", "elena", "ben"))
    freya = f'<option value="{firm.reps["freya"].pk}"'
    hannah = f'<option value="{firm.reps["hannah"].pk}"'

    assert 'name="owner"' not in ingrid
    assert 'name="sender"' not in elena
    assert freya in elena
    assert hannah not in elena, "she is nobody of hers"
    assert hannah in ben
    answer = sign_in("elena").get(f"/?owner={firm.reps['hannah'].pk}")
    assert "is not a choice of owner" in words(answer)


JUNK = (
    "?view=nothing",
    "?view=%00",
    "?type=%3Cscript%3E&segment=*&clock=late&gaps=2&owner=abc&sender=-1",
    "?owner=99999999999999999999999",
    "?page=-1",
    "?page=0x10",
    "?page=999999999999999999999999",
    "?page=&page=&q=%F0%9F%92%A9",
    "?q=" + "%" * 300,
    "?q=HO-999999999999999999",
    "?q=%ff%fe",
    "?view=mine&view=all&q=a&q=b",
)


@pytest.mark.parametrize("query", JUNK)
def test_junk_in_the_address_is_left_out_with_a_sentence(
    firm: Company, give: Give, sign_in: SignIn, query: str
) -> None:
    give()
    ben = sign_in("ben")
    for place in ("/", "/inbox/rows/", "/inbox/pulse/"):
        assert ben.get(place + query).status_code in {200, 204}, place
    if "type=" in query:
        said = words(ben.get("/" + query))
        assert "“<script>” is not a choice of type, so that filter was left out." in said
        assert "<script>”" not in html(ben.get("/" + query))


def test_lists_end_after_twenty_pages_and_say_so(
    firm: Company, give: Give, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [give(name=f"Account {n}").pk for n in range(7)]
    monkeypatch.setattr(tabs, "MOST_COUNTED", 4)
    monkeypatch.setattr("handoffs.views.queue.PAGE_SIZE", 2)
    monkeypatch.setattr("handoffs.views.inbox.LAST_PAGE", 2)
    ben = sign_in("ben")

    first, last = words(ben.get("/?view=all")), words(ben.get("/?view=all&page=9"))

    assert "1 to 2 of 4+" in first
    assert "3 to 4 of 4+" in last
    assert "Lists end here. Search or filter to reach the others." in last
    assert "Lists end here" not in first
    assert len(made) == 7


def test_the_deadline_on_a_handoff_is_that_of_its_running_clock(
    firm: Company, give: Give, clock: time_machine.Traveller
) -> None:
    handoff = give()
    promise = Clock.objects.get(assignment=handoff.assignment, kind=ClockKind.FIRST_CONTACT)
    assert (handoff.due_at, handoff.at_risk_at) == (promise.deadline_at, promise.at_risk_at)

    clock.shift(HOUR)
    pipeline.reassign(handoff, to=firm.reps["mikael"], reason="leave", actor="user:1", now=NOW + HOUR)
    handoff.refresh_from_db()
    assert handoff.assignment is not None
    newer = handoff.assignment.clocks.get(kind=ClockKind.FIRST_CONTACT)
    assert newer != promise
    assert (handoff.due_at, handoff.at_risk_at) == (newer.deadline_at, newer.at_risk_at)

    pipeline.reject(handoff, reason="incomplete", comment="No.", actor="user:1", now=NOW + HOUR)
    handoff.refresh_from_db()
    assert (handoff.state, handoff.due_at, handoff.at_risk_at) == (State.REJECTED, None, None)


def test_every_state_has_its_standing(firm: Company, give: Give) -> None:
    handoff = give()
    for state, standing in (("assigned", 0), ("acknowledged", 0), ("contacted", 2), ("meeting_booked", 2)):
        Handoff.objects.filter(pk=handoff.pk).update(state=state)
        assert Handoff.objects.get(pk=handoff.pk).standing == standing
    for state in ("received", "blocked", "unassigned", "rejected"):
        Handoff.objects.filter(pk=handoff.pk).update(state=state)
        assert Handoff.objects.get(pk=handoff.pk).standing == 1
    for state in ("converted", "lost", "withdrawn"):
        Handoff.objects.filter(pk=handoff.pk).update(state=state, closed_at=NOW, next_at=None)
        assert Handoff.objects.get(pk=handoff.pk).standing == 3


def test_single_keys_are_off_for_whoever_turned_them_off(firm: Company, sign_in: SignIn) -> None:
    assert 'data-keys="off"' not in html(sign_in("ingrid").get("/"))
    Preference.objects.create(user=firm.user("ingrid"), single_keys=False)
    assert 'data-keys="off"' in html(sign_in("ingrid").get("/"))


@pytest.fixture
def collected(settings: Settings, tmp_path: Path) -> None:
    """Static files as production serves them: named by content and compressed."""
    storage = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": storage}
    settings.WHITENOISE_USE_FINDERS = False
    unused = ("admin", "unfold", "drf_spectacular_sidecar", "rest_framework")
    call_command("collectstatic", interactive=False, ignore_patterns=list(unused), verbosity=0)


@pytest.mark.usefixtures("collected")
def test_the_first_load_fits_into_sixty_kilobytes(firm: Company, give: Give, sign_in: SignIn) -> None:
    for n in range(30):
        give(name=f"Account {n}")
    Handoff.objects.update(owner=firm.reps["ingrid"])
    answer = sign_in("ingrid").get("/", headers=GZIP)
    page = gzip.decompress(answer.content).decode()
    found = {"the page": len(answer.content)}
    for path in re.findall(r'(?:src|href)="(/static/[^"?]+)"', page):
        file = Client().get(path, headers=GZIP)
        assert (file.status_code, file.headers["Content-Encoding"]) == (200, "gzip"), path
        found[path] = len(b"".join(file.streaming_content))  # type: ignore[attr-defined]

    assert len(found) >= 8
    print("\n".join(f"{size:>7,} {name}" for name, size in found.items()), f"\n{sum(found.values()):>7,} together")
    assert sum(found.values()) <= FIRST_LOAD, found


def test_the_indexes_of_search_are_made_later_as_the_manual_says(firm: Company, settings: Settings) -> None:
    made = "SELECT indexdef FROM pg_indexes WHERE indexname LIKE '%%_search' ORDER BY 1"
    manual = (settings.BASE_DIR / "docs" / "operation.md").read_text()
    with connection.cursor() as cursor:
        cursor.execute(made)
        before = cursor.fetchall()
        for table in ("account", "contact", "deal"):
            cursor.execute(f"DROP INDEX handoffs_{table}_search")
        cursor.execute(manual.partition("```sql")[2].partition("```")[0].replace("CONCURRENTLY", ""))
        cursor.execute(made)
        assert cursor.fetchall() == before


def test_search_has_an_index_for_each_kind_that_it_looks_through(firm: Company) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE '%%_search' ORDER BY 1")
        assert [name for (name,) in cursor] == [
            "handoffs_account_search",
            "handoffs_contact_search",
            "handoffs_deal_search",
        ]
        cursor.execute("SET LOCAL enable_seqscan = off")
        found = Account.objects.filter(Q(name__icontains="halvorsen") | Q(domain__icontains="halvorsen"))
        assert "handoffs_account_search" in found.explain()


def test_a_new_list_brings_none_of_the_people_along_and_still_filters_by_them(
    firm: Company, give: Give, sign_in: SignIn
) -> None:
    hers, his = give(name="Hers"), give(name="His")
    Handoff.objects.filter(pk=hers.pk).update(owner=firm.reps["ingrid"])
    Handoff.objects.filter(pk=his.pk).update(owner=firm.reps["mikael"])
    ben, ingrid = sign_in("ben"), firm.reps["ingrid"]
    query = f"?view=all&owner={ingrid.pk}"
    assert f'<option value="{ingrid.pk}" selected>' in html(ben.get(f"/{query}"))

    fragment = html(ben.get(f"/inbox/rows/{query}", headers={"HX-Request": "true"}))
    assert "<option" not in fragment
    assert "Clear owner: Ingrid Solheim" in fragment
    assert re.findall(r'id="row-(\d+)"', fragment) == [str(hers.pk)]
    assert rows(ben, query) == [hers.pk]
    assert "is not a choice of owner" in html(ben.get("/inbox/rows/?view=all&owner=999999"))


def test_a_page_is_sent_compressed_to_whoever_can_read_that(firm: Company, sign_in: SignIn) -> None:
    plain, packed = sign_in("ingrid").get("/"), sign_in("ingrid").get("/", headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert b"<h1>Inbox</h1>" in gzip.decompress(packed.content)
    assert len(packed.content) < len(plain.content) / 3
