"""A job carries the trace of the request it came from."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0017_django_q_schedules")]
    operations = [
        migrations.AddField(
            "job",
            "trace",
            models.CharField(
                blank=True,
                db_default="",
                help_text="The request it came from, as log lines name it.",
                max_length=64,
            ),
        ),
    ]
