"""The addresses of the whole site: the admin, and everything else from the handoffs app."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("handoffs.urls")),
]

handler400 = "handoffs.views.errors.bad_request"
handler403 = "handoffs.views.errors.forbidden"
handler404 = "handoffs.views.errors.not_found"
handler500 = "handoffs.views.errors.server_error"
