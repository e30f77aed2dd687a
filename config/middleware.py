"""Small middlewares that set response headers for the whole site."""

from collections.abc import Callable

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# The admin's Alpine evaluates expressions and styles elements in place; no other page may.
ADMIN_POLICY = {
    "script-src": [SELF, UNSAFE_EVAL, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
    "base-uri": [NONE],
}


# None of our pages asks for any of these, so nothing that got into one may.
UNUSED_POWERS = ", ".join(
    f"{power}=()"
    for power in (
        *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media"),
        *("fullscreen", "geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment"),
        *("picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "usb", "xr-spatial-tracking"),
    )
)


def no_store(get_response: GetResponse) -> GetResponse:
    """Keep pages out of every cache, since nearly all of them name people, unless a view says otherwise.

    The powers of a browser that no page uses are switched off with it.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", UNUSED_POWERS)
        return response

    return middleware


def admin_csp(get_response: GetResponse) -> GetResponse:
    """Relax the content security policy on /admin/ and nowhere else."""
    for_admin: GetResponse = csp_replace(ADMIN_POLICY)(get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return for_admin(request) if request.path_info.startswith("/admin/") else get_response(request)

    return middleware


def client_ip(request: HttpRequest) -> str:
    """Behind a proxy of ours, the address it saw; sign-in attempts are counted under it."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    # Only the last entry was written by our proxy; those before it are whatever the client claims.
    return str(forwarded.rsplit(",", 1)[-1].strip() or peer_ip(request))


def peer_ip(request: HttpRequest) -> str:
    """Without a proxy, the address of whoever is connected."""
    return str(request.META.get("REMOTE_ADDR", ""))
