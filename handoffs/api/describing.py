"""The description of the API as a whole: how callers say who they are, and the page to try it on."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularJSONAPIView

from handoffs.views.page import methods, page, signed_in

ABOUT = """Start handoffs, follow them, and do to them whatever their people do on the pages.

**Who you are.** Send `Authorization: Bearer <token>`; an administrator of the server issues one with
`manage.py issue_api_token E-MAIL`. You see and may do what that person sees and may do. A signed-in browser may call as
well, with the CSRF token in `X-CSRFToken` for every change.

**Changes** take the `version` you decided on, in the body or as `If-Match`, and are refused with 409 if the handoff has
changed since. A change that was refused changed nothing.

**Refusals** are problem documents (RFC 9457). 400: the request itself is wrong, whatever is in the database. 401:
nobody is signed in. 403: you see it but may not do this. 404: there is nothing that you can see. 409: its state or
version does not allow it. 422: the request was understood, but names something that is not there or cannot be. 429:
wait as long as `Retry-After` says.

**Values.** Instants are RFC 3339 with a zone, answered in UTC; in an address the + of a zone is written as
%2B. Money is a decimal in a string beside its currency. A body is a JSON object of at most 256 KB; fields and
parameters that are not known are refused."""


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a description names our tokens."""

    target_class = "handoffs.api.guards.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "From `manage.py issue_api_token E-MAIL`"}


class SchemaView(SpectacularJSONAPIView):
    """The description, as OpenAPI 3 in JSON, for whoever is signed in."""

    http_method_names = ["get", "head"]


@methods("GET", "HEAD")
@signed_in
def docs(request: HttpRequest) -> HttpResponse:
    """The page that shows the description and lets one try it, from our own files."""
    return page(request, "api_docs.html", {"schema": reverse("schema")})


def complete(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Says what the API is, and of every body what the views do: a field that is not known is refused."""
    result["info"]["description"] = ABOUT
    components = result["components"]["schemas"]
    for path in result["paths"].values():
        for operation in path.values():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                named = media["schema"].get("$ref", "").rpartition("/")[2]
                if named:
                    components[named]["additionalProperties"] = False
    return result
