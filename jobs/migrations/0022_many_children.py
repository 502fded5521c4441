"""An end judges a thousand children at most; upkeep judges the others."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("jobs", "0021_checkpoint_fence")]
    operations = [
        migrations.CreateModel(
            name="Unjudged",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "child",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="The job that may go on, or is to be cancelled.",
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="jobs.job",
                    ),
                ),
            ],
            options={"db_table": "job_unjudged"},
        ),
        migrations.RunSQL((SQL / "dependencies.sql").read_text(), migrations.RunSQL.noop),
    ]
