"""Whoever deletes a result of django-q2's forgets it; the job stays in the ledger."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("jobs", "0022_many_children")]
    operations = [
        migrations.RunSQL((SQL / "django_q.sql").read_text(), migrations.RunSQL.noop),
    ]
