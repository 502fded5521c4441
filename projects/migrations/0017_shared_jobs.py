"""The index that finds the job which brings several repositories of a project."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("projects", "0016_artefacts"), ("jobs", "0032_pages_of_a_million")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX job_shared ON job (scope, id) WHERE kind = 'projects.register_many'",
            "DROP INDEX job_shared",
        ),
    ]
