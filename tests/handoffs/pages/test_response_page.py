import pytest

from handoffs import pipeline
from handoffs.models import Handoff, State
from routing.models import HandoffType
from tests.factories import NOW, AccountFactory, Company, HandoffFactory
from tests.handoffs.pages.conftest import Give, SignIn
from tests.handoffs.pages.reading import html, words


def test_the_response_is_shown_as_text_to_copy(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(name="<b>Bold & Co</b>")
    answer = sign_in("ingrid").get(f"/handoffs/{handoff.reference}/response/")

    assert "## Handoff Complete ✅" in html(answer)
    assert "| To | Ingrid Solheim (Enterprise AE) |" in html(answer)
    assert "<b>Bold" not in html(answer)
    assert 'data-copy="document"' in html(answer)


def test_the_response_comes_as_a_markdown_file_too(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(HandoffType.CLOSED_TO_CS)
    answer = sign_in("ben").get(f"/handoffs/{handoff.reference}/response.md")

    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{handoff.reference}.md"'
    assert answer.content.decode().startswith("## Handoff Complete ✅")
    assert "### Deal Details" in answer.content.decode()


def test_a_blocked_handoff_never_reads_complete(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(account=AccountFactory(), deal=None)
    assert handoff.state == State.BLOCKED

    assert "Handoff Complete" not in words(sign_in("dana").get(f"/handoffs/{handoff.reference}/response/"))


def test_before_there_is_a_package_the_page_says_so(firm: Company, sign_in: SignIn) -> None:
    handoff: Handoff = HandoffFactory.create(from_rep=firm.reps["dana"])
    client = sign_in("dana")

    page = client.get(f"/handoffs/{handoff.reference}/")
    assert "Being prepared" in words(page)
    assert "No package yet" in words(page)

    for address, status in (("response/", 409), ("response.md", 409)):
        answer = client.get(f"/handoffs/{handoff.reference}/{address}")
        assert answer.status_code == status
        assert f"{handoff.reference} has no package" in words(answer)


def test_the_document_is_drawn_and_hostile_words_stay_words(firm: Company, give: Give, sign_in: SignIn) -> None:
    handoff = give(name="**Bold** | [x](javascript:alert(1)) <script>alert(1)</script> # Head")
    answer = sign_in("ingrid").get(f"/handoffs/{handoff.reference}/response/")
    drawn = html(answer).partition('<article class="document')[2].partition("</article>")[0]

    assert '<h2>Handoff Complete <span class="tone is-ok">' in drawn
    assert "✅" not in drawn, "signs are drawn as icons, since not every machine has a font for them"
    assert '<th scope="row">To</th><td dir="auto">Ingrid Solheim (Enterprise AE)</td>' in drawn
    assert "<b>Company</b>: **Bold** | [x](javascript:alert(1)) &lt;script&gt;alert(1)&lt;/script&gt; # Head" in drawn
    assert "<script" not in drawn
    assert "<a " not in drawn
    assert "\\" not in drawn, "what was escaped for Markdown is itself again"


@pytest.mark.parametrize(
    ("end", "heading", "reason"),
    [
        ("reject", "Handoff Returned ↩", "Ingrid Solheim returned it: qualification is incomplete. Who signs?"),
        ("withdraw", "Handoff Withdrawn ✖", "Its trigger was wrong, so it ended without an outcome. Who signs?"),
    ],
)
def test_a_returned_or_withdrawn_handoff_says_so(
    end: str, heading: str, reason: str, firm: Company, give: Give, sign_in: SignIn
) -> None:
    handoff = give()
    if end == "reject":
        pipeline.reject(handoff, reason="incomplete", comment="Who signs?", actor="user:1", now=NOW)
    else:
        pipeline.withdraw(handoff, reason="Who signs?", actor="user:1", now=NOW)

    said = words(sign_in("dana").get(f"/handoffs/{handoff.reference}/response/"))

    assert heading in said
    assert reason in said
    assert "Handoff Complete" not in said
    assert "SLA timer stopped" in said
    assert "Next Steps for Dana" in said
