"""The Celery application. The database is the truth; Celery only wakes things up."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("handoffs")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["handoffs"])


@setup_logging.connect
def keep_logging(**_: Any) -> None:
    """Being asked is all Celery needs to leave logging as Django's settings have it."""
