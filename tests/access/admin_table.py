"""The admin's part of the permission matrix: who looks at, adds, changes and deletes what, per kind of row.

RevOps keeps the machine, the auditor looks at all of it, the superuser may also remove. What records what happened
(handoffs, packages, the outbox, the log, decisions, turns, clocks, signatures) is read by all three and written
by none.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.access.personas import ADMINISTRATORS, NOBODY, STAFF, SUPERUSER, Who
from tests.access.rows import Row, admin

AUDITED = STAFF - ADMINISTRATORS | SUPERUSER
CONFIRMED = {"_form_submitted": "True", "to": "{colleague}", "reason": "Knows them", "turns": "3", "how": "30"}
"""What a button's dialog, or the page that asks why, sends."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What may be done to the rows of one model, and the model's own addresses beyond Django's."""

    label: str
    looks: Who = STAFF
    adds: Who = ADMINISTRATORS
    changes: Who = ADMINISTRATORS
    deletes: Who = NOBODY
    history: bool = False
    """Earlier versions can be looked at."""
    sheets: bool = False
    """CSV and XLSX: out for whoever looks, in for whoever adds and changes."""
    buttons: tuple[tuple[str, Who, str], ...] = ()
    """Actions of a row's own page, with the state of a handoff in which they are offered."""
    actions: tuple[tuple[str, Who], ...] = ()
    """Actions of the list."""

    @property
    def prefix(self) -> str:
        """The address of the list."""
        return self.label.replace(".", "/") + "/"

    def rows(self) -> Iterator[Row]:
        """The addresses. A list, a history and an export answer a form like a look; what it asks for is looked at."""
        one, fill = f"{self.prefix}<path:object_id>/", {"object_id": self.label}
        group = self.label
        yield admin(self.prefix, GET=self.looks, POST=self.looks, group=group)
        yield admin(f"{self.prefix}add/", GET=self.adds, POST=self.adds, group=group)
        yield admin(f"{one}change/", GET=self.looks, POST=self.changes, fill=fill, group=group)
        yield admin(f"{one}delete/", GET=self.deletes, POST=self.deletes, fill=fill, group=group)
        yield admin(f"{one}history/", GET=self.looks, POST=self.looks, fill=fill, group=group)
        yield admin(one, GET=STAFF, POST=STAFF, fill=fill, group=group, note="leads to change/")
        for name, may, state in self.buttons:
            yield admin(f"{one}{name}/", GET=may, POST=may, fill=fill, group=group, on=state, body=CONFIRMED)
        if self.history:
            places = {"0": self.label, "1": f"{self.label}.version"}
            yield admin(
                f"{self.prefix}^([^/]+)/history/([^/]+)/$", GET=self.looks, POST=NOBODY, fill=places, group=group
            )
        if self.sheets:
            brings = self.adds & self.changes
            yield admin(f"{self.prefix}import/", GET=brings, POST=brings, group=group)
            yield admin(f"{self.prefix}process_import/", POST=brings, group=group)
            yield admin(f"{self.prefix}export/", GET=self.looks, POST=self.looks, group=group)


def _read_only(label: str, **more: object) -> Rows:
    return Rows(label=label, adds=NOBODY, changes=NOBODY, **more)  # type: ignore[arg-type]


