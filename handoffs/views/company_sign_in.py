"""The two addresses of sign-in through the company's provider: leaving for it, and coming back."""

from __future__ import annotations

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.module_loading import import_string

from handoffs.connectors.ports import SignInRefusedError
from handoffs.views.page import methods, safe_next
from handoffs.views.session import SignInForm, enter, sign_in_page

BACKEND = "handoffs.connectors.company_sign_in.CompanySignIn"
REQUEST_VIEW = "mozilla_django_oidc.views.OIDCAuthenticationRequestView"

STALE = "This sign-in was started too long ago, in another browser, or was used already. Start again."
DECLINED = "The sign-in provider did not let you in. Start again, or ask whoever runs it."

log = logging.getLogger(__name__)


@methods("GET", "HEAD")
def leave(request: HttpRequest) -> HttpResponse:
    """Sends the browser to the provider, with a state, a nonce and a code challenge kept in the session."""
    if not settings.OIDC_ISSUER:
        raise Http404
    # The extra is loaded here and not at the top, since most installations do without it.
    view = import_string(REQUEST_VIEW).as_view()
    response: HttpResponse = view(request)
    return response


@methods("GET", "HEAD")
def come_back(request: HttpRequest) -> HttpResponse:
    """Signs in whom the provider vouches for. A state counts once, in the browser it was given to."""
    if not settings.OIDC_ISSUER:
        raise Http404
    states = request.session.get("oidc_states", {})
    kept = states.pop(request.GET.get("state", ""), None)
    wanted = request.session.get("oidc_login_next") or ""
    destination = safe_next(request, wanted, otherwise=reverse("inbox"))
    if kept is None:
        return _refused(request, STALE, destination)
    # Written before anything is asked: the same answer, sent twice at once, must not count twice.
    request.session["oidc_states"] = states
    request.session.save()
    if "code" not in request.GET:
        return _refused(request, DECLINED, destination)
    try:
        user = import_string(BACKEND)().vouched(request, nonce=kept["nonce"], code_verifier=kept["code_verifier"])
    except SignInRefusedError as refusal:
        return _refused(request, str(refusal), destination)
    for name in ("oidc_states", "oidc_login_next"):
        request.session.pop(name, None)
    return enter(request, user, destination)


def _refused(request: HttpRequest, sentence: str, destination: str) -> HttpResponse:
    log.warning("Company sign-in was refused: %s", sentence)
    return sign_in_page(request, SignInForm(request), destination, status=403, trouble=sentence)
