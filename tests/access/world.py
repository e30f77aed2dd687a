"""The firm that the matrix is tried on, and the value of every parameter of an address."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from handoffs import pipeline
from handoffs.models import Account, Delivery, Event, Handoff, Package, Remark, State
from routing.models import Assignment, Function, Pool, User
from tests import factories
from tests.access.personas import Persona
from tests.access.versions import versions
from tests.admin.worlds import MAKERS, parked
from tests.factories import NOW, Company
from tests.handoffs.given import assigned

_OF_THE_FIRM = {
    Persona.OWNER: "hannah",
    Persona.FORMER: "yusuf",
    Persona.SENDER: "oskar",
    Persona.MANAGER: "carsten",
    Persona.SENDERS_MANAGER: "elena",
    Persona.OTHER_MANAGER: "mara",
    Persona.REVOPS: "ben",
    Persona.LEADERSHIP: "clara",
}
_STAFF = {"is_staff": True}


def _set(handoff: Handoff, **fields: Any) -> None:
    """What only the engine brings about, without its ways there: the people stay those of all the others."""
    Handoff.objects.filter(pk=handoff.pk).update(**fields)


def _queue(handoff: Handoff) -> None:
    """As if nobody had it and a rule had put it into the queue of customer success."""
    Assignment.objects.filter(handoff_uuid=handoff.uuid, released_at=None).update(
        released_at=NOW, release_reason=Assignment.Release.REASSIGNED
    )
    pool = Pool.objects.get(code="cs")
    _set(handoff, state=State.UNASSIGNED, owner=None, assignment=None, queue=pool, unassigned_since=NOW, next_at=None)


_BROUGHT_ON: dict[str, Callable[[Handoff, str], object] | None] = {
    "assigned": None,
    "acknowledged": lambda handoff, actor: pipeline.acknowledge(handoff, actor=actor, now=NOW),
    "contacted": lambda handoff, actor: pipeline.log_contact(handoff, contacted_at=NOW, actor=actor, now=NOW),
    "blocked": lambda handoff, _: _set(handoff, state=State.BLOCKED, next_at=None),
    "parked": lambda handoff, _: _set(
        handoff, state=State.UNASSIGNED, next_at=None, unassigned_since=NOW, parked_at=NOW
    ),
    "queued": lambda handoff, _: _queue(handoff),
    "returned": lambda handoff, actor: pipeline.reject(handoff, reason="incomplete", actor=actor, now=NOW),
}


class Asker(Client):
    """A browser that keeps its first cookies, and no copy of every template's context: it asks thousands of times."""

    def request(self, **request: Any) -> Any:
        return self.handler(self._base_environ(**request))


class World:
    """A firm with one handoff per state, from Oskar to Hannah, who took over from Yusuf; and one row of all else."""

    def __init__(self, firm: Company) -> None:
        self._firm = firm
        self.people = self._people()
        self.handoffs = {name: self._handed(name) for name in _BROUGHT_ON}
        self._values: dict[str, Any] = {
            "term": "a",
            "app_label": "handoffs",
            "url": "no/such/page",
            "0": "no/such/page",
            "token": "no-such-link",
        }
        colleague = self.people[Persona.COLLEAGUE].rep
        self._values |= {"colleague": colleague.pk, "colleague.uuid": colleague.uuid}
        self._values |= {"free": factories.AccountFactory.create(owner=None).crm_id}
        self._values |= {"key": "qualification.timeline", "rep": self._firm.reps["hannah"].uuid}
        self._values |= {"content_type_id": ContentType.objects.get_for_model(Handoff).pk}
        self._values |= {"id": factories.UserFactory.create().pk}
        self._rows()
        author = factories.UserFactory.create(groups=["revops"])
        self._values |= versions(self._firm.rule_set, author=author)

    def client(self, persona: Persona) -> Asker:
        """A browser of that person; what breaks is answered with 500."""
        client = Asker(raise_request_exception=False)
        user = self.people.get(persona)
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def value(self, name: str, *, state: str) -> str:
        """What stands at that parameter of an address about the handoff in that state."""
        handoff = self.handoffs[state]
        number, account = handoff.reference, handoff.account.uuid
        of_handoff = {"number": number, "handoff": number, "uuid": handoff.uuid, "account": account}
        of_handoff["handoffs.handoff"] = handoff.pk
        return str((of_handoff | self._values)[name])

    def _people(self) -> dict[Persona, User]:
        people = {persona: self._firm.user(key) for persona, key in _OF_THE_FIRM.items()}
        people[Persona.COLLEAGUE] = factories.UserFactory.create(groups=["rep"])
        factories.RepFactory.create(user=people[Persona.COLLEAGUE], team=self._firm.teams["cs"], function=Function.CSM)
        people[Persona.INACTIVE] = factories.UserFactory.create(groups=["revops"], is_active=False, **_STAFF)
        people[Persona.AUDITOR] = factories.UserFactory.create(groups=["auditor"], **_STAFF)
        people[Persona.SUPERUSER] = factories.UserFactory.create(is_superuser=True, **_STAFF)
        User.objects.filter(pk=people[Persona.REVOPS].pk).update(**_STAFF)
        return people

    def _handed(self, name: str) -> Handoff:
        """One about an account of its own; a minute is left since it was assigned, so that contact can follow."""
        before = NOW - timedelta(minutes=1)
        handoff = assigned(self._firm, "closed_to_cs", now=before, name=f"The {name} account")
        manager, owner = (f"user:{self.people[persona].pk}" for persona in (Persona.MANAGER, Persona.OWNER))
        for key in ("hannah", "yusuf", "hannah"):
            if handoff.owner != self._firm.reps[key]:
                to = self._firm.reps[key]
                handoff = pipeline.reassign(handoff, to=to, reason="Knows them", actor=manager, now=before)
        Account.objects.filter(pk=handoff.account_id).update(owner=self._firm.reps["oskar"])
        bring = _BROUGHT_ON[name]
        if bring is not None:
            bring(handoff, owner)
        return Handoff.objects.get(pk=handoff.pk)

    def _rows(self) -> None:
        """One row of every model of the admin; where they belong to a handoff, to the assigned one."""
        handoff = self.handoffs["assigned"]
        for model, make in MAKERS.items():
            if model not in {Handoff, Package, Delivery, Event, Remark}:
                self._values[model._meta.label_lower] = make().pk
        self._values |= {
            "handoffs.package": handoff.package_id,
            "handoffs.delivery": parked(handoff=handoff).pk,
            "handoffs.event": Event.objects.filter(stream=handoff.stream).earliest("seq").pk,
            "handoffs.remark": Remark.objects.filter(handoff=handoff).earliest("pk").pk,
            # Where a route asks for any row.
            "object_id": handoff.pk,
        }
        for label in [*self._values]:
            app, _, name = label.partition(".")
            if name and f"historical{name}" in apps.all_models[app]:
                versions = apps.get_model(app, f"historical{name}").objects
                self._values[f"{label}.version"] = versions.filter(id=self._values[label]).latest("history_id").pk
