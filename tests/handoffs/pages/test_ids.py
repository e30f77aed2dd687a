"""Every id is on a page once: what an answer replaces, and the icon that is drawn, are never confused."""

import re
from collections import Counter

import pytest

from tests.factories import Company
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html

ID = re.compile(r'\sid="([^"]*)"')
DRAWN = re.compile(r'<use href="#([^"]*)"')


@pytest.mark.parametrize(
    "path", ["", "handoffs/{}/", "handoffs/{}/response/", "handoffs/{}/contact/", "me/", "notices/"]
)
def test_no_id_is_on_a_page_twice_and_every_icon_is_there(
    path: str, firm: Company, give: Give, sign_in: SignIn
) -> None:
    handoff = give()

    page = html(sign_in("ingrid").get("/" + path.format(handoff.reference)))

    ids = Counter(ID.findall(page))
    assert [name for name, times in ids.items() if times > 1] == []
    drawn = set(DRAWN.findall(page))
    assert drawn
    assert drawn <= set(ids)
    assert all(name.startswith("i-") for name in drawn)
