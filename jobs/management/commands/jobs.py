"""Shows the ledger, and does an act on one job or on all that match, by the rules of the page."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import F, QuerySet

from jobs import board, choosing, controls, edges, groups, logbook, overall, why
from jobs.controls import Control
from jobs.levels import Level
from jobs.management.contract import BadInput, Contract, actor
from jobs.models import Job, LogChunk, Policy
from jobs.redaction import visible
from jobs.states import State
from jobs.summary import describe, words

OTHERS = ("why", "repair", "log", "depend", "release")
LISTED = 200
NAMED = 5
FOLLOW_EVERY_S = 0.3
_LOG = (("log",), "it belongs to a log; write jobs log N")
_ONLY_OF = {
    "level": _LOG,
    "grep": _LOG,
    "follow": _LOG,
    "on": (("depend", "release"), "it names what a job waits for; write jobs depend N"),
    "policy": (("depend",), "it says how a job waits for others; write jobs depend N --on ID…"),
}
"""The acts to which an option belongs, and what to do instead."""


class Command(Contract):
    """Lists jobs, newest first; or does an act on one, or on all that match."""

    help = __doc__
    bad_input = (*Contract.bad_input, BadRequest)

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare filters and acts."""
        acts = [*controls.BY_NAME, *OTHERS]
        parser.add_argument("act", nargs="?", choices=acts, help="what to do with job N")
        parser.add_argument("number", nargs="?", type=int, metavar="N", help="the job's id")
        parser.add_argument("--resume", type=int, metavar="N", help="the same as: resume N")
        parser.add_argument("--active", action="store_true", help="only those not finished")
        parser.add_argument("--state", choices=board.WORDS, help="only those that show this word")
        parser.add_argument("--kind", help="only those of this kind")
        parser.add_argument("--error", metavar="CAUSE", help="only failures of one cause")
        parser.add_argument("--id", type=int, help="only this one")
        parser.add_argument("--summary", action="store_true", help="how many are in each state")
        parser.add_argument("--health", action="store_true", help="what should not be; 1 if broken")
        parser.add_argument("--failures", action="store_true", help="the failures by cause")
        parser.add_argument("--yes", action="store_true", help="act on all that match")
        parser.add_argument("--reason", default="", help="why, for the record")
        parser.add_argument("--to", choices=State.values, help="repair: the state it is set to")
        parser.add_argument(
            "--on", type=int, nargs="+", metavar="ID", help="depend, release: the jobs it waits for"
        )
        parser.add_argument(
            "--policy",
            choices=Policy.values,
            help="depend: what becomes of it if one of those does not succeed (cancel)",
        )
        levels = [level.value for level in Level]
        parser.add_argument("--level", choices=levels, help="log: lines from this level on")
        parser.add_argument("--grep", metavar="TEXT", help="log: lines that contain this text")
        parser.add_argument("--follow", action="store_true", help="log: go on until the job ends")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will list, count or act."""
        _check_options(options)
        if options["resume"] is not None:
            options |= {"act": "resume", "number": options["resume"]}
        if options["act"]:
            return self._act(options), True
        if options["failures"]:
            self._nothing = "no failure is unread"
        if options["health"]:
            found = overall.overall()
            return overall.describe(found), found.word != "broken"
        return self._read(options), True

    def show(self, value: Any) -> None:
        """This method will print one line a job, a log, or what an act changed."""
        if isinstance(value, list):
            for one in value:
                self.stdout.write(visible(_line(one)))
            if not value:
                self.stdout.write(self._nothing)
            self.stdout.write(self._more, ending="")
        elif "evidence" in value:
            self._show_act(value)
        elif "said" in value:
            self.stdout.write(value["said"])
        elif "counters" in value:
            self._show_health(value)
        else:
            for name, one in value.items():
                self.stdout.write(f"{name:<10} {one}")

    def _show_act(self, value: dict[str, Any]) -> None:
        changed = value["before"] != value["after"]
        states = f"{value['before']} → {value['after']}" if changed else value["after"]
        made = f"; job {value['made']} is the new one" if value.get("made") else ""
        self.stdout.write(f"job {value['id']}: {states}{made}")
        for one in value["evidence"]:
            at = one.get("at") or one.get("since")
            since = f"{at:%Y-%m-%d %H:%M:%S} UTC: " if at else ""
            self.stdout.write(visible(f"  {since}{one['sentence']}"))

    def _show_health(self, value: dict[str, Any]) -> None:
        for name, one in value["counters"].items():
            first = f"  such as {', '.join(map(str, one['jobs']))}" if one["jobs"] else ""
            self.stdout.write(f"{name:<14} {one['count']}{first}")
        green = value["last_green_at"]
        told = f"{green:%Y-%m-%d %H:%M:%S} UTC" if green else "never"
        self.stdout.write(f"{value['health']}; last found true: {told}")

    def _act(self, options: dict[str, Any]) -> Any:
        act, number, control = options["act"], options["number"], None
        if act not in OTHERS:
            control = controls.BY_NAME[act]
        chosen = _filter(options)
        if number is None and control and control.bulk and chosen:
            return _act_on_all(control, chosen, options)
        if number is None:
            raise BadInput(f"N: {act} needs a job's id; list them with manage.py jobs")
        if chosen:
            raise BadInput(f"N: give either {number} or {_flags(chosen)}, not both")
        job = _job(number)
        if control:
            return control.do(job, by=actor(), reason=options["reason"]).described(number)
        if act in ("depend", "release"):
            return _tie(job, options)
        if act == "repair":
            return _repair(job, options)
        return self._log(job, options) if act == "log" else _why(job)

    def _log(self, job: Job, options: dict[str, Any]) -> list[dict[str, Any]]:
        least, grep = Level(options["level"] or Level.DEBUG), options["grep"] or ""
        if options["follow"] and not options["json"]:
            return self._follow(job, least, grep)
        log = logbook.whole_log(job.pk, least, grep)
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
            lines, last = logbook.further_log(job.pk, last, least, grep)
            for line in lines:
                self.stdout.write(visible(line.text))
            self.stdout.flush()
            if job.is_finished:
                written = LogChunk.objects.filter(job=job.pk).exists()
                self._nothing = f"job {job.pk} is {job.state}" if written else _why_nothing(job, 0)
                return []
            time.sleep(FOLLOW_EVERY_S)

    def _read(self, options: dict[str, Any]) -> Any:
        if options["id"] is not None:
            return [describe(_job(options["id"], "--id"))]
        if options["summary"]:
            return board.counts()
        if options["failures"]:
            return [_cause(group) for group in groups.of(Job.objects.all())]
        jobs = _listed(options)
        found = [describe(job) for job in jobs[:LISTED]]
        if len(found) == LISTED:
            self._more = f"{LISTED} of {jobs.count():,}: --state and --kind narrow them\n"
        return found

    _nothing, _more = "no jobs", ""


def _check_options(options: dict[str, Any]) -> None:
    for name, (acts, cure) in _ONLY_OF.items():
        if options[name] and options["act"] not in acts:
            raise BadInput(f"--{name}: {cure} --{name}")


def _job(number: int, given_as: str = "N") -> Job:
    # Numbers no column holds find nothing, too.
    job = board.shown(Job.objects.filter(pk=number)).first()
    if job is None:
        raise BadInput(f"{given_as}: there is no job {number}; list them with manage.py jobs")
    return job


def _listed(options: dict[str, Any]) -> QuerySet[Job]:
    """Newest first; of those not finished, what is in the hands of runners before what waits."""
    chosen = _filter(options)
    if not options["active"]:
        return board.shown(chosen.of(Job.objects.order_by("-pk")))
    held_first = F("runner_id").asc(nulls_last=True)
    return board.shown(chosen.of(Job.objects.live().order_by(held_first, "-pk")))


def _filter(options: dict[str, Any]) -> board.Filter:
    names = ("state", "kind", "error")
    return choosing.filter_of({name: options[name] or "" for name in names})


def _flags(chosen: board.Filter) -> str:
    return " ".join(f"--{name} {value}" for name, value in chosen.fields.items())


def _act_on_all(control: Control, chosen: board.Filter, options: dict[str, Any]) -> dict[str, Any]:
    jobs = control.among(chosen.of(Job.objects.all()))
    count, first = jobs.count(), [str(job) for job in jobs.order_by("pk")[:NAMED]]
    if not options["yes"]:
        named = f" ({', '.join(first)}{', …' if count > len(first) else ''})" if first else ""
        raise BadInput(
            f"--yes is missing: {count} jobs match {_flags(chosen)}{named}; repeat with --yes to "
            f"{control.name} them"
        )
    outcome = control.bulk(jobs, by=actor(), reason=options["reason"])  # type: ignore[misc]
    told: dict[str, Any] = {"act": control.name, "count": count, "first": first}
    return told | outcome._asdict() | {"said": controls.counted(control, outcome)}


def _repair(job: Job, options: dict[str, Any]) -> dict[str, Any]:
    if options["to"] is None or not options["reason"].strip():
        raise BadInput(
            "repair: a state and a reason are needed: jobs repair N --to STATE --reason …"
        )
    to = State(options["to"])
    return controls.repair(job, to, by=actor(), reason=options["reason"]).described(job.pk)


def _tie(job: Job, options: dict[str, Any]) -> dict[str, Any]:
    act, on, policy = options["act"], options["on"], options["policy"]
    if not on:
        raise BadInput(f"{act}: other jobs are needed: jobs {act} N --on ID…")
    if act == "depend":
        done = edges.depend(job, on, policy=policy or Policy.CANCEL, by=actor())
    else:
        done = edges.release(job, on, by=actor())
    return done.described(job.pk)


def _why(job: Job) -> dict[str, Any]:
    evidence = [why.describe(sentence) for sentence in why.why(job)]
    return {"id": job.pk, "before": job.state, "after": job.state, "evidence": evidence}


def _cause(group: groups.Group) -> dict[str, Any]:
    newest = group.newest
    return {
        "error": group.fingerprint,
        "count": group.count,
        "first_at": group.first,
        "last_at": group.last,
        "kind": newest.kind,
        "class": newest.failure_class,
        "message": newest.failure_message,
        "newest": newest.pk,
    }


def _why_nothing(job: Job, lines: int) -> str:
    if lines:
        return f"job {job.pk}: none of its {lines} lines is of that level and contains that text"
    if job.started_at is None:
        return f"job {job.pk} has not begun: it is {job.state}"
    return f"job {job.pk} has logged nothing"


def _line(job: dict[str, Any]) -> str:
    if "text" in job:
        return str(job["text"])
    if "count" in job:
        return f"{job['count']:>8}  {job['error']}  {job['class']:<18} {job['kind']:<18} {job['message']}"
    steps = f"  {far}" if (far := words(job)) else ""
    # One line a job, whatever a failure's message looks like.
    reason = f"  {' '.join(job['reason'].split())}" if job["reason"] else ""
    line = f"{job['id']:>8}  {job['shown']:<10} {job['kind']:<18} {job['subject']}{steps}{reason}"
    return line
