"""Retention, and nothing else, may remove events."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("jobs", "0027_first_of_their_keys")]
    operations = [
        migrations.RunSQL((SQL / "triggers.sql").read_text(), migrations.RunSQL.noop),
    ]
