"""What jobs leave for people to fetch, and the way to the few jobs among many that did not succeed."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("jobs", "0005_unfinished_jobs")]
    operations = [
        migrations.CreateModel(
            name="Artefact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="The job that made it; it is removed with it.",
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="artefacts",
                        to="jobs.job",
                    ),
                ),
                ("fence", models.BigIntegerField(help_text="The claim that wrote it.")),
                ("name", models.CharField(help_text="What people call it.", max_length=200)),
                (
                    "media_type",
                    models.CharField(
                        help_text="What its bytes are, such as text/csv.", max_length=100
                    ),
                ),
                ("size", models.PositiveIntegerField(help_text="How many bytes.")),
                ("sha256", models.CharField(help_text="The digest of the bytes.", max_length=64)),
                ("data", models.BinaryField(help_text="The bytes.")),
                (
                    "created_at",
                    models.DateTimeField(db_default=Now(), help_text="When it was written."),
                ),
            ],
            options={
                "db_table": "job_artefact",
                "constraints": [
                    models.UniqueConstraint(fields=["job", "name"], name="artefact_name_is_one"),
                    models.CheckConstraint(
                        condition=models.Q(size__lte=4 << 20), name="artefact_is_small"
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            "job",
            models.Index(
                fields=["state", "id"],
                condition=models.Q(state__in=("failed", "cancelled")),
                name="job_unsuccessful",
            ),
        ),
        migrations.RunSQL(
            (SQL / "artefacts.sql").read_text(),
            "DROP TRIGGER job_artefacts_removed ON job; DROP FUNCTION job_artefacts_removed();",
        ),
    ]
