"""What may leave in a message: clean text, text of a bounded length, links to hosts we were configured with.

Names, titles and notes come from CRMs and web forms, so they are taken for hostile. Escaping is the business
of each channel; here goes only what no channel can use.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.conf import settings

# Control characters (tab and line feed stay), and the marks that turn the direction of text around: with them
# a name can be made to read as another.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_SPACE = re.compile(r"\s+")
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def clean(text: str) -> str:
    """The text without control characters and without space at its ends; CR LF and CR become LF."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def one_line(text: str) -> str:
    """`clean` on a single line: what a subject, a header or a heading may hold."""
    return _SPACE.sub(" ", clean(text)).strip()


def cut(text: str, *, limit: int) -> str:
    """At most `limit` characters, the last one an ellipsis if something was cut away."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def safe_link(url: str) -> str:
    """The address if a message may link to it, else "".

    That is: https on the host of SITE_URL or CRM_RECORD_URL, or the very scheme and host of SITE_URL, which
    is plain http in the demo. No user name, no control character, no other scheme.
    """
    try:
        parts, site, crm = urlsplit(url), urlsplit(settings.SITE_URL), urlsplit(settings.CRM_RECORD_URL)
        if parts.username is not None or url != clean(url) or re.search(r"[\s\\<>\"]", url):
            return ""
        if parts.scheme == site.scheme and parts.netloc == site.netloc and parts.scheme in {"http", "https"}:
            return url
        known = {host for host in (site.hostname, crm.hostname) if host}
        return url if parts.scheme == "https" and parts.hostname in known and parts.port in {None, 443} else ""
    except ValueError:
        return ""
