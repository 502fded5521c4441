"""The table of legal moves, the triggers that hold it, and the two queues."""

from pathlib import Path

from django.db import migrations

from jobs.states import BIRTHS, LEGAL

SQL = Path(__file__).resolve().parent.parent / "sql"
QUEUES = (
    ("short", "Quick work: bookkeeping, deliveries, checks.", 100),
    ("long", "Work of seconds to minutes: clones, maps, imports.", 1),
)


def fill(apps, schema_editor):
    legal = apps.get_model("jobs", "LegalMove")
    pairs = sorted({("", str(new)) for new in BIRTHS} | {(str(a), str(b)) for a, b in LEGAL})
    legal.objects.bulk_create(legal(from_state=a, to_state=b) for a, b in pairs)
    queue = apps.get_model("jobs", "Queue")
    queue.objects.bulk_create(
        queue(name=name, description=text, batch=batch) for name, text, batch in QUEUES
    )


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]
    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunSQL(
            (SQL / "triggers.sql").read_text(), (SQL / "triggers_undo.sql").read_text()
        ),
    ]
