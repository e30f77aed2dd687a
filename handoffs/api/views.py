"""What the views of the API share: who is asking, which handoff is meant, and how a change is answered."""

from __future__ import annotations

import re
from typing import Any, ClassVar, cast

from django.http import Http404
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from handoffs import states
from handoffs.access import may, visible_to
from handoffs.api.fields import Change, uuid_of
from handoffs.api.problems import ParameterError, ProblemError
from handoffs.api.shapes import HandoffShape
from handoffs.models import Handoff
from routing.models import User

_REFERENCE = re.compile(r"[Hh][Oo]-([1-9][0-9]{0,17})")
_VERSION = re.compile(r'"([1-9][0-9]{0,8})"')
_SHOWN = ("account", "deal", "from_rep", "from_team", "team", "owner", "assignment", "package")
_HEAVY = ("account__custom", "account__metadata", "deal__metadata", "package__body", "package__context")


class ApiView(APIView):
    """A view whose reader is signed in, and whose addresses name a handoff by its uuid or number."""

    # OPTIONS is refused, and so it is not offered.
    http_method_names = ["get", "post", "head"]
    single: ClassVar[frozenset[str]] = frozenset()
    """The parameters of the query that may be given once."""
    several: ClassVar[frozenset[str]] = frozenset()
    """Those that may be repeated."""
    handoff: Handoff | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_query(request, once=self.single, often=self.several)

    @property
    def user(self) -> User:
        """Who is asking."""
        return cast(User, self.request.user)

    @property
    def actor(self) -> str:
        """Who the log names, as for the pages."""
        return f"user:{self.user.pk}"

    def find(self, named: str) -> Handoff:
        """The handoff that the address names, if the reader may see it; Http404 otherwise."""
        key = key_of(named)
        found: Handoff | None = shown(visible_to(self.user)).filter(**key).first() if key else None
        if found is None:
            raise Http404
        self.handoff = found
        return found

    def show(self, handoff: Handoff, *, status: int = 200) -> Response:
        """The handoff with its version as entity tag."""
        body = HandoffShape(handoff, context={"request": self.request}).data
        return Response(body, status=status, headers={"ETag": f'"{handoff.version}"'})


class VerbView(ApiView):
    """A verb of the pipeline: seen (404), allowed (403), well-formed (400), then one call (409 or 422 if refused)."""

    verb: ClassVar[str]
    Input: ClassVar[type[Serializer[Any]]] = Change

    def post(self, request: Request, handoff: str, **named: str) -> Response:
        row = self.find(handoff)
        if not may(self.user, self.verb, row):
            raise PermissionDenied(
                f"You see {row.reference}, but this is for others to do. Ask its owner, its sender or RevOps."
            )
        self.check_path(**named)
        body = self.Input(data=request.data)
        body.is_valid(raise_exception=True)
        asked = dict(body.validated_data)
        version = version_of(request, asked.pop("version", None))
        self.act(row, version=version, **named, **asked)
        # The answer to their own change, also where it took the handoff out of their sight.
        return self.show(shown(Handoff.objects.all()).get(pk=row.pk))

    def check_path(self, **named: str) -> None:
        """Raises Http404 for a part of the address that names nothing."""

    def act(self, row: Handoff, *, version: int | None, **asked: Any) -> None:
        """The one call. Raises states.RefusedError."""
        raise NotImplementedError


def shown(handoffs: Any) -> Any:
    """Loads what a handoff's answer tells, in a fixed number of queries."""
    return handoffs.select_related(*_SHOWN).defer(*_HEAVY).prefetch_related("assignment__clocks")


def key_of(named: str) -> dict[str, Any]:
    """The lookup of a handoff's uuid or number; empty for what is neither."""
    uuid = uuid_of(named)
    if uuid is not None:
        return {"uuid": uuid}
    number = _REFERENCE.fullmatch(named)
    return {"pk": int(number[1])} if number else {}


def version_of(request: Request, in_body: int | None) -> int | None:
    """The version that the caller decided on, from the body or `If-Match`; None if they did not look.

    Raises ProblemError for a tag that is none of ours (400), or that contradicts the body (422).
    """
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return in_body
    tag = _VERSION.fullmatch(header)
    if tag is None:
        raise _bad_tag('If-Match takes the ETag of one answer, e.g. "7", or *.')
    if in_body is not None and in_body != int(tag[1]):
        sentence = "If-Match and the version of the body differ. Send one of them."
        raise ProblemError("unprocessable", sentence, errors=[{"header": "If-Match", "detail": sentence}])
    return int(tag[1])


def _bad_tag(sentence: str) -> ProblemError:
    return ProblemError("invalid", sentence, errors=[{"header": "If-Match", "detail": sentence}])


def checked(row: Handoff, version: int | None) -> None:
    """For a verb that takes no version itself: looks before. Raises StaleVersionError."""
    states.check_version(row, version)


def check_query(request: Request, *, once: frozenset[str], often: frozenset[str]) -> None:
    """Raises ParameterError for parameters that this address does not know, that say nothing, or that say two things.

    Ignoring them would answer another question than the caller meant.
    """
    known = once | often
    wrong = {}
    for name, values in request.query_params.lists():
        if name not in known:
            there = f"Known are {', '.join(sorted(known))}." if known else "This address takes none."
            wrong[name] = [f"There is no such parameter. {there}"]
        elif "" in values:
            wrong[name] = ["Give a value, or leave the parameter out."]
        elif len(values) > 1 and name in once:
            wrong[name] = ["Give this parameter once."]
    if wrong:
        raise ParameterError({name: wrong[name] for name in sorted(wrong)})
