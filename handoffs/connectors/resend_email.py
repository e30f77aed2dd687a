"""Resend: mail from templates kept there, or written by us, through the `resend` SDK and our own door.

Every send carries an idempotency key: within a day the same key and content send nothing twice. Resend puts
template variables into the mail as they are, so nothing that could become markup is left in them.

See https://resend.com/docs/api-reference/emails/send-email and .../errors.
"""

from __future__ import annotations

import hashlib
import json as jsonlib
import logging
import re
from collections.abc import Mapping
from html import escape
from typing import Any

import resend
from django.conf import settings
from resend.exceptions import ResendError
from resend.http_client import HTTPClient

from handoffs.connectors.http import TEMPORARY, Door, retry_after
from handoffs.connectors.outgoing import clean, cut, one_line, safe_link
from handoffs.connectors.ports import ConnectorError

logger = logging.getLogger(__name__)

KEY_LIMIT = 256
VARIABLE_LIMIT = 2000
SUBJECT_LIMIT = 200
PLAIN = "/plain"
LINKED = "summary"
"""The variable that the links end."""

_BRACES = re.compile(r"\{(?=\{)|\}(?=\})")
_LOOK_ALIKES = str.maketrans(
    {
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
    }
)


class ResendEmail:
    """The e-mail connector. Reads RESEND_API_URL and RESEND_API_KEY."""

    def __init__(self) -> None:
        if not settings.RESEND_API_KEY:
            raise ConnectorError(
                "RESEND_API_KEY is not set, so no mail can be sent: put the key of a Resend account there.",
                permanent=True,
            )
        # The SDK keeps its settings in its own module; they are the same for every instance of a process.
        resend.api_key = settings.RESEND_API_KEY
        resend.api_url = settings.RESEND_API_URL.rstrip("/")
        resend.default_http_client = _ThroughTheDoor(
            Door(system="Resend", base_url=settings.RESEND_API_URL, setting="RESEND_API_URL")
        )

    def send_template(
        self,
        *,
        template_id: str,
        sender: str,
        to: list[str],
        variables: Mapping[str, str],
        key: str,
        links: Mapping[str, str],
    ) -> str:
        """Send the template kept at Resend; returns Resend's id of the mail. Raises ConnectorError.

        `links` (addresses by their words) are the last lines of the variable `summary`, a line each.

        If Resend cannot use the template (it is unknown, unpublished, or wants other variables), the same
        content goes out once as a plain mail under `key` + "/plain"; the returned id ends in "/plain".
        """
        safe = {words: link for words, address in links.items() if (link := safe_link(address))}
        written = {name: _variable(value) for name, value in variables.items()}
        if LINKED in written:
            written[LINKED] = _linked(variables[LINKED], safe)
        mail = {"from": sender, "to": to, "template": {"id": template_id, "variables": written}}
        try:
            return self._send(mail, key=key)
        except _TemplateUnusableError as error:
            logger.warning("Mail %s goes out plain: Resend cannot use template %s (%s)", key, template_id, error)
        subject, text, html = _plain(variables, safe)
        sent = self.send_plain(sender=sender, to=to, subject=subject, text=text, html=html, key=key + PLAIN)
        return sent + PLAIN

    def send_plain(self, *, sender: str, to: list[str], subject: str, text: str, html: str, key: str) -> str:
        """Send a mail written by us, `html` as given; returns Resend's id. Raises ConnectorError."""
        mail = {
            "from": sender,
            "to": to,
            "subject": cut(one_line(subject), limit=SUBJECT_LIMIT),
            "text": clean(text),
        }
        return self._send({**mail, "html": html} if html else mail, key=key)

    def _send(self, mail: dict[str, Any], *, key: str) -> str:
        addressed = {"from": one_line(mail["from"]), "to": [one_line(address) for address in mail["to"]]}
        params: Any = {**mail, **addressed}
        try:
            sent = resend.Emails.send(params, {"idempotency_key": idempotency_key(key)})
        except ResendError as error:
            raise _connector_error(error, template="template" in mail) from error
        if not sent.get("id"):
            raise ConnectorError("Resend took the mail but did not say under which id.", unknown=True)
        return str(sent["id"])


