"""An end waits for those who let its children wait again at that moment."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("jobs", "0023_tasks_are_forgotten")]
    operations = [
        migrations.RunSQL((SQL / "dependencies.sql").read_text(), migrations.RunSQL.noop)
    ]
