"""What several rows are called in the admin; nothing in the database changes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("jobs", "0037_unread_of_projects")]

    operations = [
        migrations.AlterModelOptions(
            name="dependency", options={"verbose_name_plural": "dependencies"}
        ),
        migrations.AlterModelOptions(name="progress", options={"verbose_name_plural": "progress"}),
        migrations.AlterModelOptions(
            name="unjudged",
            options={"verbose_name": "job to judge", "verbose_name_plural": "jobs to judge"},
        ),
    ]
