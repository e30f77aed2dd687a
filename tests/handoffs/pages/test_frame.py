"""The frame around every page: its forms lead back to where the reader is, and no page takes its words from it."""

import re

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from handoffs import pipeline
from handoffs.views.page import FRAME, page
from routing.models import Rep
from tests.factories import NOW, Company
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html, words

HERE = re.compile(r'action="(/theme/|/demo/clock/)".*?name="next" value="([^"]*)"', re.DOTALL)
PAGES = (
    "/",
    "/?view=closed",
    "/?q=halvorsen&amp;page=1",
    "/?q=nobody",
    "/handoffs/{0}/",
    "/handoffs/{0}/response/",
    "/handoffs/{0}/contact/",
    "/handoffs/{0}/return/",
    "/handoffs/{0}/reassign/",
    "/handoffs/{0}/meeting/",
    "/handoffs/{0}/gaps/no-such-gap/",
    "/handoffs/new/",
    "/handoffs/new/?account={1}",
    "/me/",
    "/notices/",
    "/accounts/password/",
)


@pytest.mark.parametrize("where", PAGES)
def test_theme_and_demo_clock_lead_back_to_the_page_they_are_on(
    sign_in: SignIn, give: Give, settings: Settings, where: str
) -> None:
    settings.HANDOFFS_DEMO = True
    handoff = give()
    path = where.format(handoff.reference, handoff.account.crm_id)
    client = sign_in("ingrid")

    answer = client.get(path.replace("&amp;", "&"))

    if answer.status_code == 404:
        assert HERE.findall(html(answer)) == [], "an error page has no frame"
        return
    assert HERE.findall(html(answer)) == [("/demo/clock/", path), ("/theme/", path)]
    for form in ("/demo/clock/", "/theme/"):
        back = client.post(form, {"theme": "dark", "by": "15m", "next": path.replace("&amp;", "&")})
        assert (back.status_code, back.headers["Location"]) == (302, path.replace("&amp;", "&"))


def test_the_answer_to_a_form_leads_back_to_the_page_the_form_is_on(sign_in: SignIn, give: Give) -> None:
    at = f"http://testserver/handoffs/{give().reference}/"
    client = sign_in("ingrid")
    for form, asked in (("contact/", at), ("acknowledge/", f"{at}?from=mail")):
        sent = {"version": "99", "when": ""}
        answer = client.post(f"{at}{form}", sent, headers={"Referer": asked})
        assert answer.status_code in {409, 422}
        assert HERE.findall(html(answer)) == [("/theme/", asked.removeprefix("http://testserver"))]


@pytest.mark.parametrize("wanted", ["19", "inbox", "javascript:1", "//evil.example/", "http://testserver/", "?q=1", ""])
def test_only_a_path_of_this_site_is_gone_back_to(sign_in: SignIn, settings: Settings, wanted: str) -> None:
    settings.HANDOFFS_DEMO = True
    client = sign_in("ingrid")
    for form in ("/demo/clock/", "/theme/"):
        answer = client.post(form, {"theme": "dark", "by": "15m", "next": wanted})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")


@pytest.mark.parametrize("taken", sorted(FRAME))
def test_a_page_that_takes_a_word_of_the_frame_is_not_drawn(firm: Company, taken: str) -> None:
    request = RequestFactory().get("/")
    request.user = firm.user("ingrid")
    with pytest.raises(ValueError, match=f"The frame of every page has its own {taken}"):
        page(request, "sign_in.html", {taken: 19})


def test_what_came_back_is_no_quiet_day_for_its_sender(sign_in: SignIn, give: Give) -> None:
    handoff = give()
    client = sign_in("dana")
    assert "Nothing urgent" in words(client.get("/"))
    pipeline.reject(handoff, reason="incomplete", actor="engine", now=NOW)
    page = words(client.get("/"))
    assert "1 to answer" in page
    assert "Nothing urgent" not in page


@pytest.mark.parametrize(("on_roster", "entries"), [(True, ["My queue", "All handoffs"]), (False, ["All handoffs"])])
def test_only_who_has_a_queue_is_led_to_it_and_the_keys_are_those_of_the_sidebar(
    sign_in: SignIn, firm: Company, on_roster: bool, entries: list[str]
) -> None:
    client = sign_in("clara")
    if not on_roster:
        Rep.objects.filter(user=firm.user("clara")).update(user=None)
    page = html(client.get("/"))
    assert re.findall(r"</svg>(My queue|All handoffs)</a>", page) == entries
    assert re.findall(r"then <kbd>(\w)</kbd></dt><dd>([^<]*)", page) == [("I", entries[0])]
