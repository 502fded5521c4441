"""A runner's row names the data directory it lives in: only there its pid proves a death."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0024_children_that_wait_again")]
    operations = [
        migrations.AddField(
            "runner",
            "home",
            models.TextField(
                blank=True,
                db_default="",
                help_text="Its FACTORY_HOME there: only who shares that may prove its death by its process.",
            ),
        ),
    ]
