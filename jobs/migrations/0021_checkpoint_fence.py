"""A checkpoint names its claim, and its transaction is held to that when it commits."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("jobs", "0020_one_look_at_moves")]
    operations = [
        migrations.AddField(
            "progress",
            "checkpoint_fence",
            models.BigIntegerField(
                blank=True, help_text="The claim that made the checkpoint.", null=True
            ),
        ),
        migrations.RunSQL(
            (SQL / "checkpoint_fence.sql").read_text(),
            (SQL / "checkpoint_fence_undo.sql").read_text(),
        ),
    ]
