"""The operations of the API in words: what each is for, and what its refusals say."""

from __future__ import annotations

from handoffs.api.idempotency import HEADER

VERBS = "Verbs"
UNDO = "The acknowledgement as if it had never been; only whoever acknowledged may, for ten seconds."
WORDS: dict[str, tuple[str, str, str]] = {
    "start_handoff": (
        "Handoffs",
        "Start a handoff",
        (
            "One trigger gives one handoff: 201 with the new one, or 200 with the one that is open for the same "
            "account, type and deal, or had the same `trigger_key`. It is `received`; the engine gathers its context "
            f"and looks for an owner within seconds. With `{HEADER}`, the same request sent again within 24 hours is "
            "answered with the same status and body; another request under the same key is refused with 422."
        ),
    ),
    "list_handoffs": ("Handoffs", "List handoffs", "Those that you may see. Several filters narrow together."),
    "read_handoff": ("Handoffs", "Read a handoff", "`ETag` is its version, for `If-Match` in a change."),
    "read_package": (
        "Handoffs",
        "Read the package",
        "The snapshot that the owner works from, exactly as it was stored. 404 until the first one is compiled.",
    ),
    "read_response": (
        "Handoffs",
        "Read the response",
        (
            "What was done for the handoff. Ask for `text/markdown` to get the document alone. 409 until there is a "
            "package."
        ),
    ),
    "list_events": (
        "Handoffs",
        "Read the log",
        "Everything that was written, in that order: by `id`, and not by time.",
    ),
    "acknowledge": (VERBS, "Acknowledge", "The owner has it. It never counts as contact."),
    "take": (VERBS, "Take out of the queue", "For the members of the pool in whose queue it waits; the first has it."),
    "undo_acknowledge": (VERBS, "Take an acknowledgement back", UNDO),
    "log_contact": (
        VERBS,
        "Log the first contact",
        "Stops the clock. An earlier contact that is told later corrects the first one.",
    ),
    "book_meeting": (VERBS, "Book the first meeting", "After the first contact."),
    "return_handoff": (
        VERBS,
        "Return to the sender",
        "Releases the owner; the sender has until the resubmission clock runs out.",
    ),
    "close_handoff": (VERBS, "Record the outcome", "Converted or lost, by the meaning of the type. It ends here."),
    "resubmit": (VERBS, "Resubmit a returned handoff", "It is looked at afresh."),
    "withdraw": (VERBS, "Withdraw", "The trigger was wrong. The owner is told, and it ends here."),
    "fill_gap": (
        VERBS,
        "Fill a gap",
        (
            "Writes a missing value into the CRM and scores the package again; a blocked handoff goes on. The keys of "
            "the gaps are in `completeness.missing` of the package."
        ),
    ),
    "reassign": (VERBS, "Reassign", "Gives it to another owner, with new clocks. For managers and RevOps."),
    "retry": (VERBS, "Look again now", "For one that is received, blocked, unassigned or parked. For RevOps."),
    "list_accounts": ("Accounts", "List accounts", "Those that you may start a handoff for."),
    "read_account": ("Accounts", "Read an account", ""),
    "list_reps": ("Reps", "List colleagues", "The roster: names and functions, for `owner` and `reassign`."),
    "read_rep": ("Reps", "Read a colleague", ""),
}
DETAILS: dict[str, str] = {
    "unreadable": "The body is not JSON: line 1, column 2.",
    "invalid": "One thing is wrong with the request: see errors.",
    "unauthenticated": "Sign in, or send a token as `Authorization: Bearer <token>`.",
    "forbidden": "You see HO-300, but this is for others to do. Ask its owner, its sender or RevOps.",
    "not-found": "The address is wrong, or it belongs to people whose work you do not see.",
    "not-acceptable": "There is no answer in the format that Accept names. Ask for application/json.",
    "conflict": "HO-300 is contacted, so it cannot be acknowledged. Look at it again to see where it stands.",
    "too-large": "A body has at most 256 KB. Send less.",
    "unsupported-media-type": "A body is JSON. Send it with `Content-Type: application/json`.",
    "unprocessable": "There is no account A-9999 that you see. Check the id, or create it in the CRM.",
    "throttled": "You called too often in the last minute. Call again in 12 seconds.",
    "failed": "The answer could not be made. Look whether the change was made before you send it again.",
    "unavailable": "The database does not answer. Nothing was changed: try again in a moment.",
}
ERRORS = {
    "unreadable": [{"pointer": "#", "detail": "Send a JSON object."}],
    "invalid": [{"pointer": "#/reason", "detail": "Give this field."}],
}
EVERYWHERE = ("unauthenticated", "not-acceptable", "throttled", "failed", "unavailable")
WRITING = ("invalid", "forbidden", "conflict", "too-large", "unsupported-media-type", "unprocessable")
