"""What `register` and `sync` share: waiting for jobs, and telling how they ended."""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.db.models.functions import Now

from jobs.models import Job, Runner
from jobs.states import LIVE, State
from projects.models import Repository
from projects.registration import Registration

PATIENCE_S = 3.0  # a runner is there within a second of `up`


def report(command: BaseCommand, found: Sequence[Registration], options: dict[str, Any]) -> int:
    """This function will print registrations, after their jobs ended if asked; gives the status."""
    jobs = {one.job.pk for one in found}
    ok = wait(command, jobs) if options["wait"] else True
    rows = [_row(one.repository, one.job.pk) for one in found]
    if options["json"]:
        command.stdout.write(json.dumps(rows[0] if len(rows) == 1 else rows))
        return 0 if ok else 1
    for row, one in zip(rows, found, strict=True):
        command.stdout.write(
            f"{row['project']}: {one.repository.address} is repository {row['repository']}, "
            f"job {row['job']} {row['state']}"
        )
    for job in chain(jobs).filter(state=State.FAILED):
        command.stderr.write(f"job {job.pk} ({job.kind}) failed: {job.failure_message}")
    return 0 if ok else 1


def _row(repository: Repository, job: int) -> dict[str, Any]:
    states = list(chain([job]).values_list("state", flat=True))
    worst = next((state for state in (State.FAILED, State.CANCELLED) if state in states), states[0])
    return {
        "repository": repository.pk,
        "project": repository.project.slug,
        "job": job,
        "state": str(worst),
    }


def chain(roots: Iterable[int]) -> Any:
    """This function will give the jobs with these ids and all that they caused."""
    roots = list(roots)
    return Job.objects.filter(Q(pk__in=roots) | Q(root_id__in=roots)).order_by("pk")


def wait(command: BaseCommand, roots: Iterable[int]) -> bool:
    """This function will wait until every job of the chains ended, and say whether all succeeded."""
    jobs = chain(roots)
    warn_at = time.monotonic() + PATIENCE_S
    while jobs.filter(state__in=LIVE).exists():
        time.sleep(0.1)
        if time.monotonic() > warn_at and not _runners():
            command.stderr.write("no runner is live: the jobs wait; start one with manage.py up")
            warn_at = float("inf")
    return not jobs.exclude(state=State.SUCCEEDED).exists()


def _runners() -> bool:
    return Runner.objects.filter(stopped_at=None, lease_until__gt=Now()).exists()


def refused(sentence: object) -> CommandError:
    """This function will give the error that ends a command in one line, with status 2."""
    return CommandError(str(sentence), returncode=2)
