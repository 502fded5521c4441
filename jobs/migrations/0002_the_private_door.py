"""The triggers that hold the table of legal moves; its rows are laid by `jobs.foundation`."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]
    operations = [
        migrations.RunSQL(
            (SQL / "triggers.sql").read_text(), (SQL / "triggers_undo.sql").read_text()
        ),
    ]
