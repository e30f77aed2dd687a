"""The admin's site: for staff alone, in and out by the product's own pages, so that the same limits hold here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from handoffs.views.errors import NO_ADMIN, trouble
from handoffs.views.page import demo_time, methods
from handoffs.views.password import to_own_page
from handoffs.views.session import sign_out, to_admin
from routing.models import User

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite as ThemedSite
else:
    # Not from routing.admin_base: that registers models of Django's, and so needs the site.
    from unfold.sites import UnfoldAdminSite as ThemedSite

View = Callable[..., HttpResponse]


class AdminSite(ThemedSite):
    """Strangers sign in, who is no staff is told so, and methods that no form sends are refused."""

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        inner: View = super().admin_view(view, cacheable)

        # Django's views take any other method for GET.
        @methods("GET", "HEAD", "POST")
        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not self.has_permission(request):
                return trouble(request, NO_ADMIN)
            return inner(request, *args, **kwargs)

        return guarded

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page of the admin knows; in a demo, its time and the way back for its clock."""
        shared: dict[str, Any] = super().each_context(request)
        if isinstance(request.user, User):
            shared |= {"demo_time": demo_time(request.user), "here": request.get_full_path()}
        return shared

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return to_admin(request)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return sign_out(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return to_own_page(request)
