"""The trigger of moves joins what was with what is once, not twice."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

class Migration(migrations.Migration):
    dependencies = [("jobs", "0019_upkeep_goes_first")]
    operations = [
        migrations.RunSQL((SQL / "triggers.sql").read_text(), migrations.RunSQL.noop),
    ]
