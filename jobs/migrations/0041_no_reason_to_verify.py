"""The move to verifying has no reason: what stood in the row is somebody's wish, in their words."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("jobs", "0040_when_jobs_were_made")]
    operations = [
        migrations.RunSQL((SQL / "triggers.sql").read_text(), migrations.RunSQL.noop),
    ]
