"""The address that Slack calls when somebody presses a button: checked first, read second, answered at once."""

from __future__ import annotations

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from handoffs import pressing
from handoffs.connectors import slack_inbound
from handoffs.now import now, real_now

log = logging.getLogger(__name__)

MOST_BYTES = 256 * 1024


@csrf_exempt
def actions(request: HttpRequest) -> HttpResponse:
    """Takes one press. Without SLACK_SIGNING_SECRET there is no such address.

    401 for what Slack did not sign within five minutes, 400 for what cannot be read; everything that a person should
    know is told to them in Slack.
    """
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not settings.SLACK_SIGNING_SECRET:
        raise Http404
    if request.content_type != slack_inbound.FORM:
        return _plain(415, "Slack sends its buttons as a form.")
    try:
        raw = request.read(MOST_BYTES + 1)
    except UnreadablePostError:
        return _plain(400, "The request ended too early.")
    if len(raw) > MOST_BYTES:
        return _plain(413, "The request is too large.")
    genuine = slack_inbound.is_from_slack(
        raw,
        stamp=request.headers.get("X-Slack-Request-Timestamp", ""),
        signature=request.headers.get("X-Slack-Signature", ""),
        secrets=(settings.SLACK_SIGNING_SECRET, settings.SLACK_SIGNING_SECRET_BEFORE),
        now=real_now(),
    )
    if not genuine:
        log.warning("A call that Slack did not sign, or not just now, was refused")
        return _plain(401, "Slack did not sign this within the last five minutes.")
    try:
        pressed = slack_inbound.pressed(raw)
    except slack_inbound.UnreadableError as error:
        return _plain(400, str(error))
    if pressed.is_acknowledge:
        press = pressing.Press(
            person=pressed.person,
            conversation=pressed.conversation,
            message=pressed.message,
            at=pressed.at,
            value=pressed.value,
        )
        pressing.acknowledge(press, now=now())
    return HttpResponse(status=200)


def _plain(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
