"""Filling in the admin's forms the way a browser does: every field as the page shows it, except what somebody types."""

from html.parser import HTMLParser
from typing import Any

from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse


class _Fields(HTMLParser):
    """Collects what a browser would send for the page's forms."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "input" and name and "disabled" not in given:
            if given.get("type") in {"checkbox", "radio"}:
                if "checked" in given:
                    self.values[name] = given.get("value") or "on"
            elif given.get("type") not in {"submit", "button", "file", "search"}:
                self.values[name] = given.get("value") or ""
        elif tag == "select" and name:
            self._select = name
            self.values.setdefault(name, "")
        elif tag == "option" and self._select and "selected" in given:
            self.values[self._select] = given.get("value") or ""
        elif tag == "textarea" and name:
            self._area = name
            self.values[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            # The parser keeps the newline that browsers drop after the opening tag.
            self.values[self._area] = self.values[self._area].removeprefix("\n")
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data


def address(row: Model | type[Model], name: str) -> str:
    """The address of a row's page, or of its model's."""
    args = [row.pk] if isinstance(row, Model) and name not in {"add", "changelist"} else []
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=args)


def fields_of(response: HttpResponse) -> dict[str, Any]:
    parser = _Fields()
    parser.feed(response.content.decode())
    return {
        name: value
        for name, value in parser.values.items()
        if name != "csrfmiddlewaretoken" and "__prefix__" not in name
    }


def save(client: Client, row: Model | type[Model], **typed: Any) -> HttpResponse:
    """Opens the page of a row (or of a new one) and sends its form back with `typed` in place of what stood there."""
    where = address(row, "change" if isinstance(row, Model) else "add")
    shown = client.get(where)
    assert shown.status_code == 200
    return client.post(where, fields_of(shown) | {name.replace("__at__", "-"): value for name, value in typed.items()})


def one_new_line(prefix: str, **typed: Any) -> dict[str, Any]:
    """What the page sends when somebody adds one line to an inline that has none."""
    return {f"{prefix}-TOTAL_FORMS": 1} | {f"{prefix}-0-{name}": value for name, value in typed.items()}


def complaints(response: HttpResponse) -> dict[str, list[str]]:
    """What the page complains about, by field; "__all__" for the form as a whole, with every inline's own."""
    assert response.status_code == 200, f"saved, and went on to {response.get('Location')}"
    found = {name: list(errors) for name, errors in response.context["adminform"].form.errors.items()}
    for wrapped in response.context["inline_admin_formsets"]:
        for form in wrapped.formset.forms:
            found |= {f"{form.prefix}-{name}": list(errors) for name, errors in form.errors.items()}
        if wrapped.formset.non_form_errors():
            found.setdefault("__all__", []).extend(wrapped.formset.non_form_errors())
    return found


def act(client: Client, model: type[Model], action: str, *rows: Model) -> list[str]:
    """Runs an action of a list over rows, and returns the sentences it says."""
    response = client.post(
        address(model, "changelist"), {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True
    )
    assert response.status_code == 200
    return [str(message) for message in response.context["messages"]]
