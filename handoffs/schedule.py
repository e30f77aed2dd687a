"""Beat's three entries. They are created once; what an administrator changes afterwards stays as it is."""

from __future__ import annotations

from django_celery_beat.models import IntervalSchedule, PeriodicTask

ENTRIES = (
    ("Handoffs: everything due", "handoffs.sweep", 5),
    ("Handoffs: deliveries", "handoffs.deliver", 10),
    ("Handoffs: CRM triggers", "handoffs.start_triggers", 60),
)


def install() -> None:
    """Makes sure that the entries exist; intervals are in seconds."""
    for name, task, seconds in ENTRIES:
        every, _ = IntervalSchedule.objects.get_or_create(every=seconds, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.get_or_create(name=name, defaults={"task": task, "interval": every, "expires": None})
