"""CSV and XLSX in and out: checked like a form, all or nothing, and harmless in a spreadsheet."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from openpyxl import load_workbook

from handoffs.models import Account, Contact, Deal
from routing.models import Rep
from tests import factories
from tests.admin.pages import address, fields_of
from tests.admin.worlds import signed_in

pytestmark = pytest.mark.django_db

CSV, XLSX = "0", "1"


@pytest.fixture
def boss() -> Client:
    return signed_in()


def upload(client: Client, model: type[Any], text: str) -> HttpResponse:
    """Sends a CSV and shows what would change; nothing is written yet."""
    sheet = SimpleUploadedFile("sheet.csv", text.encode(), content_type="text/csv")
    return client.post(address(model, "import"), {"format": CSV, "import_file": sheet})


def confirm(client: Client, model: type[Any], shown: HttpResponse) -> HttpResponse:
    where = address(model, "import").replace("import/", "process_import/")
    return client.post(where, fields_of(shown), follow=True)


def complaints(shown: HttpResponse) -> str:
    result = shown.context["result"]
    broken = [str(error.error) for _line, errors in result.row_errors() for error in errors]
    return " ".join([*broken, *(str(row.error) for row in result.invalid_rows)])


def download(client: Client, model: type[Any], kind: str) -> bytes:
    asked = client.get(address(model, "export"))
    ticked = {
        name: "on" for name in asked.context["form"].fields if name.startswith(model.__name__.lower() + "resource_")
    }
    return client.post(address(model, "export"), {"format": kind, "resource": "0", **ticked}).content


def test_people_are_added_and_changed_by_their_e_mail_address(boss: Client):
    factories.TeamFactory.create(code="cs")
    known = factories.RepFactory.create(email="kofi@fathomline.example", job_title="CSM")
    text = (
        "email,first_name,last_name,team,function,time_zone,job_title\n"
        "kofi@fathomline.example,Kofi,Mensah,cs,csm,Africa/Accra,Team lead\n"
        "noor@fathomline.example,Noor,Haddad,cs,csm,Europe/Oslo,CSM\n"
    )
    shown = upload(boss, Rep, text)
    assert Rep.objects.count() == 1, "showing what would change writes nothing"
    assert confirm(boss, Rep, shown).status_code == 200
    known.refresh_from_db()
    assert (known.job_title, known.team.code) == ("Team lead", "cs")
    assert Rep.objects.get(email="noor@fathomline.example").time_zone == "Europe/Oslo"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("bad,Kofi,cs,csm,UTC", "Enter a valid email address."),
        ("kofi@fathomline.example,Kofi,cs,csm,Mars", "“Mars” is not a time zone."),
        ("kofi@fathomline.example,Kofi,moon,csm,UTC", "There is no team with code “moon”. Correct it"),
        ("kofi@fathomline.example,Kofi,cs,pilot,UTC", "Value 'pilot' is not a valid choice."),
    ],
)
def test_a_line_that_cannot_be_is_named_and_nothing_of_the_sheet_is_kept(boss: Client, line: str, sentence: str):
    factories.TeamFactory.create(code="cs")
    good = "noor@fathomline.example,Noor,cs,csm,UTC"
    shown = upload(boss, Rep, f"email,first_name,team,function,time_zone\n{good}\n{line}\n")
    assert sentence in complaints(shown)
    assert "confirm_form" not in shown.context or shown.context.get("confirm_form") is None
    assert not Rep.objects.exists()


def test_the_crm_is_filled_from_sheets_that_name_one_another(boss: Client):
    owner = factories.RepFactory.create(email="ingrid@fathomline.example")
    confirm(boss, Account, upload(boss, Account, f"crm_id,name,country,owner\nA-1,Halvorsen,NO,{owner.email}\n"))
    confirm(boss, Contact, upload(boss, Contact, "crm_id,account,last_name,email\nC-1,A-1,Nygaard,astrid@h.example\n"))
    confirm(boss, Deal, upload(boss, Deal, "crm_id,account,name,amount,currency\nD-1,A-1,Observe,240000,USD\n"))
    account = Account.objects.get(crm_id="A-1")
    assert account.owner == owner
    assert account.contacts.get().email == "astrid@h.example"
    assert account.deals.get().amount == 240000


def test_an_export_is_harmless_in_a_spreadsheet(boss: Client):
    factories.AccountFactory.create(name='=HYPERLINK("https://evil.example")', crm_id="A-1")
    text = download(boss, Account, CSV).decode()
    assert "=HYPERLINK" not in text
    assert "A-1" in text
    cells = [cell.value for row in load_workbook(BytesIO(download(boss, Account, XLSX))).active for cell in row]
    assert not any(str(value).startswith("=") for value in cells)
    assert "A-1" in cells


def test_an_auditor_takes_lists_out_and_puts_nothing_in():
    auditor = signed_in(group="auditor")
    factories.RepFactory.create(email="kofi@fathomline.example")
    assert b"kofi@fathomline.example" in download(auditor, Rep, CSV)
    assert auditor.get(address(Rep, "import")).status_code == 403
    assert upload(auditor, Rep, "email\nx@y.example\n").status_code == 403
    where = address(Rep, "import").replace("import/", "process_import/")
    assert auditor.post(where, {}).status_code == 403
    assert "import/" not in auditor.get(address(Rep, "changelist")).content.decode()
