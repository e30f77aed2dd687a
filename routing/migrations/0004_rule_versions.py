import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Who edited a version last, who ever did, and how often it was submitted."""

    dependencies = [
        ("routing", "0003_leaves_and_shared_caps"),
    ]

    operations = [
        migrations.AddField(
            model_name="ruleset",
            name="edited_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="ruleset",
            name="edited_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="ruleset",
            name="editors",
            field=models.ManyToManyField(editable=False, related_name="+", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="ruleset",
            name="submissions",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
    ]
