"""System maps and their rows."""

import json
import zlib
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now

from projects.models.project import seen_by
from projects.models.repository import Repository


class SystemMapQuerySet(models.QuerySet["SystemMap"]):
    """Questions about maps."""

    def visible_to(self, user: Any) -> "SystemMapQuerySet":
        """This method will keep the maps of the projects a user may see."""
        return seen_by(self, user, "repository__project")


class SystemMap(models.Model):
    """What was true of one commit, and how it was found. Never changed once published."""

    repository = models.ForeignKey(
        Repository, on_delete=models.CASCADE, related_name="maps", help_text="What is mapped."
    )
    commit = models.CharField(max_length=64, help_text="The commit it is true of.")
    extractor = models.CharField(max_length=20, help_text="The version of the code that made it.")
    digest = models.CharField(
        max_length=64, help_text="sha256 of the document: equal digests are equal maps."
    )
    counts = models.JSONField(help_text="Files seen, parsed and skipped by reason, edges, cycles.")
    languages = models.JSONField(help_text="Files, bytes and lines of each language.")
    structure = models.JSONField(
        default=dict, db_default={}, help_text="What the repository is made of, from its files."
    )
    document = models.BinaryField(
        help_text="Files, edges and skips as canonical JSON, compressed: all that older maps keep."
    )
    built_at = models.DateTimeField(db_default=Now(), help_text="When it was published.")
    pinned = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether somebody wants it kept, however old it becomes.",
    )
    job = models.ForeignKey(
        "jobs.Job",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The job that made it.",
    )

    objects = SystemMapQuerySet.as_manager()

    class Meta:
        db_table = "system_map"
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "commit", "extractor"], name="map_is_unique_for_its_commit"
            ),
            models.CheckConstraint(
                condition=Q(commit__regex=r"^([0-9a-f]{40}|[0-9a-f]{64})$"),
                name="map_has_a_commit",
            ),
            models.CheckConstraint(
                condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="map_has_a_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"map of {self.commit[:12]}"

    def content(self) -> dict[str, Any]:
        """This method will unpack the document: files, edges, skips."""
        document: dict[str, Any] = json.loads(zlib.decompress(self.document))
        return document


class Node(models.Model):
    """Something on a repository's maps, the same row from map to map."""

    class Kind(models.TextChoices):
        """What a node is."""

        FILE = "file", "A file of the repository"
        PACKAGE = "package", "A folder that is imported as a whole; its path ends in a slash"

    repository = models.ForeignKey(
        Repository, on_delete=models.CASCADE, related_name="nodes", help_text="Where it is."
    )
    kind = models.CharField(max_length=10, choices=Kind.choices, help_text="What it is.")
    path = models.TextField(help_text="Its path; names that cannot be printed are escaped.")

    class Meta:
        db_table = "map_node"
        constraints = [
            models.UniqueConstraint(fields=["repository", "kind", "path"], name="node_is_unique"),
            models.CheckConstraint(
                condition=Q(kind__in=["file", "package"]), name="node_kind_is_known"
            ),
            models.CheckConstraint(condition=~Q(path=""), name="node_has_a_path"),
        ]

    def __str__(self) -> str:
        return self.path


class MapNode(models.Model):
    """One node as the current map of its repository shows it; older maps have no rows."""

    repository = models.ForeignKey(
        Repository,
        on_delete=models.CASCADE,
        db_index=False,  # the constraint has one that begins with it
        related_name="sightings",
        help_text="Whose map it is.",
    )
    node = models.ForeignKey(
        Node, on_delete=models.CASCADE, related_name="sightings", help_text="The node."
    )
    blob = models.CharField(max_length=64, help_text="The content git stores for it.")
    language = models.CharField(max_length=40, help_text="Its language, from its name.")
    bytes = models.BigIntegerField(help_text="Its size.")
    lines = models.BigIntegerField(help_text="Its lines; 0 when it is not text.")
    definitions = models.IntegerField(help_text="Classes and functions defined in it.")
    skip = models.CharField(
        max_length=40, blank=True, help_text="Why its imports are not known; empty when they are."
    )

    role = models.CharField(
        max_length=20,
        blank=True,
        db_default="",
        help_text="What it is for, such as test or generated; empty for the code itself.",
    )
    component = models.TextField(
        blank=True, db_default="", help_text="The component it belongs to; empty at the top."
    )

    reader = models.CharField(
        max_length=40, blank=True, db_default="", help_text="Under whose name its facts are kept."
    )

    class Meta:
        db_table = "map_sighting"
        constraints = [
            models.UniqueConstraint(fields=["repository", "node"], name="sighting_is_unique"),
            models.CheckConstraint(
                condition=Q(bytes__gte=0, lines__gte=0, definitions__gte=0),
                name="sighting_sizes_are_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.node} of {self.repository}"


class Edge(models.Model):
    """One file needs another on the current map of a repository; older maps have no rows."""

    class Kind(models.TextChoices):
        """Why one file needs another."""

        IMPORT = "import", "The source imports the target"
        PART = "part", "The target is part of the source, a package"

    repository = models.ForeignKey(
        Repository,
        on_delete=models.CASCADE,
        db_index=False,  # the constraint has one that begins with it
        related_name="edges",
        help_text="Whose map it is.",
    )
    src = models.ForeignKey(
        Node, on_delete=models.CASCADE, related_name="+", help_text="The file that needs."
    )
    dst = models.ForeignKey(
        Node, on_delete=models.CASCADE, related_name="+", help_text="The file that is needed."
    )
    kind = models.CharField(max_length=10, choices=Kind.choices, help_text="Why.")
    lines = ArrayField(models.IntegerField(), help_text="Where the source says so; the evidence.")

    class Meta:
        db_table = "map_edge"
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "src", "dst", "kind"], name="edge_is_unique"
            ),
            models.CheckConstraint(condition=~Q(src=models.F("dst")), name="edge_has_two_ends"),
            models.CheckConstraint(
                condition=Q(kind__in=["import", "part"]), name="edge_kind_is_known"
            ),
            models.CheckConstraint(condition=Q(lines__len__gt=0), name="edge_has_evidence"),
        ]
        indexes = [models.Index(fields=["repository", "dst"], name="edge_reverse")]

    def __str__(self) -> str:
        return f"{self.src} → {self.dst}"


class BlobFacts(models.Model):
    """What one file's content says, whoever's it is: shared by all repositories."""

    blob = models.CharField(max_length=64, help_text="The content, by git's own name for it.")
    language = models.CharField(
        max_length=40, help_text="Who read it; a hyphen when only its lines were counted."
    )
    extractor = models.CharField(max_length=20, help_text="The version of the code that read it.")
    facts = models.JSONField(help_text="Lines, imports and definitions with their lines.")
    names = models.GeneratedField(
        expression=Func(
            F("facts"), Value("$.definitions[*][1]"), function="jsonb_path_query_array"
        ),
        output_field=models.JSONField(),
        db_persist=True,
        help_text="The names it defines, in the order of its definitions; what a search reads.",
    )
    created_at = models.DateTimeField(db_default=Now(), help_text="When it was read.")

    class Meta:
        db_table = "blob_facts"
        verbose_name_plural = "blob facts"
        constraints = [
            models.UniqueConstraint(
                fields=["blob", "language", "extractor"], name="facts_are_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.language} {self.blob[:12]}"
