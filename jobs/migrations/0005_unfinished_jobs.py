"""One index for all unfinished jobs, of projects and of none, so that counting them reads no others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0004_what_runners_do")]
    operations = [
        migrations.AddIndex(
            "job",
            models.Index(
                fields=["scope", "id"],
                condition=models.Q(
                    (
                        "state__in",
                        ("scheduled", "blocked", "queued", "paused", "running", "verifying"),
                    )
                ),
                name="job_live",
            ),
        ),
        migrations.RemoveIndex("job", "job_scope_live"),
    ]
