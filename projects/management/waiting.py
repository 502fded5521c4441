"""What `register` and `sync` share: waiting for jobs, and telling how they ended."""

import time
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from jobs.management.contract import Contract
from jobs.models import Job, Runner
from jobs.states import State
from projects import access
from projects.addresses import Refused
from projects.registration import Registration

PATIENCE_S = 3.0  # a runner is there within a second of `up`


class Waiting(Contract):
    """A command that starts jobs and may wait for them and all they cause."""

    bad_input = (*Contract.bad_input, Refused, access.Denied)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._waited: set[int] = set()

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare `--wait`."""
        parser.add_argument("--wait", action="store_true", help="until every job has ended")

    def start(self, options: dict[str, Any]) -> Sequence[Registration]:
        """This method will enqueue the jobs."""
        raise NotImplementedError

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will start the jobs; the answer is no when it waited and one failed."""
        found = self.start(options)
        yes = not options["wait"] or self._wait(found)
        rows = [self._row(one) for one in found]
        return rows[0] if len(rows) == 1 else rows, yes

    def show(self, value: Any) -> None:
        """This method will print one line a repository, and each failure."""
        rows = value if isinstance(value, list) else [value]
        for row in rows:
            self.stdout.write(
                f"{row['project']}: {row['address']} is repository {row['repository']}, "
                f"job {row['job']} {row['state']}"
            )
        waited = chain({row["job"] for row in rows} | self._waited)
        for job in waited.filter(state=State.FAILED):
            self.stderr.write(f"job {job.pk} ({job.kind}) failed: {job.failure_message}")

    def _wait(self, found: Sequence[Registration]) -> bool:
        """A map that waited before belongs to no chain of ours, yet it maps what we fetch."""
        roots = {one.job.pk for one in found}
        same = Job.objects.filter(
            scope__in={one.repository.project_id for one in found},
            limit_key__in={one.repository.limit_key for one in found},
        )
        warn_at = time.monotonic() + PATIENCE_S
        while live := set(_ids(chain(roots).live())) | set(_ids(same.live())):
            self._waited |= live
            time.sleep(0.1)
            if time.monotonic() > warn_at and not Runner.objects.fresh().exists():
                self.stderr.write("no runner is live: the jobs wait; start one with manage.py up")
                warn_at = float("inf")
        return not chain(roots | self._waited).exclude(state=State.SUCCEEDED).exists()

    def _row(self, one: Registration) -> dict[str, Any]:
        waited = Job.objects.filter(pk__in=self._waited, limit_key=one.repository.limit_key)
        found = chain({one.job.pk, *_ids(waited)})
        states = dict(found.values_list("pk", "state"))
        worst = next(
            (state for state in (State.FAILED, State.CANCELLED) if state in states.values()),
            states[one.job.pk],
        )
        return {
            "repository": one.repository.pk,
            "project": one.repository.project.slug,
            "address": one.repository.address,
            "job": one.job.pk,
            "state": str(worst),
        }


def chain(roots: Iterable[int]) -> "QuerySet[Job]":
    """This function will give the jobs with these ids and all that they caused."""
    roots = list(roots)
    return Job.objects.filter(Q(pk__in=roots) | Q(root_id__in=roots)).order_by("pk")


def _ids(jobs: "QuerySet[Job]") -> "QuerySet[Job, int]":
    return jobs.values_list("pk", flat=True)
