"""The permission matrix: every address of the product, and who is let in by which method.

Read it as a promise. The test asks every address as every person by every method, and fails where the product answers
differently, where an address has no row, and where a row has no address. A new address is one new row here; then
`make permissions` writes docs/permissions.md anew.

How a refusal looks follows from where the address belongs (`rows.Row.answer`): strangers sign in; what somebody may not
see is a 404; what they see and may not do is a 403; a method that nobody may use is a 405. GET, HEAD and OPTIONS never
change anything, and neither does a refused write.
"""

from tests.access.admin_table import MODELS
from tests.access.personas import (
    ADMINISTRATORS,
    EITHER_SIDE,
    EVERYBODY,
    IN_THE_POOL,
    MAY_REASSIGN,
    MAY_START,
    NOBODY,
    OWNER_SIDE,
    SEES,
    SEES_RULES,
    SENDER_SIDE,
    SIGNED_IN,
    SIGNS_RULES,
    STAFF,
    SUPERUSER,
    Who,
)
from tests.access.rows import METHODS, Answer, Row, admin, api, api_of_handoff, hidden, of_handoff, open_to_all, page

UNSIGNED = {"payload": "made up"}
RETURN = {"reason": "incomplete", "comment": "The scope is missing"}

OPEN = (
    open_to_all("accounts/login/", "GET", "POST"),
    open_to_all("accounts/logout/", "POST"),
    open_to_all("healthz", "GET"),
    open_to_all("readyz", "GET"),
    open_to_all("theme/", "POST", note="a cookie of the browser"),
)

MACHINES = (
    hidden("metrics", "GET", note="answers who has its token, or asks from a network it knows"),
    hidden("accounts/company/", "GET", note="to the company's sign-in provider, where one is set up"),
    hidden("accounts/company/back/", "GET", note="and back from it"),
    hidden("a/<str:token>/", "GET", "POST", note="for whoever holds a link that was sent to them, signed in or not"),
    hidden("slack/actions/", "POST", body=UNSIGNED, refused_with=Answer.SIGN_IN, note="answers what Slack signed"),
)


def _of_rules(act: str, may: Who, number: str, **body: str) -> Row:
    return page(
        f"rules/<int:number>/{act}/",
        GET=may,
        POST=may,
        hidden_from=EVERYBODY - SEES_RULES,
        fill={"number": number},
        body=body,
    )


RULES = (
    page("rules/", GET=SEES_RULES, hidden_from=EVERYBODY - SEES_RULES),
    page("rules/<int:number>/", GET=SEES_RULES, hidden_from=EVERYBODY - SEES_RULES, fill={"number": "rules.waiting"}),
    _of_rules("begin", ADMINISTRATORS, "rules.archived", title="Another one"),
    _of_rules("submit", ADMINISTRATORS, "rules.draft", seen_version="1"),
    _of_rules("take-back", ADMINISTRATORS, "rules.waiting", seen_version="2"),
    _of_rules("rebase", ADMINISTRATORS, "rules.behind", keep_mine="on", seen_version="1", seen_live="{rules.live}"),
    _of_rules("sign", SIGNS_RULES, "rules.waiting", seen_hash="{rules.hash}"),
    _of_rules("changes", SIGNS_RULES, "rules.waiting", seen_hash="{rules.hash}", comment="Too slow"),
    _of_rules("publish", ADMINISTRATORS | SIGNS_RULES, "rules.signed", seen_version="2"),
    _of_rules("go-back", ADMINISTRATORS | SIGNS_RULES, "rules.archived", seen_live="{rules.live}"),
)

PAGES = (
    page("", GET=SIGNED_IN, note="shows each their own"),
    page("inbox/rows/", GET=SIGNED_IN, note="shows each their own"),
    page("inbox/pulse/", GET=SIGNED_IN, note="shows each their own"),
    page("handoffs/new/", GET=MAY_START, POST=MAY_START, note="for an account they may open"),
    page("me/", GET=SIGNED_IN, POST=SIGNED_IN, note="one's own"),
    page("notices/", GET=SIGNED_IN, note="one's own"),
    page("notices/unread/", GET=SIGNED_IN, note="one's own"),
    page("notices/read/", POST=SIGNED_IN, note="one's own"),
    page("accounts/password/", GET=SIGNED_IN, POST=SIGNED_IN, note="one's own"),
    *RULES,
    page("demo/clock/", POST=NOBODY, hidden_from=EVERYBODY, note="in a demo alone, for everybody who signed in"),
)

