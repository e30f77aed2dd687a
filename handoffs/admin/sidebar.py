"""The admin's sidebar: what somebody may look at, grouped by why they come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.urls import reverse

from handoffs.models import Delivery

# Group -> (model, words, icon); words are what people call the list.
GROUPS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Work",
        (
            ("handoffs.handoff", "Handoffs", "swap_horiz"),
            ("handoffs.delivery", "Outbox", "outbox"),
            ("handoffs.package", "Packages", "inventory_2"),
            ("handoffs.event", "Log", "history"),
            ("handoffs.remark", "Remarks", "chat"),
            ("handoffs.typesetting", "Types", "tune"),
        ),
    ),
    (
        "Routing",
        (
            ("routing.ruleset", "Rule versions", "alt_route"),
            ("routing.rule", "Rules", "rule"),
            ("routing.territory", "Territories", "map"),
            ("routing.segment", "Segments", "stacked_bar_chart"),
            ("routing.check", "Checks", "checklist"),
            ("routing.pool", "Pools", "groups"),
            ("routing.membership", "Memberships", "person_add"),
            ("routing.pod", "Pods", "hub"),
            ("routing.decision", "Decisions", "fact_check"),
            ("routing.assignment", "Assignments", "assignment_ind"),
            ("routing.turn", "Turns", "balance"),
        ),
    ),
    (
        "People",
        (
            ("routing.rep", "Roster", "badge"),
            ("routing.team", "Teams", "account_tree"),
            ("routing.absence", "Absences", "event_busy"),
            ("routing.role", "Roles", "verified_user"),
            ("routing.delegation", "Delegations", "forward"),
            ("routing.calendar", "Calendars", "calendar_month"),
        ),
    ),
    (
        "SLA",
        (
            ("sla.policy", "Policies", "timer"),
            ("sla.clock", "Clocks", "schedule"),
            ("sla.steprun", "Steps taken", "stairs"),
        ),
    ),
    (
        "CRM",
        (
            ("handoffs.account", "Accounts", "domain"),
            ("handoffs.contact", "Contacts", "contacts"),
            ("handoffs.deal", "Deals", "handshake"),
            ("handoffs.activity", "Activities", "call"),
            ("handoffs.note", "Notes", "sticky_note_2"),
            ("handoffs.contentengagement", "Content", "menu_book"),
            ("handoffs.usagestage", "Usage", "monitoring"),
        ),
    ),
    (
        "System",
        (
            ("routing.user", "Users", "person"),
            ("auth.group", "Groups", "group"),
            ("handoffs.approval", "Signatures", "draw"),
            ("django_celery_beat.periodictask", "Schedule", "update"),
            ("django_celery_beat.intervalschedule", "Intervals", "timelapse"),
            ("django_celery_beat.crontabschedule", "Crontabs", "calendar_clock"),
            ("axes.accessattempt", "Failed sign-ins", "lock_person"),
            ("axes.accesslog", "Sign-ins", "login"),
            ("knox.authtoken", "API tokens", "key"),
            ("admin.logentry", "Admin changes", "edit_note"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar for whoever asks; groups without an entry are left out."""
    groups = [{"title": title, "items": list(_entries(request, models))} for title, models in GROUPS]
    back = {
        "items": [
            {"title": "Back to Handoffs", "icon": "arrow_back", "link": "/", "active": False},
            {"title": "API description", "icon": "api", "link": reverse("api_docs"), "active": False},
        ]
    }
    return [back, *(group for group in groups if group["items"])]


def _entries(request: HttpRequest, models: tuple[tuple[str, str, str], ...]) -> Iterator[dict[str, Any]]:
    for label, words, icon in models:
        meta = apps.get_model(label)._meta
        may = (f"{meta.app_label}.{verb}_{meta.model_name}" for verb in ("view", "change"))
        if not any(request.user.has_perm(permission) for permission in may):
            continue
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        entry = {"title": words, "icon": icon, "link": address, "active": request.path.startswith(address)}
        parked = _parked() if label == "handoffs.delivery" else 0
        yield entry | ({"badge": f"{parked} parked", "link": f"{address}?needs=parked"} if parked else {})


def _parked() -> int:
    return Delivery.objects.filter(state=Delivery.State.PARKED).count()
