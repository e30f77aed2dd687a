"""Every page of our own, as somebody sees it in the demo company: one list for axe, for widths and for screenshots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse
from playwright.sync_api import Page

from handoffs import ack_links, rule_versions
from handoffs.models import Delivery, Handoff, State
from routing.models import HandoffType, Pool, Rule, RuleSet, Segment, User
from sla.models import Clock, ClockKind

BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A page: the name of its picture, who looks at it (the local part of a demo e-mail, or nobody), and where it is.

    `act` does what a person does there first, such as opening a dialog.
    """

    name: str
    who: str
    path: str
    act: Callable[[Page], None] | None = None

    @property
    def is_error(self) -> bool:
        """Whether the page answers with an error status."""
        return self.name.startswith("error-")


def open_first(selector: str, waits_for: str) -> Callable[[Page], None]:
    """Clicks the first of what the selector finds, and waits until something else is there."""

    def act(tab: Page) -> None:
        tab.locator(selector).first.click()
        tab.locator(waits_for).first.wait_for()

    return act


def records(now: datetime) -> dict[str, Handoff]:
    """A handoff in each state that a page draws differently, by the name of its picture."""
    mine = Handoff.objects.select_related("owner__user", "from_rep__user").order_by("-pk")
    running = Clock.objects.filter(kind=ClockKind.FIRST_CONTACT, state=Clock.State.RUNNING)
    breached = running.filter(deadline_at__lte=now).values("assignment_id")
    found = {f"handoff-{state.replace('_', '-')}": mine.filter(state=state).first() for state in State.values}
    found |= {
        f"handoff-{HandoffType(kind).short.lower().replace(' ', '-').replace('/', '-')}": mine.filter(
            handoff_type=kind, owner__isnull=False, package__isnull=False
        ).first()
        for kind in HandoffType.values
    }
    found["handoff-breached"] = mine.filter(assignment_id__in=breached, owner__user__isnull=False).first()
    return {name: handoff for name, handoff in found.items() if handoff is not None}


def local_part(handoff: Handoff) -> str:
    """Who looks at a handoff: its owner or sender where they sign in, else RevOps."""
    for rep in (handoff.owner, handoff.from_rep):
        if rep is not None and rep.user is not None and rep.user.is_active:
            return rep.user.email.partition("@")[0]
    return "ben"


FORMS = {
    "handoff-assigned": ("log_contact", "reject", "withdraw", "reassign"),
    "handoff-contacted": ("book_meeting", "close"),
    "handoff-rejected": ("resubmit",),
}
"""Which forms are pictured over which record: as pages of their own, and in the dialog."""

SENDERS_FORMS = frozenset({"resubmit", "withdraw"})

NOT_PAGES = {
    "inbox_rows": "a fragment of the inbox",
    "inbox_pulse": "a fragment of the inbox",
    "handoff_clock": "a fragment of the record",
    "handoff_by_uuid": "leads on",
    "response_file": "a file",
    "acknowledge": "takes a form",
    "undo_acknowledge": "takes a form",
    "take": "takes a form",
    "ask_gap": "takes a form",
    "fill_gap": "pictured in the record, in the gap's own line",
    "healthz": "for machines",
    "readyz": "for machines",
    "metrics": "for machines",
    "slack_actions": "for machines",
    "sign_out": "takes a form",
    "theme": "takes a form",
    "demo_clock": "takes a form",
    "notices_read": "takes a form",
    "notices_unread": "a piece of the sidebar",
    "company_sign_in": "leads away",
    "company_sign_in_back": "leads on",
}
"""Addresses that nobody looks at, and why."""


BLOCKED, SENT_BACK, BEHIND = "Everybody is enterprise", "Sooner for the smaller", "Begun before"
SIGNED, WAITING = "An hour less", "Partners within two hours"