class _TemplateUnusableError(ConnectorError):
    """Resend refused because of the template, so nothing was sent under this key."""


class _ThroughTheDoor(HTTPClient):
    """The SDK's transport, so that its calls keep our limits."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json: dict[str, object] | list[object] | None = None,
        files: dict[str, Any] | None = None,
        data: dict[str, str] | None = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send JSON through the door; raises ConnectorError, which the SDK wraps."""
        answer = self._door.request(
            method=method.upper(),
            url=url,
            headers={**headers, "content-type": "application/json"},
            content=jsonlib.dumps(json).encode(),
        )
        if answer.status < 400:
            answer.json_object()
        return answer.body, answer.status, answer.headers


def idempotency_key(key: str) -> str:
    """The key as Resend takes it: up to 256 ASCII characters. Others keep their start and get a hash."""
    if key and len(key) <= KEY_LIMIT and key.isascii() and key.isprintable():
        return key
    start = re.sub(r"[^!-~]", "_", key)[: KEY_LIMIT - 65]
    return f"{start}-{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _variable(value: str, *, limit: int = VARIABLE_LIMIT) -> str:
    """Text that no template can take for markup or for a variable of its own; look-alikes stand in."""
    harmless = _BRACES.sub(lambda brace: brace.group() + " ", clean(value).translate(_LOOK_ALIKES))
    return cut(harmless, limit=limit)


def _linked(value: str, links: Mapping[str, str]) -> str:
    """The variable with its links below, which a long text never pushes out."""
    lines = "\n".join(f"{words}: {link}" for words, link in links.items())
    room = VARIABLE_LIMIT - len(lines) - 2
    if not lines or room < 0:
        return _variable(value)
    return f"{_variable(value, limit=room)}\n\n{lines}".lstrip()


def _plain(variables: Mapping[str, str], links: Mapping[str, str]) -> tuple[str, str, str]:
    """Subject, text and HTML of the mail that stands in for a template."""
    about = [one_line(variables.get(name, "")) for name in ("handoff_type", "account_name")]
    subject = "New handoff: " + ", ".join(part for part in about if part) if any(about) else "New handoff"
    parts = [(name.replace("_", " ").capitalize(), clean(value)) for name, value in variables.items() if clean(value)]
    text = "\n\n".join(f"{label}:\n{value}" for label, value in parts)
    html = "".join(f"<p><strong>{escape(label)}</strong>\n{escape(value)}</p>" for label, value in parts)
    for words, link in links.items():
        text += f"\n\n{words}:\n{link}"
        html += f'<p><a href="{escape(link)}">{escape(words)}</a></p>'
    return subject, text, f'<div style="font-family:Arial,sans-serif">{html.replace(chr(10), "<br>")}</div>'


def _connector_error(error: ResendError, *, template: bool) -> ConnectorError:
    """What went wrong, in our terms. What our transport raised comes out again: the SDK only wrapped it."""
    if isinstance(error.__context__, ConnectorError):
        return error.__context__
    status, word = int(error.code), one_line(error.error_type)
    reason = cut(one_line(error.message), limit=200)
    if status in TEMPORARY or status >= 500:
        wait = retry_after({name.lower(): value for name, value in error.headers.items()})
        return ConnectorError(f"Resend cannot do it now (HTTP {status}, {word}).", retry_after=wait)
    if word == "concurrent_idempotent_requests":
        return ConnectorError("Resend is still working on an earlier attempt to send this mail.")
    if word == "invalid_idempotent_request":
        return ConnectorError(
            "Resend has already taken a mail with other content under this key: this one is not sent.",
            permanent=True,
        )
    if status in {401, 403} and word != "validation_error":
        return ConnectorError(
            f"Resend refused the API key ({word}): put a valid one into RESEND_API_KEY.", permanent=True
        )
    # Resend has no error name for this: an unknown template is a 404, an unusable one an error that says so.
    if template and (status == 404 or re.search(r"\b(template|variable)s?\b", reason, re.IGNORECASE)):
        return _TemplateUnusableError(reason, permanent=True)
    return ConnectorError(f"Resend refused the mail (HTTP {status}): {reason}", permanent=True)
