"""The description of each operation: words, parameters, answers and refusals, each with an example."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import django_filters
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_serializer,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers

from handoffs.api import examples
from handoffs.api.fields import UUID_PATTERN
from handoffs.api.filters import AccountFilter, HandoffFilter, InstantFilter, RepFilter, YesNoFilter
from handoffs.api.idempotency import HEADER
from handoffs.api.operations import DETAILS, ERRORS, EVERYWHERE, VERBS, WORDS, WRITING
from handoffs.api.packages import PACKAGE, RESPONSE
from handoffs.api.paging import LEAST, MOST, USUAL
from handoffs.api.problems import MEDIA_TYPE, TITLES
from handoffs.api.shapes import AccountShape, EventShape, HandoffShape, RepShape

Method = TypeVar("Method", bound=Callable[..., Any])
View = TypeVar("View", bound=type)

SAID = {"type": "string", "minLength": 1}
_PATHS = {
    "handoff": OpenApiParameter(
        "handoff",
        {"type": "string", "minLength": 1},
        OpenApiParameter.PATH,
        description="Its uuid, or its number such as HO-300",
        examples=[OpenApiExample("number", "HO-300"), OpenApiExample("uuid", examples.HANDOFF_UUID)],
    ),
    "key": OpenApiParameter(
        "key",
        {"type": "string", "minLength": 1},
        OpenApiParameter.PATH,
        description="The key of a gap",
        examples=[OpenApiExample("budget", "qualification.budget")],
    ),
    "account": OpenApiParameter(
        "account",
        {"type": "string", "format": "uuid"},
        OpenApiParameter.PATH,
        examples=[OpenApiExample("uuid", examples.ACCOUNT["uuid"])],
    ),
    "rep": OpenApiParameter(
        "rep",
        {"type": "string", "format": "uuid"},
        OpenApiParameter.PATH,
        examples=[OpenApiExample("uuid", examples.REP["uuid"])],
    ),
}
_IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": r'^("[1-9][0-9]{0,8}"|\*)$'},
    OpenApiParameter.HEADER,
    description="The `ETag` you decided on; 409 if it has changed since",
)
_KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[\x21-\x7e]{1,200}$"},
    OpenApiParameter.HEADER,
    description="A key of your own for this request, such as a UUID. Keys of different people never meet.",
)


@extend_schema_serializer(component_name="ProblemError")
class ErrorShape(serializers.Serializer[Any]):
    """One thing that is wrong, and where: in the body, the query or a header."""

    pointer = serializers.CharField(required=False, help_text="JSON pointer into the body, e.g. #/reason")
    parameter = serializers.CharField(required=False, help_text="A parameter of the query")
    header = serializers.CharField(required=False, help_text="A header")
    detail = serializers.CharField()


@extend_schema_serializer(component_name="ProblemCurrent")
class CurrentShape(serializers.Serializer[Any]):
    """Where the handoff stands now."""

    state = serializers.CharField()
    version = serializers.IntegerField()


@extend_schema_serializer(component_name="Problem")
class ProblemShape(serializers.Serializer[Any]):
    """A refusal, as in RFC 9457."""

    type = serializers.CharField(help_text=f"urn:handoffs:problem: and one of {', '.join(TITLES)}")
    title = serializers.CharField(help_text="The kind of problem in a few words")
    status = serializers.IntegerField(help_text="The status of the answer")
    detail = serializers.CharField(help_text="What happened and the way out, for people")
    instance = serializers.CharField(help_text="The address that was asked")
    errors = ErrorShape(many=True, required=False)  # type: ignore[assignment]  # a member of the document
    current = CurrentShape(required=False, help_text="With a conflict: where the handoff stands now")
    reference = serializers.CharField(required=False, help_text="With our own failures: what the log names it")


def describe(name: str, asked: type[serializers.Serializer[Any]] | None = None) -> Callable[[Method], Method]:
    """Documents the operation of that name; `asked` is the serializer of its body."""
    tag, summary, description = WORDS[name]
    if asked is not None:
        asked = _named(asked, name)
    shape, headers = _ANSWERS.get(name, (HandoffShape, ("ETag",)))
    statuses = [200, 201] if name == "start_handoff" else [200]
    told: dict[Any, Any] = {}
    for status in statuses:
        sentence = {200: "The one that was there already", 201: "A new one"}[status] if len(statuses) > 1 else summary
        told[status] = OpenApiResponse(shape, description=sentence)
    if name == "read_response":
        told = {(200, "application/json"): told[200], (200, "text/markdown"): OpenApiResponse(str)}
    problems = _problems(name)
    return extend_schema(
        operation_id=name,
        tags=[tag],
        summary=summary,
        description=description or summary,
        request=asked,
        parameters=[*_parameters(name), *_headers(headers, statuses)],
        responses=told | {(TITLES[kinds[0]][0], MEDIA_TYPE): _refusal(kinds) for kinds in problems},
        examples=[*_examples(name, statuses), *_refused(problems)],
    )


def describe_verb(name: str) -> Callable[[View], View]:
    """Documents the view of a verb."""

    def described(view: View) -> View:
        asked = view.Input  # type: ignore[attr-defined]
        return extend_schema_view(post=describe(name, asked))(view)

    return described


def _named(asked: type[serializers.Serializer[Any]], name: str) -> type[serializers.Serializer[Any]]:
    """The serializer under a name of its own; one that several operations share keeps its own name."""
    if asked.__name__ == "Change":
        return asked
    return extend_schema_serializer(component_name="".join(map(str.capitalize, name.split("_"))))(asked)


def _page(name: str, shape: type[serializers.Serializer[Any]]) -> Any:
    nexts = serializers.URLField(allow_null=True, help_text="The address of the next page; null on the last one")
    return inline_serializer(name, {"results": shape(many=True), "next": nexts})


_ANSWERS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "start_handoff": (HandoffShape, ("ETag", "Location", "Idempotent-Replayed")),
    "list_handoffs": (_page("HandoffPage", HandoffShape), ()),
    "read_package": (PACKAGE, ("Package-Version",)),
    "read_response": (RESPONSE, ()),
    "list_events": (inline_serializer("Log", {"results": EventShape(many=True)}), ()),
    "list_accounts": (_page("AccountPage", AccountShape), ()),
    "read_account": (AccountShape, ()),
    "list_reps": (_page("RepPage", RepShape), ()),
    "read_rep": (RepShape, ()),
}
_HEADER_WORDS = {
    "ETag": "The version in quotation marks, for `If-Match`",
    "Location": "The address of the handoff in the API",
    "Idempotent-Replayed": "`true` on an answer that was kept",
    "Package-Version": "The number of the version",
}
_LISTS: dict[str, tuple[type[django_filters.FilterSet], Sequence[str]]] = {
    "list_handoffs": (HandoffFilter, ("-received_at", "received_at", "deadline_at")),
    "list_accounts": (AccountFilter, ("name", "-name")),
    "list_reps": (RepFilter, ("first_name", "-first_name")),
}


def _parameters(name: str) -> Iterable[OpenApiParameter]:
    if name in _LISTS:
        filters, orderings = _LISTS[name]
        yield from (_filter(key, each) for key, each in filters.base_filters.items())
        limit = {"type": "integer", "minimum": LEAST, "maximum": MOST, "default": USUAL}
        yield OpenApiParameter("limit", limit, description="Rows on a page")
        order = {"type": "string", "enum": list(orderings), "default": orderings[0]}
        yield OpenApiParameter("ordering", order, description="What comes first")
        yield OpenApiParameter("cursor", SAID, description="Where the page begins, from `next`; opaque")
    elif name in {"read_account", "read_rep"}:
        yield _PATHS[name.removeprefix("read_")]
    elif name != "start_handoff":
        yield _PATHS["handoff"]
    if name == "start_handoff":
        yield _KEY
    elif WORDS[name][0] == VERBS:
        yield _IF_MATCH
    if name == "fill_gap":
        yield _PATHS["key"]
    if name == "read_package":
        number = {"type": "integer", "minimum": 1, "maximum": 99_999_999}
        yield OpenApiParameter("number", number, description="An older version; the present one, if left out")


def _filter(name: str, each: django_filters.Filter) -> OpenApiParameter:
    said = each.extra.get("help_text", "")
    if isinstance(each, InstantFilter):
        return OpenApiParameter(name, {"type": "string", "format": "date-time"}, description=said)
    if isinstance(each, YesNoFilter):
        return OpenApiParameter(name, {"type": "boolean"}, description=said)
    if isinstance(each, django_filters.MultipleChoiceFilter | django_filters.ChoiceFilter):
        many = isinstance(each, django_filters.MultipleChoiceFilter)
        words = [str(value) for value, _ in each.extra["choices"]]
        return OpenApiParameter(name, str, enum=words, many=many, description=said)
    if name == "owner":
        return OpenApiParameter(name, SAID | {"pattern": f"^(me|{UUID_PATTERN})$"}, description=said)
    return OpenApiParameter(name, SAID, description=said)


def _headers(names: Iterable[str], statuses: list[int]) -> Iterable[OpenApiParameter]:
    for name in names:
        yield OpenApiParameter(name, str, OpenApiParameter.HEADER, description=_HEADER_WORDS[name], response=statuses)


def _problems(name: str) -> list[list[str]]:
    """The kinds of problems of an operation, those of one status together."""
    kinds = list(EVERYWHERE)
    if name in examples.REQUESTS:
        kinds += ["unreadable", *WRITING]
    else:
        kinds.append("invalid")
    if name == "start_handoff":
        kinds += ["in-progress", "key-reused"]
    elif name not in _LISTS:
        kinds.append("not-found")
    if name == "read_response":
        kinds.append("conflict")
    by_status: dict[int, list[str]] = {}
    for kind in kinds:
        by_status.setdefault(TITLES[kind][0], []).append(kind)
    return [by_status[status] for status in sorted(by_status)]


def _refusal(kinds: list[str]) -> OpenApiResponse:
    return OpenApiResponse(ProblemShape, description="; ".join(TITLES[kind][1] for kind in kinds))


def _examples(name: str, statuses: list[int]) -> Iterable[OpenApiExample]:
    if name in examples.REQUESTS:
        yield OpenApiExample("Request", examples.REQUESTS[name], request_only=True)
    if name == "read_response":
        document = examples.ANSWERS[name]["handoff_complete"]
        yield OpenApiExample("Document", document, response_only=True, status_codes=["200"], media_type="text/markdown")
    for status in statuses:
        yield OpenApiExample(f"Answer {status}", examples.ANSWERS[name], response_only=True, status_codes=[str(status)])


def _refused(problems: list[list[str]]) -> Iterable[OpenApiExample]:
    for kind in (kind for kinds in problems for kind in kinds):
        status, title = TITLES[kind]
        more: dict[str, Any] = {"errors": ERRORS[kind]} if kind in ERRORS else {}
        if kind == "conflict":
            more["current"] = {"state": "contacted", "version": 5}
        if kind in {"failed", "unavailable"}:
            more["reference"] = "9f3c2a10"
        value = {
            "type": f"urn:handoffs:problem:{kind}",
            "title": title,
            "status": status,
            "detail": DETAILS.get(kind, f"{title}."),
            "instance": "/api/v1/handoffs/",
        }
        yield OpenApiExample(title, value | more, response_only=True, status_codes=[str(status)], media_type=MEDIA_TYPE)