def stage(now: datetime) -> None:
    """What the demo has no example of: versions in every state, drafts that cannot go on, and a handoff to take."""
    rui, ben, gwen = (User.objects.get(email=f"{who}@fathomline.example") for who in ("rui", "ben", "gwen"))
    rule_versions.begin(based_on=RuleSet.objects.get(state="live"), title=BEHIND, by=rui, now=now)
    live = _signed("An hour more", 300, by=rui, signers=(ben, gwen), now=now)
    rule_versions.make_live(live, by=rui, now=now)
    live.refresh_from_db()
    # What waits follows what is live now, and waits again.
    waiting = rule_versions.rebase(RuleSet.objects.get(title=WAITING), by=rui, now=now)
    rule_versions.submit(waiting, by=rui, now=now)
    _signed(SIGNED, 240, by=rui, signers=(ben, gwen), now=now)
    draft = rule_versions.begin(based_on=live, title=BLOCKED, by=rui, now=now)
    Segment.objects.filter(rule_set=draft, code="enterprise").update(employees_from=0)
    other = rule_versions.begin(based_on=live, title=SENT_BACK, by=rui, now=now)
    Rule.objects.filter(rule_set=other, code="R-210").update(target_minutes=45, position=500)
    other = rule_versions.submit(other, by=rui, now=now)
    rule_versions.ask_for_changes(
        other,
        comment="Too soon for the partners.\n\nWhat do the numbers of October say?",
        seen_hash=other.content_hash,
        by=gwen,
        now=now,
        signed_at=now,
    )
    queue = Pool.objects.get(code="ent-ae-emea-north")
    held = Handoff.objects.filter(state=State.UNASSIGNED).order_by("pk")[:1].values("pk")
    Handoff.objects.filter(pk__in=held).update(queue=queue)


def _signed(title: str, minutes: int, *, by: User, signers: Sequence[User], now: datetime) -> RuleSet:
    """A version that promises the mid-market another first contact, submitted and signed."""
    draft = rule_versions.begin(based_on=RuleSet.objects.get(state="live"), title=title, by=by, now=now)
    Rule.objects.filter(rule_set=draft, code="R-231").update(target_minutes=minutes)
    version = rule_versions.submit(draft, by=by, now=now)
    for signer in signers:
        rule_versions.sign(version, seen_hash=version.content_hash, by=signer, now=now, signed_at=now)
    return version


def places(now: datetime) -> Sequence[Place]:
    """All of them, over what is in the database."""
    found = records(now)
    one = found["handoff-breached"]
    return [*_doors(one, now), *_lists(), *_records(found), *_forms(found)]


def _doors(one: Handoff, now: datetime) -> list[Place]:
    """What is seen before or beside the work."""
    alert = Delivery.objects.filter(handoff=one, purpose=Delivery.Purpose.BRIEFING).latest("id")
    alert.queued_at = now
    return [
        Place(name="sign-in", who="", path=reverse("sign_in")),
        Place(name="password", who="ingrid", path=reverse("password")),
        Place(name="acknowledge-link", who="", path=urlsplit(ack_links.link_for(alert)).path),
        Place(name="error-link-forged", who="", path=reverse("ack_link", args=["nobody:signed:this"])),
        Place(name="error-404", who="ingrid", path="/nothing/here/"),
    ]


def _lists() -> list[Place]:
    inbox = reverse("inbox")
    return [
        Place(name="inbox", who="ingrid", path=inbox),
        Place(name="inbox-manager", who="elena", path=f"{inbox}?view=all"),
        Place(name="inbox-revops", who="ben", path=inbox),
        Place(name="inbox-to-take", who="ingrid", path=f"{inbox}?view=take"),
        Place(name="inbox-closed", who="ben", path=f"{inbox}?view=closed"),
        Place(name="inbox-empty", who="ilse", path=f"{inbox}?view=mine"),
        Place(name="inbox-no-results", who="ingrid", path=f"{inbox}?q=nobody+of+that+name"),
        Place(name="inbox-filtered", who="ben", path=f"{inbox}?view=all&type=sql_to_ae&segment=enterprise"),
        Place(name="start", who="dana", path=reverse("start")),
        Place(name="notices", who="ingrid", path=reverse("notices")),
        Place(name="notices-empty", who="ilse", path=reverse("notices")),
        Place(name="settings", who="ingrid", path=reverse("me")),
        *_rules(),
    ]


