"""Which site the admin is."""

from django.contrib.admin.apps import AdminConfig


class HandoffsAdminConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "handoffs.views.admin_site.AdminSite"
