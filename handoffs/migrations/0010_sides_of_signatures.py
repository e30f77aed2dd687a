from django.conf import settings
from django.db import migrations, models


def _sides_of_what_was_signed(apps, _schema_editor):
    approvals = apps.get_model("handoffs", "Approval").objects
    approvals.filter(role__in=("cro", "sales_manager")).update(side="leadership")


class Migration(migrations.Migration):
    """Content is signed by two sides, and again each time it is submitted."""

    dependencies = [
        ("handoffs", "0009_alarm"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="approval",
            name="approval_once",
        ),
        migrations.AddField(
            model_name="approval",
            name="side",
            field=models.CharField(
                choices=[("revops", "RevOps"), ("leadership", "Sales leadership")], default="revops", max_length=16
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="approval",
            name="submission",
            field=models.PositiveIntegerField(default=1, help_text="Which time of asking it answers"),
        ),
        migrations.RunPython(_sides_of_what_was_signed, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="approval",
            name="role",
            field=models.CharField(
                blank=True,
                choices=[
                    ("marketing_manager", "Marketing manager"),
                    ("sales_manager", "Sales manager"),
                    ("cs_manager", "CS manager"),
                    ("revops_manager", "RevOps manager"),
                    ("revops_director", "RevOps director"),
                    ("cro", "Chief revenue officer"),
                ],
                max_length=32,
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.UniqueConstraint(
                fields=("subject_kind", "subject_id", "content_hash", "submission", "approver"), name="approval_once"
            ),
        ),
    ]
