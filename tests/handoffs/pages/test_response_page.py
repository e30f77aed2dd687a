from handoffs.models import Handoff, State
from routing.models import HandoffType
from tests.factories import AccountFactory, Company, HandoffFactory
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
