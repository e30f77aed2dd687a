from django.db import migrations

from routing.frozen_versions import guard


class Migration(migrations.Migration):
    """What is no draft never changes."""

    dependencies = [("routing", "0004_rule_versions")]
    operations = [migrations.RunPython(*guard())]
