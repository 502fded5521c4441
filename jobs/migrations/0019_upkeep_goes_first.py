"""The priority of a schedule's jobs; history that leaves with old jobs is vacuumed sooner."""

from django.db import migrations, models

_TABLES = ("job_move", "job_attempt", "job_log")


def _each(change: str) -> str:
    return ";".join(f"ALTER TABLE {table} {change}" for table in _TABLES)


class Migration(migrations.Migration):
    dependencies = [("jobs", "0018_traces")]
    operations = [
        migrations.AddField(
            "schedule",
            "priority",
            models.SmallIntegerField(
                db_default=0, default=0, help_text="Of its jobs: higher is claimed first."
            ),
        ),
        migrations.RunSQL(
            _each("SET (autovacuum_vacuum_scale_factor = 0.05)"),
            _each("RESET (autovacuum_vacuum_scale_factor)"),
        ),
    ]
