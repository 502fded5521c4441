"""What a job leaves for people to fetch: named bytes, removed with the job."""

import hashlib
import re
from typing import Any

from django.db import connection, models
from django.db.models.functions import Now

from jobs.models.job import Job, Stale
from jobs.plain import printable
from jobs.redaction import redact

MOST_BYTES = 4 << 20
"""The largest artefact. Larger things belong into files with an owner of their own."""
MOST_OF_A_JOB = 32
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]*")
_NAME_CHARS = 200
ANY = "application/octet-stream"
"""The type of bytes of which nobody says what they are."""
# Held, or just finished by `run.completing`: whoever names an older claim writes nothing.
_KEEP = """
INSERT INTO job_artefact (job_id, scope, fence, name, media_type, size, sha256, data)
SELECT id, scope, fence, %(name)s, %(media_type)s, %(size)s, %(sha256)s, %(data)s FROM job
WHERE id = %(job)s AND fence = %(fence)s AND state IN ('running', 'verifying', 'succeeded')
ON CONFLICT (job_id, name) DO UPDATE SET fence = excluded.fence, media_type = excluded.media_type,
  size = excluded.size, sha256 = excluded.sha256, data = excluded.data,
  created_at = statement_timestamp()
"""


class BadArtefact(ValueError):
    """It cannot be kept: the text names what of it, the cause and the cure."""


def checked(name: str, media_type: str) -> tuple[str, str]:
    """This function will give a name and a type as they are kept, or raise `BadArtefact`."""
    name = printable(name).strip()
    if not 0 < len(name) <= _NAME_CHARS or "/" in name or name.startswith("."):
        raise BadArtefact(
            f"name {name[:40]!r}: give 1 to {_NAME_CHARS} characters without / and no dot first"
        )
    if not _MEDIA_TYPE.fullmatch(media_type) or len(media_type) > 100:
        raise BadArtefact(f"media_type {media_type[:40]!r}: give one such as text/csv")
    return name, media_type


class ArtefactQuerySet(models.QuerySet["Artefact"]):
    """Artefacts of jobs."""

    def listed(self) -> "ArtefactQuerySet":
        """This method will read everything but the bytes, by name."""
        return self.defer("data").order_by("name")

    def keep(
        self, job: int, fence: int, name: str, data: bytes | str, media_type: str = ""
    ) -> None:
        """This method will store bytes, or text without secrets, under a name of the job.

        A later one of the same name takes its place, so that another attempt leaves no second one.
        Raises `BadArtefact`, and `Stale` when another runner holds the job.
        """
        media_type = media_type or ("text/plain" if isinstance(data, str) else ANY)
        name, media_type = checked(name, media_type)
        kept = redact(data).encode("utf-8", "replace") if isinstance(data, str) else bytes(data)
        if len(kept) > MOST_BYTES:
            raise BadArtefact(f"data of {name}: {len(kept)} bytes, of {MOST_BYTES} allowed")
        if self.filter(job=job).exclude(name=name).count() >= MOST_OF_A_JOB:
            raise BadArtefact(f"name {name}: the job has {MOST_OF_A_JOB} artefacts already")
        values: dict[str, Any] = {
            "job": job,
            "fence": fence,
            "name": name,
            "media_type": media_type,
            "size": len(kept),
            "sha256": hashlib.sha256(kept).hexdigest(),
            "data": kept,
        }
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, values)
            if not cursor.rowcount:
                raise Stale(f"Job {job}: another runner holds it now.")


class Artefact(models.Model):
    """Named bytes that a job left."""

    job = models.ForeignKey(
        Job,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="artefacts",
        help_text="The job that made it; it is removed with it.",
    )
    scope = models.BigIntegerField(
        null=True, blank=True, help_text="The project of the job; empty means staff only."
    )
    fence = models.BigIntegerField(help_text="The claim that wrote it.")
    name = models.CharField(max_length=_NAME_CHARS, help_text="What people call it.")
    media_type = models.CharField(max_length=100, help_text="What its bytes are, such as text/csv.")
    size = models.PositiveIntegerField(help_text="How many bytes.")
    sha256 = models.CharField(max_length=64, help_text="The digest of the bytes.")
    data = models.BinaryField(help_text="The bytes.")
    created_at = models.DateTimeField(db_default=Now(), help_text="When it was written.")

    objects = ArtefactQuerySet.as_manager()

    class Meta:
        db_table = "job_artefact"
        indexes = [
            models.Index(
                fields=["scope", "-created_at"],
                name="artefact_scope",
                condition=models.Q(scope__gt=0),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["job", "name"], name="artefact_name_is_one"),
            models.CheckConstraint(
                condition=models.Q(size__lte=MOST_BYTES), name="artefact_is_small"
            ),
        ]

    def __str__(self) -> str:
        return self.name
