"""What readiness asks of runners: when they last looked, and how long they may be busy."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_log_levels")]
    operations = [
        migrations.AddField(
            "runner",
            "looked_at",
            models.DateTimeField(
                db_default=Now(),
                help_text="When it last claimed, proved its queue empty, or took up a job.",
            ),
        ),
        migrations.AddField(
            "runner",
            "busy_until",
            models.DateTimeField(
                blank=True,
                null=True,
                help_text="Until then the job in its hands may take; empty when it has none.",
            ),
        ),
        migrations.AddField(
            "runner",
            "idle_since",
            models.DateTimeField(
                blank=True,
                null=True,
                help_text="Since then every look found its queue empty.",
            ),
        ),
    ]
