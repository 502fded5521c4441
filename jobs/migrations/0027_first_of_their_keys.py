"""A claim goes past a full key in one step, and takes the jobs of a key in order.

`job_admit` of two arguments stays where it is: runners of the code before this call it until they end.
"""

from pathlib import Path

from django.db import migrations, models
from django.db.models import F, Q

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("jobs", "0026_where_a_reason_ends")]
    operations = [
        migrations.RemoveIndex("job", "job_claim"),
        migrations.AddIndex(
            "job",
            models.Index(
                F("queue"),
                F("limit_key"),
                F("priority").desc(),
                F("id"),
                condition=Q(state="queued"),
                name="job_claim",
            ),
        ),
        migrations.AddIndex(
            "job",
            models.Index(
                F("queue"),
                F("priority").desc(),
                F("id"),
                condition=Q(state="queued") & ~Q(limit_key=""),
                name="job_keyed",
            ),
        ),
        migrations.AlterField(
            "job",
            "unique_key",
            models.CharField(
                blank=True,
                db_default="",
                help_text="At most one job that no runner ever claimed has it.",
                max_length=128,
            ),
        ),
        migrations.RunSQL((SQL / "limits.sql").read_text(), migrations.RunSQL.noop),
    ]
