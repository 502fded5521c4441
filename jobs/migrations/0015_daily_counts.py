"""The functions that count seconds by bounds, for `JobDay`."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("jobs", "0014_attempt_ends")]
    operations = [
        migrations.RunSQL(
            (SQL / "retention.sql").read_text(), (SQL / "retention_undo.sql").read_text()
        ),
    ]
