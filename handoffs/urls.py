"""The addresses of the product's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, register_converter

from handoffs.views import (
    ack_link,
    company_sign_in,
    demo,
    handoff,
    health,
    inbox,
    notices,
    password,
    preferences,
    pulse,
    rules,
    session,
    slack,
    starting,
)
from handoffs.views.rule_acts import ACTS
from handoffs.views.verbs import acknowledging, gaps, passing, working
from handoffs.views.verbs.doing import verb_page


class Reference:
    """HO-2418 in an address; the capitals are ours, either case is understood."""

    regex = "[Hh][Oo]-[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        """The number in "HO-2418"."""
        return int(value[3:])

    def to_url(self, value: int) -> str:
        """The reference of a number."""
        return f"HO-{value}"


register_converter(Reference, "reference")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", inbox.inbox, name="inbox"),
    path("inbox/rows/", inbox.rows, name="inbox_rows"),
    path("inbox/pulse/", pulse.pulse, name="inbox_pulse"),
    path("handoffs/new/", starting.start, name="start"),
    path("handoffs/<uuid:uuid>/", handoff.by_uuid, name="handoff_by_uuid"),
    path("handoffs/<reference:number>/", handoff.show, name="handoff"),
    path("handoffs/<reference:number>/clock/", handoff.clock, name="handoff_clock"),
    path("handoffs/<reference:number>/acknowledge/", acknowledging.acknowledge, name="acknowledge"),
    path("handoffs/<reference:number>/undo/", acknowledging.undo, name="undo_acknowledge"),
    path("handoffs/<reference:number>/take/", acknowledging.take, name="take"),
    path("handoffs/<reference:number>/contact/", verb_page(working.ContactForm), name="log_contact"),
    path("handoffs/<reference:number>/findings/", verb_page(working.FindingsForm), name="add_findings"),
    path("handoffs/<reference:number>/meeting/", verb_page(working.MeetingForm), name="book_meeting"),
    path("handoffs/<reference:number>/outcome/", verb_page(working.OutcomeForm), name="close"),
    path("handoffs/<reference:number>/return/", verb_page(passing.ReturnForm), name="reject"),
    path("handoffs/<reference:number>/resubmit/", verb_page(passing.ResubmitForm), name="resubmit"),
    path("handoffs/<reference:number>/reassign/", verb_page(passing.ReassignForm), name="reassign"),
    path("handoffs/<reference:number>/withdraw/", verb_page(passing.WithdrawForm), name="withdraw"),
    path("handoffs/<reference:number>/gaps/<str:key>/", gaps.gap, name="fill_gap"),
    path("handoffs/<reference:number>/gaps/<str:key>/ask/", gaps.ask, name="ask_gap"),
    path("handoffs/<reference:number>/response/", handoff.response, name="response"),
    path("handoffs/<reference:number>/response.md", handoff.response_file, name="response_file"),
    path("rules/", rules.versions, name="rules"),
    path("rules/<int:number>/", rules.version, name="rule_version"),
    *(path(f"rules/<int:number>/{act.slug}/", rules.act_page(act), name=f"rules_{act.name}") for act in ACTS),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("accounts/login/", session.sign_in, name="sign_in"),
    path("accounts/company/", company_sign_in.leave, name="company_sign_in"),
    path("accounts/company/back/", company_sign_in.come_back, name="company_sign_in_back"),
    path("accounts/logout/", session.sign_out, name="sign_out"),
    path("accounts/password/", password.change, name="password"),
    path("me/", preferences.me, name="me"),
    path("notices/", notices.notices, name="notices"),
    path("notices/unread/", notices.unread, name="notices_unread"),
    path("notices/read/", notices.read, name="notices_read"),
    path("a/<str:token>/", ack_link.acknowledge, name="ack_link"),
    path("slack/actions/", slack.actions, name="slack_actions"),
    path("demo/clock/", demo.clock, name="demo_clock"),
    path("theme/", session.theme, name="theme"),
    path("api/", include("handoffs.api.urls")),
]
