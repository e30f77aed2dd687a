"""Small middlewares that set response headers for the whole site."""

from collections.abc import Callable

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse

type_of_next = Callable[[HttpRequest], HttpResponse]

# The admin's Alpine evaluates expressions and styles elements in place; no other page may.
ADMIN_POLICY = {
    "script-src": [SELF, UNSAFE_EVAL, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
    "base-uri": [NONE],
}


def no_store(get_response: type_of_next) -> type_of_next:
    """Keep pages out of every cache, since nearly all of them name people, unless a view says otherwise."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def admin_csp(get_response: type_of_next) -> type_of_next:
    """Relax the content security policy on /admin/ and nowhere else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path_info.startswith("/admin/"):
            response._csp_replace = ADMIN_POLICY  # type: ignore[attr-defined]  # django-csp reads it here
        return response

    return middleware


def client_ip(request: HttpRequest) -> str:
    """The address sign-in attempts are counted under: the one our own proxy saw, or the peer's."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    # Only the last entry was written by our proxy; those before it are whatever the client claims.
    return forwarded.rsplit(",", 1)[-1].strip() or request.META.get("REMOTE_ADDR", "")
