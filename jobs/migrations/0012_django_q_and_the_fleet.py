"""What runners are asked and which code they run; django-q2's results become a view of our jobs."""

from pathlib import Path

import django.db.models.fields.json
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
INTENTS = [
    ("drain", "Drain: ends after its job, and its place stays empty"),
    ("recycle", "Recycle: ends after its job, and another takes its place"),
    ("stop", "Stop: its job gets five seconds, then goes back; its place stays empty"),
]
IS_TASK = models.Q(("kind", "django_q.task"))


def text(name, length, help_text, **options):
    field = models.CharField(
        blank=True, db_default="", help_text=help_text, max_length=length, **options
    )
    return migrations.AddField("runner", name, field)


def key(name, index):
    path = django.db.models.fields.json.KeyTextTransform(name, "arguments")
    return migrations.AddIndex("job", models.Index(path, condition=IS_TASK, name=index))


def table_again(apps, schema_editor):
    schema_editor.create_model(apps.get_model("django_q", "Task"))


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0011_who_changed_schedules"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [
        text("cluster", 64, "The process that forked it, which forks its successor, too."),
        text("version", 64, "The code it runs: version and digest of the source."),
        text("intent", 8, "What a person asked of it; it does so itself.", choices=INTENTS),
        text("intent_by", 64, "Who asked, such as user:7."),
        migrations.AddField(
            "runner",
            "intent_at",
            models.DateTimeField(blank=True, null=True, help_text="When that was asked."),
        ),
        key("id", "job_task"),
        key("group", "job_task_group"),
        migrations.RunPython(migrations.RunPython.noop, table_again),
        migrations.RunSQL("DROP TABLE django_q_task", migrations.RunSQL.noop),
        migrations.RunSQL(
            (SQL / "django_q.sql").read_text(), (SQL / "django_q_undo.sql").read_text()
        ),
    ]
