"""The addresses of the whole site: the admin, and everything else from the handoffs app."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("handoffs.urls")),
]