def _rules() -> list[Place]:
    """The versions of the rules, and every form about them that the demo's two versions offer."""
    live, archived = (RuleSet.objects.get(state=state).number for state in ("live", "archived"))
    numbers = dict(RuleSet.objects.values_list("title", "number"))
    waiting, blocked, sent_back = numbers[WAITING], numbers[BLOCKED], numbers[SENT_BACK]
    asked = {
        "sign": ("gwen", waiting),
        "ask_for_changes": ("gwen", waiting),
        "publish": ("ben", numbers[SIGNED]),
        "take_back": ("ben", waiting),
        "rebase": ("ben", numbers[BEHIND]),
        "submit": ("ben", sent_back),
        "go_back": ("gwen", archived),
    }
    return [
        Place(name="rules", who="ben", path=reverse("rules")),
        Place(name="rules-live", who="ilse", path=reverse("rule_version", args=[live])),
        Place(name="rules-waiting", who="gwen", path=reverse("rule_version", args=[waiting])),
        Place(name="rules-blocked", who="ben", path=reverse("rule_version", args=[blocked])),
        Place(name="rules-sent-back", who="ben", path=reverse("rule_version", args=[sent_back])),
        Place(
            name="error-rules-begin",
            who="ben",
            path=reverse("rules_begin", args=[live]),
            act=open_first("main button.primary", "main [aria-invalid]"),
        ),
        Place(name="rules-begin", who="ben", path=reverse("rules_begin", args=[live])),
        *(
            Place(name=f"rules-{act.replace('_', '-')}", who=who, path=reverse(f"rules_{act}", args=[number]))
            for act, (who, number) in asked.items()
        ),
    ]


def _records(found: Mapping[str, Handoff]) -> list[Place]:
    pages = [
        Place(name=name, who=local_part(handoff), path=reverse("handoff", args=[handoff.pk]))
        for name, handoff in found.items()
    ]
    documents = [
        Place(name=f"response-{name}", who="ben", path=reverse("response", args=[found[f"handoff-{name}"].pk]))
        for name in ("breached", "blocked", "rejected")
    ]
    return pages + [replace(place, name=place.name.replace("response-breached", "response")) for place in documents]


def _forms(found: Mapping[str, Handoff]) -> list[Place]:
    """Every form as a page of its own, and one of each record in its dialog."""
    pictured = []
    for record, verbs in FORMS.items():
        handoff = found[record]
        for verb in verbs:
            who = "ben" if verb in SENDERS_FORMS or verb == "reassign" else local_part(handoff)
            pictured.append(Place(name=f"form-{verb}", who=who, path=reverse(verb, args=[handoff.pk])))
            act = open_first(f'#handoff [data-verb="{verb}"]', "#dialog form")
            pictured.append(Place(name=f"dialog-{verb}", who=who, path=reverse("handoff", args=[handoff.pk]), act=act))
    said = found["handoff-contacted"]
    return [
        *pictured,
        Place(name="form-add_findings", who=local_part(said), path=reverse("add_findings", args=[said.pk])),
    ]


def cookie_of(who: str) -> str:
    """The value of a session cookie for somebody of the demo."""
    user = User.objects.get(email=f"{who}@fathomline.example")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def go(tab: Page, place: Place, *, base: str) -> None:
    """Opens the place as whoever looks at it."""
    tab.context.clear_cookies()
    if place.who:
        name = settings.SESSION_COOKIE_NAME
        tab.context.add_cookies([{"name": name, "value": cookie_of(place.who), "url": base}])
    tab.goto(place.path)
    if place.act is not None:
        place.act(tab)
