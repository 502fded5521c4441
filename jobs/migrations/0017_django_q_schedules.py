"""django-q2's schedules become a view of ours."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


def table_again(apps, schema_editor):
    schema_editor.create_model(apps.get_model("django_q", "Schedule"))


class Migration(migrations.Migration):
    dependencies = [("jobs", "0016_no_truncation")]
    operations = [
        migrations.RunPython(migrations.RunPython.noop, table_again),
        migrations.RunSQL("DROP TABLE django_q_schedule", migrations.RunSQL.noop),
        migrations.RunSQL(
            (SQL / "django_q_schedule.sql").read_text(),
            (SQL / "django_q_schedule_undo.sql").read_text(),
        ),
    ]
