"""The connectors that settings chose, one of each per process."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from handoffs.connectors.ports import CrmPort, EmailPort, LifecyclePort, MessagingPort


@cache
def crm() -> CrmPort:
    """The system of record."""
    port: CrmPort = import_string(settings.CRM_CONNECTOR)()
    return port


@cache
def lifecycle() -> LifecyclePort | None:
    """The product-usage system, if one is configured."""
    return import_string(settings.LIFECYCLE_CONNECTOR)() if settings.LIFECYCLE_CONNECTOR else None


@cache
def messaging() -> MessagingPort:
    """Chat."""
    port: MessagingPort = import_string(settings.MESSAGING_CONNECTOR)()
    return port


@cache
def email() -> EmailPort:
    """Mail."""
    port: EmailPort = import_string(settings.EMAIL_CONNECTOR)()
    return port
