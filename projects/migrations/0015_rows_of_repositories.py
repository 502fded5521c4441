"""Rows of maps belong to the repository: those of current maps move, older maps had none to keep."""

from django.db import migrations, models
from django.db.models.deletion import CASCADE

# At once, not at the end of the transaction: a table with checks to come cannot be altered.
_MOVE = """
SET CONSTRAINTS ALL IMMEDIATE;
DELETE FROM {table} t WHERE NOT EXISTS (SELECT FROM repository r WHERE r.current_map_id = t.map_id);
UPDATE {table} t SET repository_id = r.id FROM repository r WHERE r.current_map_id = t.map_id;
"""
_BACK = """
SET CONSTRAINTS ALL IMMEDIATE;
DELETE FROM {table} t WHERE NOT EXISTS
  (SELECT FROM repository r WHERE r.id = t.repository_id AND r.current_map_id IS NOT NULL);
UPDATE {table} t SET map_id = r.current_map_id FROM repository r WHERE r.id = t.repository_id;
"""


def _whose(related: str, *, null: bool) -> models.ForeignKey:
    return models.ForeignKey(
        "projects.repository",
        null=null,
        on_delete=CASCADE,
        db_index=False,
        related_name=related,
        help_text="Whose map it is.",
    )


def _moved(model: str, table: str, related: str) -> list[migrations.operations.base.Operation]:
    # Optional until it is filled, in either direction.
    of_map = models.ForeignKey(
        "projects.systemmap",
        null=True,
        on_delete=CASCADE,
        related_name=related,
        help_text="The map.",
    )
    return [
        migrations.AlterField(model, "map", of_map),
        migrations.AddField(model, "repository", _whose(related, null=True)),
        migrations.RunSQL(_MOVE.format(table=table), _BACK.format(table=table)),
        migrations.RemoveField(model, "map"),
        migrations.AlterField(model, "repository", _whose(related, null=False)),
    ]


class Migration(migrations.Migration):
    dependencies = [("projects", "0014_stages_of_projects")]
    operations = [
        migrations.RemoveConstraint("mapnode", "sighting_is_unique"),
        migrations.RemoveConstraint("edge", "edge_is_unique"),
        migrations.RemoveIndex("edge", "edge_reverse"),
        *_moved("mapnode", "map_sighting", "sightings"),
        *_moved("edge", "map_edge", "edges"),
        migrations.AddConstraint(
            "mapnode",
            models.UniqueConstraint(fields=["repository", "node"], name="sighting_is_unique"),
        ),
        migrations.AddConstraint(
            "edge",
            models.UniqueConstraint(
                fields=["repository", "src", "dst", "kind"], name="edge_is_unique"
            ),
        ),
        migrations.AddIndex(
            "edge", models.Index(fields=["repository", "dst"], name="edge_reverse")
        ),
    ]
