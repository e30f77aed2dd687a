from django.db import migrations

from routing.frozen_versions import guard

on, off = guard()


class Migration(migrations.Migration):
    """What is no draft is not truncated either, and whose it was stays."""

    dependencies = [("routing", "0009_strategy_queue")]
    operations = [migrations.RunPython(off, on), migrations.RunPython(on, off)]
