"""The addresses of the whole site: the admin, and everything else from the handoffs app."""

from django.contrib import admin
from django.urls import include, path

from handoffs.views import password, session

urlpatterns = [
    # One door: whoever signs in does it on our own page, under the same limits.
    path("admin/login/", session.to_admin),
    path("admin/logout/", session.sign_out),
    path("admin/password_change/", password.to_own_page),
    path("admin/", admin.site.urls),
    path("", include("handoffs.urls")),
]

handler400 = "handoffs.views.errors.bad_request"
handler403 = "handoffs.views.errors.forbidden"
handler404 = "handoffs.views.errors.not_found"
handler500 = "handoffs.views.errors.server_error"
