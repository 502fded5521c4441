"""Removing projects and repositories: their jobs and clones go with them."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from jobs import events
from jobs.failures import Anticipated, FailureClass
from jobs.models import Job
from jobs.states import HELD
from projects.models import Project, Repository

events.register(
    "repository.removed",
    version=1,
    fields={"repository": int, "address": str},
    meaning="A repository was removed, with its clone, its maps and its history.",
    lasting=True,
)
events.register(
    "project.removed",
    version=1,
    fields={"project": int, "name": str, "slug": str, "repositories": int},
    meaning="A project was removed, with all it had.",
    lasting=True,
)
_OF_REPOSITORY = re.compile(r"(\d+)\.git")


class Held(Anticipated):
    """A runner works on what should go."""

    failure_class = FailureClass.INVALID_INPUT


def remove(rows: Sequence[Project | Repository], *, by: str) -> None:
    """This function will cancel the jobs that wait for these rows, delete them, then their clones.

    A waiting job that is for others too passes over what is gone. Raises Held while a runner works
    on one of them; nothing is changed then. The database refuses to delete in any other way.
    """
    try:
        with transaction.atomic():
            _remove(rows, by)
    except IntegrityError as error:  # the guard of the database, see the migration
        raise Held("A job for it was queued meanwhile; delete it again.") from error


def _remove(rows: Sequence[Project | Repository], by: str) -> None:
    going = [repository for row in rows for repository in _repositories(row)]
    # Locked jobs are skipped by runners, so none begins while we look.
    for job in _live(rows).select_for_update().order_by("pk"):
        if job.state in HELD:
            raise Held(_sentence(job))
        if not _is_for_others(job, {repository.pk for repository in going}):
            job.cancel(by=by)
    clones = [repository.clone for repository in going]
    for row in rows:
        _publish(row, by)
        row.delete()
    # Afterwards: a deletion that is taken back must find its clones.
    transaction.on_commit(lambda: [shutil.rmtree(path, ignore_errors=True) for path in clones])


def _publish(row: Project | Repository, by: str) -> None:
    """What stays of it. A project's is for staff: nobody is a member of it any more."""
    if isinstance(row, Project):
        given = {"project": row.pk, "name": row.name, "slug": row.slug}
        given["repositories"] = row.repositories.count()
        events.publish("project.removed", given, scope=None, subject=row.name, actor=by)
        return
    told = {"repository": row.pk, "address": row.address}
    scope = row.project_id
    events.publish("repository.removed", told, scope=scope, subject=row.name, actor=by)


def hindrances(rows: Sequence[Project | Repository]) -> list[str]:
    """This function will say, in a sentence a job, why these rows cannot be removed now."""
    return [_sentence(job) for job in _live(rows).filter(state__in=HELD).order_by("pk")[:20]]


def sweep_clones() -> int:
    """This function will remove the clones on this machine whose repository is not known any more."""
    folder = Path(settings.FACTORY_HOME).resolve() / "repositories"
    listed = list(folder.glob("*.git*"))
    # Asked after the listing: a clone that is there by now has had its row for longer.
    known = set(Repository.objects.values_list("pk", flat=True))
    removed = 0
    for path in listed:
        found = _OF_REPOSITORY.match(path.name)
        if found is None or int(found[1]) in known:
            continue
        removed += path.suffix == ".git"
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return removed


def _is_for_others(job: Job, going: set[int]) -> bool:
    """Whether a job that waits to bring several has something left to bring."""
    left = set(job.arguments.get("repositories", ())) - going
    return job.kind == "projects.register_many" and Repository.objects.filter(pk__in=left).exists()


def _sentence(job: Job) -> str:
    return f"Job {job.pk} ({job.kind}) works on {job.subject}; delete when it has ended."


def _repositories(row: Project | Repository) -> Sequence[Repository]:
    return list(row.repositories.all()) if isinstance(row, Project) else [row]


def _live(rows: Sequence[Project | Repository]) -> "QuerySet[Job]":
    meant = Q(pk__in=[])
    for row in rows:
        meant |= Q(scope=row.pk) if isinstance(row, Project) else _of_repository(row)
    return Job.objects.live().filter(meant)


def _of_repository(row: Repository) -> Q:
    shared = Q(kind="projects.register_many", arguments__repositories__contains=row.pk)
    own = Q(limit_key__in=(row.limit_key, row.history_key))
    return Q(scope=row.project_id) & (own | shared)
