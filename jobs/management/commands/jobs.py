"""Shows the ledger and does one act on a job, by the rules of the page."""

import time
from argparse import ArgumentParser
from typing import Any

from django.db.models import Count, Max

from jobs import board
from jobs.levels import Level
from jobs.management.contract import BadInput, Contract, actor
from jobs.models import Job, LogChunk
from jobs.redaction import visible
from jobs.states import State
from jobs.summary import describe, words

ACTS = ("cancel", "retry", "log")
LISTED = 200
FOLLOW_EVERY_S = 0.3


class Command(Contract):
    """Lists jobs, newest first; or cancels, retries or shows the log of one."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare filters and acts."""
        parser.add_argument("act", nargs="?", choices=ACTS, help="what to do with job N")
        parser.add_argument("number", nargs="?", type=int, metavar="N", help="the job's id")
        parser.add_argument("--active", action="store_true", help="only those not finished")
        parser.add_argument("--state", choices=board.WORDS, help="only those that show this word")
        parser.add_argument("--id", type=int, help="only this one")
        parser.add_argument("--summary", action="store_true", help="how many are in each state")
        levels = [level.value for level in Level]
        parser.add_argument("--level", choices=levels, help="log: lines from this level on")
        parser.add_argument("--grep", metavar="TEXT", help="log: lines that contain this text")
        parser.add_argument("--follow", action="store_true", help="log: go on until the job ends")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will list, count or act."""
        given = [f"--{one}" for one in ("level", "grep", "follow") if options[one]]
        if given and options["act"] != "log":
            raise BadInput(f"{given[0]}: it belongs to a log; write jobs log N {given[0]}")
        if options["act"]:
            return self._act(options), True
        jobs = board.shown(Job.objects.order_by("-pk"))
        if options["active"]:
            jobs = jobs.live()  # type: ignore[attr-defined]
        if options["state"]:
            jobs = board.showing(jobs, options["state"])
        if options["id"] is not None:
            return [describe(_job(options["id"]))], True
        if options["summary"]:
            counts = Job.objects.values_list("state").annotate(Count("pk"))
            return dict.fromkeys(State.values, 0) | dict(counts), True
        return [describe(job) for job in jobs[:LISTED]], True

    def show(self, value: Any) -> None:
        """This method will print one line a job, a log, or what an act changed."""
        if isinstance(value, list):
            for job in value:
                self.stdout.write(_line(job) if "kind" in job else visible(job["text"]))
            if not value:
                self.stdout.write(self._nothing)
        elif "evidence" in value:
            self.stdout.write(f"job {value['id']}: {value['before']} → {value['after']}")
            for one in value["evidence"]:
                self.stdout.write(f"  {one['sentence']}")
        else:
            for name, one in value.items():
                self.stdout.write(f"{name:<10} {one}")

    def _act(self, options: dict[str, Any]) -> Any:
        act, number = options["act"], options["number"]
        if number is None:
            raise BadInput(f"N: {act} needs a job's id; list them with manage.py jobs")
        job = _job(number)
        if act == "log":
            return self._log(job, options)
        before, known = job.state, job.moves.aggregate(last=Max("pk"))["last"] or 0
        job.cancel(by=actor()) if act == "cancel" else job.retry(by=actor())
        # Not the newest: a runner may have claimed it by now. Had it moved before, we were refused.
        ours = job.moves.filter(pk__gt=known).order_by("pk")[:1]
        evidence = [_evidence(move) for move in ours]
        return {"id": job.pk, "before": before, "after": job.state, "evidence": evidence}

    def _log(self, job: Job, options: dict[str, Any]) -> list[dict[str, Any]]:
        least, grep = Level(options["level"] or Level.DEBUG), options["grep"] or ""
        if options["follow"] and not options["json"]:
            return self._follow(job, least, grep)
        log = board.whole_log(job.pk, least, grep)
        self._nothing = _why_nothing(job, log.total)
        return [
            {"line": line.number, "level": line.level.value, "text": line.text}
            for line in log.lines
        ]

    def _follow(self, job: Job, least: Level, grep: str) -> list[dict[str, Any]]:
        last = 0
        while True:
            # Before the lines: what a job writes last is there when it has ended.
            job.refresh_from_db(fields=["state", "started_at"])
            lines, last = board.further_log(job.pk, last, least, grep)
            for line in lines:
                self.stdout.write(visible(line.text))
            self.stdout.flush()
            if job.is_finished:
                written = LogChunk.objects.filter(job=job.pk).exists()
                self._nothing = f"job {job.pk} is {job.state}" if written else _why_nothing(job, 0)
                return []
            time.sleep(FOLLOW_EVERY_S)

    _nothing = "no jobs"


def _job(number: int) -> Job:
    # Numbers no column holds find nothing, too.
    job = board.shown(Job.objects.filter(pk=number)).first()
    if job is None:
        raise BadInput(f"N: there is no job {number}; list them with manage.py jobs")
    return job


def _why_nothing(job: Job, lines: int) -> str:
    if lines:
        return f"job {job.pk}: none of its {lines} lines is of that level and contains that text"
    if job.started_at is None:
        return f"job {job.pk} has not begun: it is {job.state}"
    return f"job {job.pk} has logged nothing"


def _evidence(move: Any) -> dict[str, Any]:
    at = f"{move.at:%Y-%m-%d %H:%M:%S} UTC"
    sentence = f"{at}: {move.actor} moved it from {move.from_state} to {move.to_state}"
    return {
        "at": move.at,
        "actor": move.actor,
        "reason": move.reason,
        "sentence": f"{sentence}. {move.reason}".strip(),
    }


def _line(job: dict[str, Any]) -> str:
    steps = f"  {far}" if (far := words(job)) else ""
    why = f"  {job['reason']}" if job["reason"] else ""
    line = f"{job['id']:>8}  {job['shown']:<10} {job['kind']:<18} {job['subject']}{steps}{why}"
    return visible(line)
