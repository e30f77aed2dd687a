"""Handoffs: start one, list them, read one."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import QuerySet
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from handoffs import pipeline
from handoffs.access import (
    accounts_visible_to,
    kinds_of,
    may_choose_team,
    may_start,
    may_start_from,
    sender_of,
    visible_to,
)
from handoffs.api import idempotency
from handoffs.api.documenting import describe
from handoffs.api.fields import Input, Text, Word
from handoffs.api.filters import HandoffFilter, with_deadline
from handoffs.api.idempotency import Answer
from handoffs.api.lists import ListView
from handoffs.api.problems import ProblemError
from handoffs.api.shapes import HandoffShape
from handoffs.api.views import ApiView, key_of, shown
from handoffs.models import Account, Deal, Handoff
from handoffs.now import now, real_now
from routing.models import HandoffType, Team

Row = TypeVar("Row", Account, Deal)


class HandoffsView(ListView):
    """All handoffs that the reader may see, and the way to start one."""

    filterset_class = HandoffFilter
    orderings = {
        "-received_at": "-received_at",
        "received_at": "received_at",
        "deadline_at": "deadline",
    }
    Output = HandoffShape

    class StartInput(Input):
        """What a handoff is started from: type, account, and a deal if there is one."""

        type = Word(choices=HandoffType.choices)
        account = Text(max_length=64, help_text="The account's id in the CRM, or its uuid")
        deal = Text(max_length=64, required=False, allow_null=True, help_text="The deal's id in the CRM, or its uuid")
        trigger_key = Text(
            max_length=150,
            required=False,
            help_text="Your own name for what happened, kept for ever: the same key gives the same handoff",
        )
        from_team = Text(
            max_length=64,
            required=False,
            help_text="Code of the sending team: your own, for a manager one of their tree, for RevOps any. Left out, "
            "it is from you, and where RevOps calls from whom the CRM names",
        )
        to_team = Text(
            max_length=64, required=False, help_text="Only rules that give it to this team count. For RevOps"
        )

    def get_queryset(self) -> QuerySet[Handoff]:
        rows: QuerySet[Handoff] = shown(with_deadline(visible_to(self.user)))
        return rows

    @describe("list_handoffs")
    def get(self, request: Request) -> Response:
        return self.page(request)

    @describe("start_handoff", StartInput)
    def post(self, request: Request) -> Response:
        if not may_start(self.user):
            raise PermissionDenied(
                "Reps, managers and RevOps start handoffs; your account is none of them. Ask RevOps."
            )
        body = self.StartInput(data=request.data)
        body.is_valid(raise_exception=True)
        kinds = kinds_of(self.user)
        if body.validated_data["type"] not in kinds:
            mine = ", ".join(kinds) or "nothing"
            raise _refused("type", f"Your function hands over {mine}. Ask RevOps to start this one.")
        answer = idempotency.once(
            lambda: self._start(body.validated_data),
            user=self.user,
            key=request.headers.get(idempotency.HEADER),
            request=(request.path, request.data),
            real_now=real_now(),
        )
        if answer.is_replay and not visible_to(self.user).filter(uuid=answer.body["uuid"]).exists():
            raise ProblemError(
                "conflict",
                "The handoff that this request started is with people whose work you do not see. Ask RevOps.",
            )
        headers = {"Location": answer.location, "ETag": f'"{answer.body["version"]}"'}
        if answer.is_replay:
            headers["Idempotent-Replayed"] = "true"
        return Response(answer.body, status=answer.status, headers=headers)

    def _start(self, asked: dict[str, Any]) -> Answer:
        account = self._account(asked["account"])
        key = asked.get("trigger_key")
        from_team = self._sending(asked.get("from_team"))
        handoff, created = pipeline.receive(
            handoff_type=HandoffType(asked["type"]),
            account=account,
            deal=_deal(account, asked.get("deal")),
            origin=Handoff.Origin.API,
            now=now(),
            actor=self.actor,
            # Callers share no keys: nobody can take the name of somebody else's trigger, or ask after it.
            trigger_key=f"{self.actor}:{key}" if key else None,
            from_rep=sender_of(self.user, from_team),
            from_team=from_team,
            to_team=self._receiving(asked.get("to_team")),
        )
        row = shown(visible_to(self.user)).filter(pk=handoff.pk).first()
        if row is None:
            raise ProblemError(
                "conflict",
                f"Such a handoff of {account.crm_id} is there already, with people whose work you do not see. "
                "Nothing was started: ask RevOps about it.",
            )
        body = dict(HandoffShape(row, context={"request": self.request}).data)
        return Answer(status=201 if created else 200, body=body, location=body["url"])

    def _sending(self, code: str | None) -> Team | None:
        team = _team("from_team", code)
        if team is not None and not may_start_from(self.user, team):
            raise _refused(
                "from_team", f"You do not start handoffs for {team}. Leave it out, or ask RevOps to start it."
            )
        return team

    def _receiving(self, code: str | None) -> Team | None:
        if code is not None and not may_choose_team(self.user):
            raise _refused("to_team", "The rules say which team gets it. Leave it out, or ask RevOps to start it.")
        return _team("to_team", code)

    def _account(self, named: str) -> Account:
        account = _named(accounts_visible_to(self.user), named)
        if account is None:
            raise _refused(
                "account", f"There is no account {named} that you see. Check the id, or create it in the CRM."
            )
        return account


class HandoffView(ApiView):
    """One handoff."""

    @describe("read_handoff")
    def get(self, request: Request, handoff: str) -> Response:
        return self.show(self.find(handoff))


def _deal(account: Account, named: str | None) -> Deal | None:
    if named is None:
        return None
    deal = _named(account.deals.all(), named)
    if deal is None:
        raise _refused("deal", f"{account.crm_id} has no deal {named}. Check the id, or leave the deal out.")
    return deal


def _team(field: str, code: str | None) -> Team | None:
    if code is None:
        return None
    team = Team.objects.filter(code=code).first()
    if team is None:
        raise _refused(field, f"There is no team {code}. Teams are named by their code, as /reps/ shows it.")
    return team


def _named(rows: QuerySet[Row], named: str) -> Row | None:
    """By the CRM's id first: it is what callers know, and might look like one of ours."""
    found = rows.filter(crm_id=named).first()
    key = key_of(named)
    return found or (rows.filter(uuid=key["uuid"]).first() if "uuid" in key else None)


def _refused(field: str, sentence: str) -> ProblemError:
    return ProblemError("unprocessable", sentence, errors=[{"pointer": f"#/{field}", "detail": sentence}])
