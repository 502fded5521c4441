"""Shows the ledger and does one act on a job, by the rules of the page."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.db.models import Count

from jobs import board
from jobs.management.contract import BadInput, Contract
from jobs.models import Job
from jobs.states import State
from jobs.summary import describe

ACTS = ("cancel", "retry", "log")
LISTED = 200


class Command(Contract):
    """Lists jobs, newest first; or cancels, retries or shows the log of one."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare filters and acts."""
        parser.add_argument("act", nargs="?", choices=ACTS, help="what to do with job N")
        parser.add_argument("number", nargs="?", type=int, metavar="N", help="the job's id")
        parser.add_argument("--active", action="store_true", help="only those not finished")
        parser.add_argument("--state", choices=State.values, help="only those in this state")
        parser.add_argument("--id", type=int, help="only this one")
        parser.add_argument("--summary", action="store_true", help="how many are in each state")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will list, count or act."""
        if options["act"]:
            return self._act(options["act"], options["number"]), True
        jobs = Job.objects.select_related("progress").order_by("-pk")
        if options["active"]:
            jobs = jobs.live()
        if options["state"]:
            jobs = jobs.filter(state=options["state"])
        if options["id"] is not None:
            return [describe(_job(options["id"]))], True
        if options["summary"]:
            counts = jobs.order_by().values_list("state").annotate(Count("pk"))
            return dict.fromkeys(State.values, 0) | dict(counts), True
        return [describe(job) for job in jobs[:LISTED]], True

    def show(self, value: Any) -> None:
        """This method will print one line a job."""
        if isinstance(value, list):
            for job in value:
                self.stdout.write(_line(job) if "kind" in job else job["text"])
            if not value:
                self.stdout.write("no jobs")
            return
        for name, one in value.items():
            self.stdout.write(f"{name:<10} {one}")

    def _act(self, act: str, number: int | None) -> Any:
        if number is None:
            raise BadInput(f"N: {act} needs a job's id; list them with manage.py jobs")
        job = _job(number)
        if act == "log":
            return [
                {"line": line.number, "text": line.text} for line in board.whole_log(job.pk).lines
            ]
        before = job.state
        by = f"command:{getpass.getuser()}"
        job.cancel(by=by) if act == "cancel" else job.retry(by=by)
        last = job.moves.order_by("-pk").values("at", "actor", "reason").first()
        return {"id": job.pk, "before": before, "after": job.state, "evidence": [last]}


def _job(number: int) -> Job:
    job = Job.objects.select_related("progress").filter(pk=number).first()
    if job is None:
        raise BadInput(f"N: there is no job {number}; list them with manage.py jobs")
    return job


def _line(job: dict[str, Any]) -> str:
    progress = job["progress"]
    steps = (
        f"  {progress['current']}/{progress['total'] or '?'} {progress['item']}" if progress else ""
    )
    why = f"  {job['reason']}" if job["reason"] else ""
    return f"{job['id']:>8}  {job['state']:<10} {job['kind']:<18} {job['subject']}{steps}{why}"
