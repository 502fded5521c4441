"""What a handler is given: `Run`, its window to the ledger."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Now

from jobs import plain, process
from jobs.events import Cause
from jobs.ledger import Claim
from jobs.levels import Level
from jobs.models import Artefact, Job, Stale
from jobs.reporting import Report
from jobs.states import State


class Run:
    """One execution of one job."""

    def __init__(self, claim: Claim, report: Report, flush: Callable[[], None]) -> None:
        self.claim = claim
        self.completed = False
        self._report = report
        self._flush = flush
        self._groups: dict[int, int | None] = {}

    @property
    def job_id(self) -> int:
        """The job."""
        return self.claim.id

    @property
    def attempt(self) -> int:
        """Which attempt this is; the first is 1."""
        return self.claim.attempt

    @property
    def fence(self) -> int:
        """The claim under which it runs."""
        return self.claim.fence

    @property
    def scope(self) -> int | None:
        """The project it belongs to."""
        return self.claim.scope

    @property
    def actor(self) -> str:
        """Who asked for it, such as user:7."""
        return self.claim.created_by

    @property
    def cause(self) -> Cause:
        """What `events.publish` and follow-up jobs name as their cause."""
        return Cause(self.claim.id, self.claim.event_id, self.claim.root_id or self.claim.id)

    def progress(
        self,
        current: int,
        total: int | None = None,
        item: str = "",
        done: Sequence[str] = (),
        failed: Sequence[str] = (),
    ) -> None:
        """This method will report steps done, steps in all and what is being worked on.

        It costs microseconds: the heartbeat writes the latest report at most twice a second.
        """
        self._report.progress(current, total, item, done, failed)

    def log(self, text: str, level: Level = Level.INFO) -> None:
        """This method will add lines of one level to the job's log, secrets taken out."""
        self._report.log(text, level)

    def key(self, step: str) -> str:
        """This method will name a step for an outside effect: the same on every attempt."""
        return f"job:{self.claim.id}:{step}"

    def artefact(self, name: str, data: bytes | str, media_type: str = "") -> None:
        """This method will keep bytes or text for people to fetch from the job's page.

        Another of the same name takes its place. Raises `BadArtefact` for what is too large or
        badly named, and `Stale` when another runner holds the job.
        """
        Artefact.objects.keep(self.claim.id, self.claim.fence, name, data, media_type)

    def command(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        limits: process.Limits | None = None,
        stdin: process.Stream = process.NOTHING,
        stdout: process.Stream = process.PIPE,
    ) -> process.Child:
        """This method will start a helper process whose group ends with the job."""
        child = process.start(argv, env=env, limits=limits, stdin=stdin, stdout=stdout)
        self.tend(child.pid)
        return child

    def tend(self, pid: int) -> None:
        """This method will end that process group with the job, whatever becomes of the handler."""
        self._groups[pid] = process.started_ticks(pid)

    def end_processes(self) -> None:
        """This method will end every process group that is tended."""
        for pid, ticks in list(self._groups.items()):
            self._groups.pop(pid, None)
            # A number that went to another process since is no group of ours any more.
            if process.started_ticks(pid) in (None, ticks):
                process.end_group(pid, process.KILL)

    @contextmanager
    def completing(self, result: dict[str, Any] | None = None) -> Iterator[None]:
        """This method will finish the job and what the block writes in one transaction.

        The finish comes first and names the fence: raises `Stale` when another runner holds the
        job by now, before anything of the block is done, and `plain.NotPlain` for a result that
        cannot be stored. Refused inside another transaction, which could still take it back.
        """
        value = json.loads(plain.document(result))
        self._flush()
        with transaction.atomic(durable=True):
            finished = Job.objects.filter(
                pk=self.claim.id, fence=self.claim.fence, state=State.RUNNING
            ).update(
                state=State.SUCCEEDED,
                runner=None,
                result=value,
                reason=_last_words(),
                intent="",
                intent_by="",
                intent_at=None,
                failure_class="",
                failure_message="",
                finished_at=Now(),
                updated_at=Now(),
            )
            if not finished:
                raise Stale(f"Job {self.claim.id}: another runner holds it now.")
            yield
        self.completed = True


def _last_words() -> Func:
    """Why it ended in words, if something was asked of it: see sql/ends.sql."""
    return Func(
        Value(""),
        Value(State.SUCCEEDED.value),
        *(F(name) for name in ("intent", "intent_by", "intent_at", "reason")),
        function="job_end_reason",
        output_field=TextField(),
    )