HANDOFFS = (
    Row(
        route="handoffs/<uuid:uuid>/",
        kind=of_handoff("").kind,
        let={"GET": SEES},
        hidden_from=EVERYBODY - SEES,
        note="leads to HO-N",
    ),
    of_handoff("", GET=SEES),
    of_handoff("clock/", GET=SEES),
    of_handoff("response/", GET=SEES),
    of_handoff("response.md", GET=SEES),
    of_handoff("acknowledge/", POST=OWNER_SIDE, body={}),
    of_handoff("undo/", POST=OWNER_SIDE, on="acknowledged", note="undone by whoever acknowledged, for ten seconds"),
    of_handoff("take/", POST=IN_THE_POOL, on="queued", body={}),
    of_handoff("contact/", GET=OWNER_SIDE, POST=OWNER_SIDE, body={"when": "2026-11-17T10:00"}),
    of_handoff("findings/", GET=OWNER_SIDE, POST=OWNER_SIDE, on="contacted", body={"findings": "A pilot."}),
    of_handoff("meeting/", GET=OWNER_SIDE, POST=OWNER_SIDE, on="contacted", body={"when": "2026-11-18T10:00"}),
    of_handoff("outcome/", GET=OWNER_SIDE, POST=OWNER_SIDE, on="contacted", body={"outcome": "converted"}),
    of_handoff("return/", GET=OWNER_SIDE, POST=OWNER_SIDE, body={"reason": "not_a_fit", "comment": "They closed."}),
    of_handoff("resubmit/", GET=SENDER_SIDE, POST=SENDER_SIDE, on="returned", body={"comment": "The CFO signs."}),
    of_handoff("withdraw/", GET=SENDER_SIDE, POST=SENDER_SIDE, body={"reason": "Marked by mistake."}),
    of_handoff("reassign/", GET=MAY_REASSIGN, POST=MAY_REASSIGN, body={"to": "{colleague}", "reason": "Knows them"}),
    of_handoff("gaps/<str:key>/", GET=EITHER_SIDE, POST=EITHER_SIDE, note="409 where it is no gap"),
    of_handoff("gaps/<str:key>/ask/", POST=EITHER_SIDE, note="409 where it is no gap"),
)

API = (
    api("handoffs/", GET=SIGNED_IN, POST=MAY_START, note="lists each their own; starts one of their kinds"),
    api_of_handoff("", GET=SEES),
    api_of_handoff("package/", GET=SEES),
    api_of_handoff("response/", GET=SEES),
    api_of_handoff("events/", GET=SEES),
    api_of_handoff("acknowledge/", POST=OWNER_SIDE, body={}),
    api_of_handoff(
        "undo-acknowledge/", POST=OWNER_SIDE, on="acknowledged", note="within ten seconds, by who acknowledged"
    ),
    api_of_handoff("take/", POST=IN_THE_POOL, on="queued", body={}),
    api_of_handoff("contact/", POST=OWNER_SIDE, body={}),
    api_of_handoff("meeting/", POST=OWNER_SIDE, on="contacted", body={"meeting_at": "2026-11-18T10:00:00Z"}),
    api_of_handoff("outcome/", POST=OWNER_SIDE, on="contacted", body={"outcome": "lost"}),
    api_of_handoff("return/", POST=OWNER_SIDE, body=RETURN),
    api_of_handoff("resubmit/", POST=SENDER_SIDE, on="returned", body={"comment": "Filled in"}),
    api_of_handoff("withdraw/", POST=SENDER_SIDE, body={"reason": "Sent by mistake"}),
    api_of_handoff("reassign/", POST=MAY_REASSIGN, body={"to": "{colleague.uuid}", "reason": "Knows them"}),
    api_of_handoff("gaps/<str:key>/", POST=EITHER_SIDE, note="409 where it is no gap"),
    api_of_handoff("retry/", POST=ADMINISTRATORS, on="parked", body={}),
    api("accounts/", GET=SIGNED_IN, note="lists each their own"),
    api(
        "accounts/<str:account>/",
        GET=SEES,
        hidden_from=EVERYBODY - SEES,
        note="an account that is somebody's; it comes with its handoff",
    ),
    api("reps/", GET=SIGNED_IN),
    api("reps/<str:rep>/", GET=SIGNED_IN),
    api("schema/", under="api/", GET=SIGNED_IN),
    page("api/docs/", GET=SIGNED_IN),
    hidden("api/^.*$", *METHODS, note="any other address"),
)

ADMIN = (
    admin("login/", GET=STAFF, POST=STAFF, note="leads on"),
    admin("logout/", POST=STAFF),
    admin("", GET=STAFF, POST=STAFF),
    admin("search/", GET=STAFF, POST=STAFF),
    admin("password_change/", GET=STAFF, POST=STAFF, note="leads to accounts/password/"),
    admin("password_change/done/", GET=STAFF),
    admin("autocomplete/", GET=STAFF, query="?app_label=handoffs&model_name=account&field_name=owner&term=a"),
    admin("jsi18n/", GET=STAFF),
    admin(
        "r/<path:content_type_id>/<path:object_id>/", GET=NOBODY, POST=NOBODY, hidden_from=STAFF, note="no row has one"
    ),
    admin("^(?P<app_label>routing|auth|sla|handoffs|django_celery_beat|axes|admin|knox)/$", GET=STAFF, POST=STAFF),
    admin("routing/absence/from_calendar/", GET=ADMINISTRATORS, POST=ADMINISTRATORS, note="a calendar file"),
    admin("routing/user/<id>/password/", GET=SUPERUSER, POST=SUPERUSER, note="somebody else's"),
    admin("(?P<url>.*)$", GET=NOBODY, POST=NOBODY, hidden_from=STAFF),
)

MATRIX: tuple[Row, ...] = (
    *OPEN,
    *MACHINES,
    *PAGES,
    *HANDOFFS,
    *API,
    *ADMIN,
    *(row for model in MODELS for row in model.rows()),
)
"""Every row, in the order in which the document shows them."""
