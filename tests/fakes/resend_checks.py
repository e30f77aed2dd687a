"""What Resend refuses in a mail, and how a template becomes one."""

from __future__ import annotations

import re
from html import escape
from typing import Any, NamedTuple

ADDRESS = re.compile(r"(?:[^<>\r\n@]+<\s*[^\s<>@,]+@[^\s<>@,]+\.[^\s<>@,]+\s*>|[^\s<>@,]+@[^\s<>@,]+\.[^\s<>@,]+)")
VARIABLE_NAME = re.compile(r"[A-Za-z0-9_]{1,50}")
RESERVED = frozenset({"FIRST_NAME", "LAST_NAME", "EMAIL", "UNSUBSCRIBE_URL"})
MAX_VARIABLE = 2000
MAX_RECIPIENTS = 50


class Refusal(NamedTuple):
    """A failing answer."""

    status: int
    name: str
    message: str


def checked(body: dict[str, Any], *, templates: dict[str, list[str]]) -> dict[str, Any] | Refusal:
    """The mail that goes out (from, to, subject, html, text, template), or why none does."""
    if "_unreadable" in body:
        return _invalid("The request body is not valid JSON.")
    recipients = body.get("to")
    recipients = [recipients] if isinstance(recipients, str) else recipients
    if not body.get("from") or not recipients:
        missing = "from" if not body.get("from") else "to"
        return Refusal(422, "missing_required_field", f"Missing `{missing}` field.")
    if not ADDRESS.fullmatch(str(body["from"])):
        return _invalid("Invalid `from` field. Use `email@example.com` or `Name <email@example.com>`.")
    if not isinstance(recipients, list) or len(recipients) > MAX_RECIPIENTS:
        return _invalid("Invalid `to` field. It takes a list of up to 50 addresses.")
    if not all(isinstance(one, str) and ADDRESS.fullmatch(one) for one in recipients):
        return _invalid("Invalid `to` field. Use `email@example.com` or `Name <email@example.com>`.")
    content = _from_template(body, templates) if "template" in body else _written(body)
    return content if isinstance(content, Refusal) else {"from": body["from"], "to": recipients, **content}


def _written(body: dict[str, Any]) -> dict[str, Any] | Refusal:
    subject = str(body.get("subject") or "")
    if not subject:
        return Refusal(422, "missing_required_field", "Missing `subject` field.")
    if "\n" in subject or "\r" in subject:
        return _invalid("A line break is not allowed in the `subject` field.")
    if not body.get("html") and not body.get("text"):
        return Refusal(422, "missing_required_field", "Missing `html` or `text` field.")
    return {"subject": subject, "html": body.get("html") or "", "text": body.get("text") or ""}


def _from_template(body: dict[str, Any], templates: dict[str, list[str]]) -> dict[str, Any] | Refusal:
    if body.get("html") or body.get("text"):
        return _invalid("`html` and `text` cannot be used with `template`.")
    template = body["template"] if isinstance(body["template"], dict) else {}
    identity, variables = str(template.get("id", "")), template.get("variables") or {}
    wanted = templates.get(identity)
    if wanted is None:
        return Refusal(404, "not_found", "Template not found")
    for name, value in variables.items():
        if not VARIABLE_NAME.fullmatch(name) or name in RESERVED:
            return _invalid(f"Invalid template variable name `{name}`.")
        if not isinstance(value, str | int | float) or len(str(value)) > MAX_VARIABLE:
            return _invalid(f"Template variable `{name}` takes up to {MAX_VARIABLE} characters.")
    missing = [name for name in wanted if name not in variables]
    if missing:
        return _invalid(f"Missing template variables: {', '.join(missing)}.")
    return _rendered(identity, {name: str(value) for name, value in variables.items()})


def _rendered(identity: str, variables: dict[str, str]) -> dict[str, Any]:
    """Values go in as they are, as Resend does it: whoever sends markup gets markup."""
    subject = f"New {variables.get('handoff_type', identity)} handoff: {variables.get('account_name', '')}"
    html = "".join(f"<h2>{escape(name)}</h2><p>{value}</p>" for name, value in variables.items())
    text = "\n\n".join(f"{name}: {value}" for name, value in variables.items())
    return {"subject": subject, "html": html, "text": text, "template": identity, "variables": variables}


def _invalid(message: str) -> Refusal:
    return Refusal(422, "validation_error", message)
