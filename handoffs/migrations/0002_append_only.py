from django.db import migrations

from routing.append_only import protect


class Migration(migrations.Migration):
    """The log only grows, and a compiled package never changes."""

    dependencies = [("handoffs", "0001_initial"), ("routing", "0002_append_only")]
    operations = [
        migrations.RunPython(*protect("handoffs_event")),
        migrations.RunPython(*protect("handoffs_package")),
    ]
