"""What somebody said of a pause, and what came of it, are two sentences."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("jobs", "0025_home_of_a_runner")]
    operations = [migrations.RunSQL((SQL / "ends.sql").read_text(), migrations.RunSQL.noop)]
