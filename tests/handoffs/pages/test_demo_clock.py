"""The form that moves the demo's clock: there in a demo, nowhere else, and time does what time does."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from handoffs import engine
from handoffs.now import now
from routing.models import User
from sla.models import StepRun
from tests.factories import NOW, Company
from tests.handoffs.pages.conftest import Give, SignIn


@pytest.fixture
def demo(settings: Settings) -> None:
    settings.HANDOFFS_DEMO = True


@pytest.fixture
def boss(firm: Company, sign_in: SignIn) -> Client:
    """Ben's browser; he keeps the whole admin."""
    User.objects.filter(pk=firm.user("ben").pk).update(is_staff=True, is_superuser=True, time_zone="UTC")
    return sign_in("ben")


@pytest.mark.parametrize(
    ("by", "later"), [("15m", timedelta(minutes=15)), ("1h", timedelta(hours=1)), ("1d", timedelta(days=1))]
)
def test_a_button_moves_the_clock_and_the_page_comes_back(
    demo: None, sign_in: SignIn, by: str, later: timedelta
) -> None:
    client = sign_in("ingrid")
    assert "Tue 17 Nov 2026, 10:00 UTC" in client.get("/").content.decode()
    answer = client.post(reverse("demo_clock"), {"by": by, "next": "/?view=all"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/?view=all")
    assert now() == NOW + later
    assert " later. What became due meanwhile happens" in client.get("/?view=all").content.decode()


def test_the_ladder_is_climbed_under_the_moved_clock(demo: None, sign_in: SignIn, give: Give) -> None:
    give()
    client = sign_in("ingrid")
    for _ in range(3):
        client.post(reverse("demo_clock"), {"by": "1h"})
    engine.climb_due(now=now(), clock=now)
    assert "alert_owner" in StepRun.objects.filter(outcome="done").values_list("step__action", flat=True)


def test_a_word_that_no_button_has_moves_nothing(demo: None, sign_in: SignIn) -> None:
    for by in ("", "-1h", "1y"):
        assert sign_in("ingrid").post(reverse("demo_clock"), {"by": by}).status_code == 302
    assert now() == NOW


def test_a_link_does_not_move_the_clock(demo: None, sign_in: SignIn) -> None:
    assert sign_in("ingrid").get(reverse("demo_clock"), {"by": "1d"}).status_code == 405
    assert now() == NOW


def test_who_is_not_signed_in_does_not_move_the_clock(demo: None, firm: object) -> None:
    answer = Client().post(reverse("demo_clock"), {"by": "1d"})
    assert (answer.status_code, now()) == (302, NOW)
    assert answer.headers["Location"].startswith(reverse("sign_in"))


def test_outside_a_demo_there_is_neither_form_nor_address(sign_in: SignIn, settings: Settings) -> None:
    settings.HANDOFFS_DEMO = False
    client = sign_in("ingrid")
    assert "Demo clock" not in client.get("/").content.decode()
    assert client.post(reverse("demo_clock"), {"by": "1d"}).status_code == 404


@pytest.mark.parametrize("address", ["/admin/", "/admin/handoffs/handoff/?state=assigned"])
def test_the_admin_has_the_clock_and_comes_back_to_its_own_page(demo: None, boss: Client, address: str) -> None:
    client = boss
    shown = client.get(address).content.decode()
    assert "<time>Tue 17 Nov 2026, 10:00 UTC</time>" in shown
    assert f'name="next" value="{address}"' in shown

    answer = client.post(reverse("demo_clock"), {"by": "1h", "next": address})

    assert (answer.status_code, answer.headers["Location"]) == (302, address)
    assert "<time>Tue 17 Nov 2026, 11:00 UTC</time>" in client.get(address).content.decode()


def test_outside_a_demo_the_admin_has_no_such_clock(boss: Client, settings: Settings) -> None:
    settings.HANDOFFS_DEMO = False
    answer = boss.get("/admin/")
    assert (answer.status_code, "Demo clock" in answer.content.decode()) == (200, False)
