"""Keeping files of a project: uploaded by people, or taken over from a job before it is forgotten."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import CharField, DateTimeField, F, IntegerField, Max, Value
from django.db.models.functions import Now
from django.db.models.query import QuerySet

from jobs import events, people
from jobs.models import Artefact
from jobs.models.artefact import ANY, BadArtefact, checked
from projects.models import Content, Project, ProjectArtefact
from projects.models.artefact import MOST_BYTES

MOST_OF_A_PROJECT = 1 << 30
"""So many bytes the files of a project may hold together; equal contents count once."""
PAGE = 50
MOST_PAGES = 200
_COLUMNS = (
    *("source", "pk", "name", "number", "media_type", "size", "sha256"),
    *("created_at", "made_by", "of_job", "gone", "of_project"),
)


@dataclass(frozen=True)
class Row:
    """A file as lists show it; `version` is 0 where it is a job's own, which goes with the job."""

    source: str
    pk: int
    name: str
    version: int
    media_type: str
    size: int
    sha256: str
    created_at: datetime
    who: str
    job: int | None
    removed_at: datetime | None
    project: int

    @property
    def key(self) -> str:
        """By which pages watch it."""
        return f"{self.source}-{self.pk}"

    @property
    def kept(self) -> bool:
        """Whether it is one of the project, not of a job."""
        return self.source == "project"


def register() -> None:
    """This function will make the events of files known."""
    fields = {"artefact": int, "name": str, "version": int, "sha256": str}
    for name, meaning in {
        "artefact.kept": "A version of a file was kept in a project.",
        "artefact.removed": "A maintainer removed a version of a file; its row stays.",
    }.items():
        events.register(name, version=1, fields=fields, meaning=meaning, lasting=True)


def keep(
    project: Project,
    name: str,
    data: bytes,
    *,
    media_type: str = "",
    by: str,
    job: int | None = None,
) -> ProjectArtefact:
    """This function will keep bytes as the next version of a name; what is there already stays.

    The same bytes under the same name again are the version there is. Raises `BadArtefact` and
    `Archived`.
    """
    name, media_type = checked(name, media_type or ANY)
    if len(data) > MOST_BYTES:
        raise BadArtefact(f"data of {name}: {len(data)} bytes, of {MOST_BYTES} allowed")
    digest = hashlib.sha256(data).hexdigest()
    with transaction.atomic():
        locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        locked.demand_use()
        before = ProjectArtefact.objects.filter(project=locked, name=name)
        newest = before.newest().first()
        if newest is not None and (newest.sha256, newest.media_type) == (digest, media_type):
            return newest
        made = ProjectArtefact.objects.create(
            project=locked,
            name=name,
            version=(before.aggregate(last=Max("version"))["last"] or 0) + 1,
            media_type=media_type,
            size=len(data),
            sha256=digest,
            content=_content(locked, digest, data),
            job_id=job,
            created_by=by,
        )
        _publish("artefact.kept", made, by)
    made.refresh_from_db()
    return made


def take(project: Project, found: Artefact, *, by: str) -> ProjectArtefact:
    """This function will keep what a job left, so that it outlives the job."""
    data = bytes(found.data)
    return keep(project, found.name, data, media_type=found.media_type, by=by, job=found.job_id)


def remove(artefact: ProjectArtefact, *, by: str) -> bool:
    """This function will remove the bytes of a version, and say whether they were there.

    Its row and its number stay; bytes that another version has stay, too.
    """
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=artefact.project_id)
        here = ProjectArtefact.objects.here().filter(pk=artefact.pk)
        if not here.update(content=None, removed_at=Now(), removed_by=by):
            return False
        content = Content.objects.filter(pk=artefact.content_id)
        if not ProjectArtefact.objects.filter(content=artefact.content_id).exists():
            content.delete()
        _publish("artefact.removed", artefact, by)
    return True


def listed(project: Project, name: str = "", number: int = 1) -> tuple[list[Row], bool]:
    """This function will read one page of the files of a project and its jobs, newest first.

    Without a name: the newest version of each; with one: every version, also what was removed.
    The second value says whether there is another page.
    """
    own, left = (
        ProjectArtefact.objects.filter(project=project),
        Artefact.objects.filter(scope=project.pk),
    )
    own = own.filter(name=name) if name else own.newest()
    left = left.filter(name=name) if name else left
    begin = (min(number, MOST_PAGES) - 1) * PAGE
    last = begin + PAGE + 1
    both = _own(own)[:last].union(_left(left)[:last], all=True)
    found = list(both.order_by("-created_at", "source", "-pk")[begin:last])
    return _rows(found[:PAGE]), len(found) > PAGE and number < MOST_PAGES


def rows_of(own: Collection[int], left: Collection[int]) -> list[Row]:
    """This function will read some files by their ids: of projects, and of jobs."""
    kept = _own(ProjectArtefact.objects.filter(pk__in=own))
    both = kept.union(_left(Artefact.objects.filter(pk__in=left)), all=True)
    return _rows(both.order_by())


def _own(found: "QuerySet[ProjectArtefact]") -> "QuerySet[Any]":
    told = found.annotate(
        source=Value("project", output_field=CharField()),
        number=F("version"),
        made_by=F("created_by"),
        of_job=F("job_id"),
        gone=F("removed_at"),
        of_project=F("project_id"),
    )
    return told.order_by("-created_at").values_list(*_COLUMNS)


def _left(found: "QuerySet[Artefact]") -> "QuerySet[Any]":
    told = found.annotate(
        source=Value("job", output_field=CharField()),
        number=Value(0, output_field=IntegerField()),
        made_by=Value("", output_field=CharField()),
        of_job=F("job_id"),
        gone=Value(None, output_field=DateTimeField()),
        of_project=F("scope"),
    )
    return told.order_by("-created_at").values_list(*_COLUMNS)


def _rows(found: Iterable[tuple[Any, ...]]) -> list[Row]:
    rows = [Row(*values) for values in found]
    names = people.names_of(row.who for row in rows)
    return [Row(**{**vars(row), "who": people.named(row.who, names)}) for row in rows]


def _content(project: Project, digest: str, data: bytes) -> Content:
    known = Content.objects.filter(project=project, sha256=digest).only("pk").first()
    if known is not None:
        return known
    held = ProjectArtefact.objects.here().filter(project=project)
    sizes = held.order_by("sha256").distinct("sha256").values("size")
    used = sum(row["size"] for row in sizes)
    if used + len(data) > MOST_OF_A_PROJECT:
        raise BadArtefact(
            f"data: the files of {project} hold {used} bytes, of {MOST_OF_A_PROJECT} allowed; "
            "a maintainer has to remove some"
        )
    return Content.objects.create(project=project, sha256=digest, data=data)


def _publish(event: str, artefact: ProjectArtefact, by: str) -> None:
    told = {
        "artefact": artefact.pk,
        "name": artefact.name,
        "version": artefact.version,
        "sha256": artefact.sha256,
    }
    events.publish(event, told, scope=artefact.project_id, subject=artefact.name, actor=by)
