"""Each line of a job's log has a level."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_the_private_door")]
    operations = [
        migrations.AddField(
            model_name="logchunk",
            name="levels",
            field=models.TextField(
                blank=True,
                db_default="",
                help_text="One letter a line: debug, info, warning or error; none means info.",
            ),
        ),
    ]