MODELS: tuple[Rows, ...] = (
    # The work. A row is moved by its verbs, which its buttons and actions call.
    Rows(
        label="handoffs.handoff",
        changes=NOBODY,
        buttons=(
            ("run_this_again", ADMINISTRATORS, "parked"),
            ("check_these_gaps", ADMINISTRATORS, "blocked"),
            ("reassign_this", ADMINISTRATORS, "assigned"),
            ("withdraw_this", ADMINISTRATORS, "assigned"),
        ),
        actions=(
            ("run_again", ADMINISTRATORS),
            ("check_gaps", ADMINISTRATORS),
            ("reassign", ADMINISTRATORS),
            ("withdraw", ADMINISTRATORS),
        ),
    ),
    _read_only(
        "handoffs.delivery",
        buttons=(("retry_this", ADMINISTRATORS, "assigned"),),
        actions=(("retry", ADMINISTRATORS),),
    ),
    _read_only("handoffs.package"),
    _read_only("handoffs.event"),
    _read_only("handoffs.remark"),
    _read_only("handoffs.approval"),
    # There is one row per type for ever: switched off, never removed.
    Rows(label="handoffs.typesetting", adds=NOBODY),
    # The local CRM. RevOps mends records; taking one away is for the superuser.
    Rows(label="handoffs.account", deletes=SUPERUSER, sheets=True),
    Rows(label="handoffs.contact", deletes=SUPERUSER, sheets=True),
    Rows(label="handoffs.deal", deletes=SUPERUSER, sheets=True),
    Rows(label="handoffs.activity", deletes=SUPERUSER),
    Rows(label="handoffs.note", deletes=SUPERUSER),
    Rows(label="handoffs.contentengagement", deletes=SUPERUSER),
    Rows(label="handoffs.usagestage", deletes=SUPERUSER),
    # Routing: the roster and drafts of rules are RevOps'; what was decided is history.
    Rows(label="routing.team", deletes=ADMINISTRATORS, history=True),
    Rows(
        label="routing.rep",
        deletes=ADMINISTRATORS,
        history=True,
        sheets=True,
        buttons=(("pause", ADMINISTRATORS, "assigned"),),
        actions=tuple(
            (name, ADMINISTRATORS) for name in ("pause_30", "pause_60", "pause_90", "pause_until_resumed", "resume")
        ),
    ),
    Rows(label="routing.absence", deletes=ADMINISTRATORS, history=True),
    Rows(label="routing.role", deletes=ADMINISTRATORS, history=True),
    Rows(label="routing.delegation", deletes=ADMINISTRATORS, history=True),
    Rows(label="routing.calendar", deletes=ADMINISTRATORS, history=True),
    Rows(label="routing.pool", deletes=ADMINISTRATORS, history=True),
    # Nobody joins or leaves a pool on this page: the ledger wants to know at which line.
    Rows(label="routing.membership", adds=NOBODY, history=True, buttons=(("calibrate", ADMINISTRATORS, "assigned"),)),
    Rows(label="routing.pod", deletes=ADMINISTRATORS),
    Rows(label="routing.check", deletes=ADMINISTRATORS),
    Rows(label="routing.ruleset", deletes=ADMINISTRATORS),
    # Parts of a version are added on the version's page.
    Rows(label="routing.rule", adds=NOBODY, deletes=ADMINISTRATORS),
    Rows(label="routing.territory", adds=NOBODY, deletes=ADMINISTRATORS),
    Rows(label="routing.segment", adds=NOBODY, deletes=ADMINISTRATORS),
    _read_only("routing.decision"),
    _read_only("routing.assignment"),
    _read_only("routing.turn"),
    # Promises: drafts of policies are RevOps'.
    Rows(label="sla.policy", deletes=ADMINISTRATORS),
    _read_only("sla.clock"),
    _read_only("sla.steprun"),
    # Who may sign in, and with which powers: the superuser's, so that nobody hands themselves more.
    Rows(label="routing.user", adds=SUPERUSER, changes=SUPERUSER, deletes=SUPERUSER),
    Rows(label="auth.group", looks=AUDITED, adds=SUPERUSER, changes=SUPERUSER, deletes=SUPERUSER),
    _read_only("admin.logentry", looks=AUDITED),
    _read_only("axes.accesslog", looks=AUDITED),
    _read_only("axes.accessfailurelog", looks=AUDITED),
    # RevOps opens a sign-in that too many wrong passwords have closed.
    _read_only("axes.accessattempt", deletes=ADMINISTRATORS),
    # The beginning of each token; deleting one revokes it.
    _read_only("knox.authtoken", looks=AUDITED, deletes=SUPERUSER),
    # What the beat starts: code, in effect.
    *(
        Rows(
            label=f"django_celery_beat.{name}",
            looks=SUPERUSER,
            adds=SUPERUSER,
            changes=SUPERUSER,
            deletes=SUPERUSER,
            actions=actions,
        )
        for name, actions in (
            (
                "periodictask",
                tuple((action, SUPERUSER) for action in ("enable_tasks", "disable_tasks", "toggle_tasks", "run_tasks")),
            ),
            ("intervalschedule", ()),
            ("crontabschedule", ()),
            ("solarschedule", ()),
            ("clockedschedule", ()),
        )
    ),
)
