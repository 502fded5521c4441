"""What `register` and `sync` share: waiting for jobs, and telling how they ended."""

import time
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from jobs.management.contract import Contract
from jobs.models import Job, Runner
from jobs.states import LIVE, State
from projects import access
from projects.addresses import Refused
from projects.registration import Registration

PATIENCE_S = 3.0  # a runner is there within a second of `up`


class Waiting(Contract):
    """A command that starts jobs and may wait for them and all they cause."""

    bad_input = (*Contract.bad_input, Refused, access.Denied)

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare `--wait`."""
        parser.add_argument("--wait", action="store_true", help="until every job has ended")

    def start(self, options: dict[str, Any]) -> Sequence[Registration]:
        """This method will enqueue the jobs."""
        raise NotImplementedError

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will start the jobs; the answer is no when it waited and one failed."""
        found = self.start(options)
        yes = not options["wait"] or self._wait({one.job.pk for one in found})
        rows = [_row(one) for one in found]
        return rows[0] if len(rows) == 1 else rows, yes

    def show(self, value: Any) -> None:
        """This method will print one line a repository, and each failure."""
        rows = value if isinstance(value, list) else [value]
        for row in rows:
            self.stdout.write(
                f"{row['project']}: {row['address']} is repository {row['repository']}, "
                f"job {row['job']} {row['state']}"
            )
        for job in chain({row["job"] for row in rows}).filter(state=State.FAILED):
            self.stderr.write(f"job {job.pk} ({job.kind}) failed: {job.failure_message}")

    def _wait(self, roots: Iterable[int]) -> bool:
        jobs = chain(roots)
        warn_at = time.monotonic() + PATIENCE_S
        while jobs.filter(state__in=LIVE).exists():
            time.sleep(0.1)
            if time.monotonic() > warn_at and not Runner.objects.fresh().exists():
                self.stderr.write("no runner is live: the jobs wait; start one with manage.py up")
                warn_at = float("inf")
        return not jobs.exclude(state=State.SUCCEEDED).exists()


def chain(roots: Iterable[int]) -> "QuerySet[Job]":
    """This function will give the jobs with these ids and all that they caused."""
    roots = list(roots)
    return Job.objects.filter(Q(pk__in=roots) | Q(root_id__in=roots)).order_by("pk")


def _row(one: Registration) -> dict[str, Any]:
    states = list(chain([one.job.pk]).values_list("state", flat=True))
    worst = next((state for state in (State.FAILED, State.CANCELLED) if state in states), states[0])
    return {
        "repository": one.repository.pk,
        "project": one.repository.project.slug,
        "address": one.repository.address,
        "job": one.job.pk,
        "state": str(worst),
    }
