"""Every refusal of the API, in one shape: a problem document as in RFC 9457.

400 means that the request itself is wrong, whatever is in the database: it is no JSON, a field is missing or has the
wrong type, a parameter is unknown. 422 means that it was understood, but names something that is not there or cannot
be. 409 means that it could be, were the handoff in another state or version.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from rest_framework import exceptions

from handoffs.connectors.ports import ConnectorError
from handoffs.models import Handoff
from handoffs.states import BadValueError, RefusedError

log = logging.getLogger(__name__)

PREFIX = "/api/"
MEDIA_TYPE = "application/problem+json"
TRY_AGAIN_SECONDS = 5

TITLES: Mapping[str, tuple[int, str]] = {
    "unreadable": (400, "The request cannot be read"),
    "invalid": (400, "The request is not valid"),
    "unauthenticated": (401, "Nobody is signed in"),
    "forbidden": (403, "You may not do this"),
    "not-found": (404, "There is nothing here that you can see"),
    "method-not-allowed": (405, "This address does not take that method"),
    "not-acceptable": (406, "There is no answer in that format"),
    "conflict": (409, "The handoff does not allow it now"),
    "in-progress": (409, "The same request is being worked on"),
    "too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "The body is not JSON"),
    "unprocessable": (422, "The request cannot be carried out"),
    "key-reused": (422, "The idempotency key belongs to another request"),
    "throttled": (429, "Too many requests"),
    "failed": (500, "Something went wrong on our side"),
    "unavailable": (503, "Something that is needed does not answer"),
}
"""The kinds of problems: the last part of their `type`, with status and title."""

_OF_DRF: Mapping[type[exceptions.APIException], str] = {
    exceptions.ParseError: "unreadable",
    exceptions.ValidationError: "invalid",
    exceptions.NotAuthenticated: "unauthenticated",
    exceptions.AuthenticationFailed: "unauthenticated",
    exceptions.PermissionDenied: "forbidden",
    exceptions.NotFound: "not-found",
    exceptions.MethodNotAllowed: "method-not-allowed",
    exceptions.NotAcceptable: "not-acceptable",
    exceptions.UnsupportedMediaType: "unsupported-media-type",
    exceptions.Throttled: "throttled",
}


class ProblemError(Exception):
    """A refusal of the API's own: `kind` is one of TITLES, `errors` points into the request, `more` is added as is."""

    def __init__(self, kind: str, detail: str, *, errors: list[dict[str, str]] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.kind = kind
        self.errors = errors
        self.more = more


class ParameterError(exceptions.ValidationError):
    """Parameters of the query that are wrong: a mapping of their names to sentences."""


def answer(error: Exception, context: Mapping[str, Any]) -> HttpResponseBase:
    """What DRF answers when a view raised: a problem, and never the words of an exception that is not ours."""
    request = context["request"]
    if isinstance(error, ProblemError):
        return problem(request, error.kind, str(error), errors=error.errors, **error.more)
    if isinstance(error, exceptions.APIException):
        return _of_drf(request, error)
    if isinstance(error, Http404):
        return problem(request, "not-found", "The address is wrong, or it belongs to people whose work you do not see.")
    if isinstance(error, PermissionDenied):
        return problem(request, "forbidden", "Your account lacks the right for this.")
    if isinstance(error, RefusedError):
        kind = "unprocessable" if isinstance(error, BadValueError) else "conflict"
        return problem(request, kind, str(error), **_where_it_stands(context))
    if isinstance(error, ConnectorError):
        # What an outside system refused for good cannot be sent again as it is.
        return problem(request, "unprocessable" if error.permanent else "unavailable", str(error))
    reference = secrets.token_hex(4)
    log.error("%s %s failed, reference %s", request.method, request.path, reference, exc_info=error)
    if isinstance(error, InterfaceError | OperationalError):
        detail = "The database does not answer. Nothing was changed: try again in a moment."
        return problem(request, "unavailable", detail, reference=reference)
    return problem(
        request,
        "failed",
        "The answer could not be made. Look whether the change was made before you send it again.",
        reference=reference,
    )


def problem(
    request: HttpRequest, kind: str, detail: str, *, errors: list[dict[str, str]] | None = None, **more: Any
) -> JsonResponse:
    """The document of one problem; `more` are further members."""
    status, title = TITLES[kind]
    body = {
        "type": f"urn:handoffs:problem:{kind}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
        **({"errors": errors} if errors else {}),
        **more,
    }
    headers = {"Retry-After": str(TRY_AGAIN_SECONDS)} if kind in {"in-progress", "unavailable"} else {}
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE, headers=headers)


def _of_drf(request: HttpRequest, error: exceptions.APIException) -> JsonResponse:
    kind = next((kind for known, kind in _OF_DRF.items() if isinstance(error, known)), "failed")
    if isinstance(error, exceptions.ValidationError):
        errors = list(pointed(error.detail))
        if isinstance(error, ParameterError):
            errors = [{"parameter": each["pointer"][2:], "detail": each["detail"]} for each in errors]
        found = f"{len(errors)} things are" if len(errors) != 1 else "One thing is"
        response = problem(request, kind, f"{found} wrong with the request: see errors.", errors=errors)
    else:
        response = problem(request, kind, _said(request, error))
    header = getattr(error, "auth_header", None)
    if header:
        response.headers["WWW-Authenticate"] = header
    wait = getattr(error, "wait", None)
    if wait:
        response.headers["Retry-After"] = str(int(wait) + 1)
    return response


def _said(request: HttpRequest, error: exceptions.APIException) -> str:
    """Our own sentence where the framework has one of its own; what we wrote ourselves as it is."""
    match error:
        case exceptions.NotAuthenticated():
            return "Sign in, or send a token as `Authorization: Bearer <token>`."
        case exceptions.PermissionDenied() if str(error.detail).startswith("CSRF"):
            return (
                "A signed-in browser sends its CSRF token in `X-CSRFToken`. Load a page for one, or call with a token."
            )
        case exceptions.MethodNotAllowed():
            return f"{request.method} cannot be done here. The header Allow says what can."
        case exceptions.NotAcceptable():
            return "There is no answer in the format that Accept names. Ask for application/json."
        case exceptions.UnsupportedMediaType():
            return "A body is JSON. Send it with `Content-Type: application/json`."
        case exceptions.Throttled():
            wait = int(getattr(error, "wait", None) or 0) + 1
            return f"You called too often in the last minute. Call again in {wait} seconds."
    return str(error.detail)


def pointed(detail: Any, at: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
    """The sentences of a validation error, each with the JSON pointer of what it is about."""
    if isinstance(detail, Mapping):
        for name, below in detail.items():
            yield from pointed(below, at if name == "non_field_errors" else (*at, str(name)))
    elif isinstance(detail, list | tuple):
        for place, below in enumerate(detail):
            yield from pointed(below, (*at, str(place)) if isinstance(below, Mapping) else at)
    else:
        steps = (step.replace("~", "~0").replace("/", "~1") for step in at)
        yield {"pointer": "#" + "".join(f"/{step}" for step in steps), "detail": str(detail)}


def _where_it_stands(context: Mapping[str, Any]) -> dict[str, Any]:
    """State and version of the handoff that a verb was refused for, as they are now."""
    row = getattr(context.get("view"), "handoff", None)
    now_is = Handoff.objects.filter(pk=row.pk).values("state", "version").first() if row is not None else None
    return {"current": now_is} if now_is else {}
