from django.db import migrations

from routing.append_only import protect


class Migration(migrations.Migration):
    """The fairness ledger only grows."""

    dependencies = [("routing", "0001_initial")]
    operations = [migrations.RunPython(*protect("routing_turn"))]
