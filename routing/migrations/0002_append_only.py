from django.db import migrations

from routing.append_only import protect
from routing.frozen_versions import guard


class Migration(migrations.Migration):
    """The fairness ledger only grows, and of the rules what is no draft never changes."""

    dependencies = [("routing", "0001_initial")]
    operations = [
        migrations.RunPython(*protect("routing_turn")),
        migrations.RunPython(*guard()),
    ]
