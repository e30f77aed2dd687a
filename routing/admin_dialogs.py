"""Buttons of the admin that ask first. The theme shows the question in a dialog; opened in a tab of its own, or sent
where no script runs, it is a page like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import mark_safe

from routing.admin_base import BaseDialogForm, action


def asked_first(
    name: str,
    *,
    title: str,
    text: str,
    icon: str,
    permission: str,
    form: type[BaseDialogForm] = BaseDialogForm,
    button: str = "",
) -> Callable[[Callable[..., HttpResponse]], Any]:
    """The theme's `action` with a dialog, and with a frame around it where it is not shown in one.

    `title` is the question, `text` what comes of it; the button that does it bears the name of the action unless
    `button` says otherwise.
    """
    dialog = {"title": title, "description": text, "form_class": form, "form_submit_text": button or name}
    options: dict[str, Any] = {"description": name, "icon": icon, "permissions": [permission]}

    def decorate(do: Callable[..., HttpResponse]) -> Any:
        ask = action(dialog=dialog, **options)(do)

        @wraps(ask)
        def inner(model_admin: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            answer: HttpResponse = ask(model_admin, request, *args, **kwargs)
            if request.headers.get("HX-Request") == "true" or answer.status_code != 200:
                return answer
            question = mark_safe(answer.content.decode())  # noqa: S308  # the theme's markup, which has escaped all words
            context = {
                **model_admin.admin_site.each_context(request),
                "title": title,
                "opts": model_admin.opts,
                "question": question,
            }
            return TemplateResponse(request, "admin/dialog_page.html", context)

        return inner

    return decorate
