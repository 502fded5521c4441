"""What a handler is given: `Run`, its window to the ledger."""

import json
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Now

from jobs import db, plain, process
from jobs.events import Cause
from jobs.failures import Anticipated, Failed, FailureClass
from jobs.interruptions import Cancelled, Paused
from jobs.items import Items, Key
from jobs.kinds import Verifier
from jobs.ledger import Asked, Claim, statement
from jobs.levels import Level
from jobs.memory import Memory
from jobs.models import Artefact, Job, Progress, Stale
from jobs.reporting import Report
from jobs.states import Intent, State
from jobs.tended import Tended


class Unverified(Anticipated):
    """The work of a handler did not pass its kind's check."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message)
        self.failure_class = failed.failure_class


class Nested(Anticipated):
    """The job was to end inside a transaction of its handler."""

    failure_class = FailureClass.BUG


class Run:
    """One execution of one job."""

    def __init__(self, claim: Claim, report: Report, flush: Callable[[], None]) -> None:
        self.claim = claim
        self.completed = False
        self.committing = False
        self.starting_helper = False
        self.strikes: BaseException | None = None
        self.advanced = False
        self.limit_s = math.inf
        self.verifier: Verifier | None = None
        self._report = report
        self._flush = flush
        self._memory: Memory | None = None
        self.tended = Tended()

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

    def within(self, seconds: float) -> None:
        """This method will bound this execution more tightly than its kind does.

        Raises ValueError for what is no positive number.
        """
        if not 0 < float(seconds) < math.inf:
            raise ValueError(f"seconds: {seconds} is no limit: give a positive number")
        self.limit_s = float(seconds)

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
        with self.starting():
            child = process.start(argv, env=env, limits=limits, stdin=stdin, stdout=stdout)
            self.tend(child.pid, limits)
        return child

    @contextmanager
    def starting(self) -> Iterator[None]:
        """This method will let no interruption strike between the start of a helper and `tend`.

        It strikes as soon as the block ends: a helper that nobody knows would outlive its job.
        """
        if threading.current_thread() is not threading.main_thread():  # no signal strikes there
            yield
            return
        self.starting_helper = True
        try:
            yield
        finally:
            self.starting_helper = False
            reason, self.strikes = self.strikes, None
            if reason is not None:
                raise reason

    def tend(self, pid: int, limits: process.Limits | None = None) -> None:
        """This method will end that process group with the job, whatever becomes of the handler."""
        self.memory.starts_helper(limits)
        self.tended.add(pid)

    @property
    def memory(self) -> Memory:
        """What it holds; looked at only of a job that takes its time, or starts helpers."""
        if self._memory is None:
            self._memory = Memory()
        return self._memory

    def measure_helpers(self) -> None:
        """This method will note what the helpers held that have ended."""
        if self._memory is not None:
            self._report.holds(self._memory.held_before())

    def measure(self) -> int:
        """This method will note the memory that is held now, and give the most so far, in MiB."""
        return self._report.holds(self.memory.held(self.tended.pids()))

    def end_processes(self) -> None:
        """This method will end every process group that is tended."""
        self.tended.end()

    def close(self) -> None:
        """This method will end every process group, and what a thread of the handler starts yet."""
        self.tended.close()

    @property
    def resumed(self) -> Any:
        """What the last checkpoint kept, of this attempt or one before; None when there is none."""
        kept = Progress.objects.filter(job=self.claim.id).values_list("checkpoint", flat=True)
        return kept.first()

    def checkpoint(self, data: Any) -> None:
        """This method will keep what the handler goes on from after a pause, a crash or a retry.

        Here the job can be paused: it is left by an interruption, unless a transaction is open; then
        `data` is kept with that transaction, whose commit fails should another runner hold the job by
        then. Raises `Stale` when another runner holds the job by now, and `plain.NotPlain` for what
        cannot be stored.
        """
        values: dict[str, Any] = {
            "job": self.claim.id,
            "fence": self.claim.fence,
            "data": plain.document(data),
        }
        with connection.cursor() as cursor:
            cursor.execute(statement("checkpoint"), values)
            found = cursor.fetchone()
        if found is None:
            raise self._lost()
        self.advanced = True
        self._report.heard_at = monotonic()
        if not connection.in_atomic_block:
            self._heed(Asked._make(found))

    def _heed(self, asked: Asked) -> None:
        if asked.intent == Intent.CANCEL:
            raise Cancelled
        if asked.intent == Intent.PAUSE:
            raise Paused

    def items(
        self, keys: Sequence[Key], *, noun: str = "items", label: Callable[[Any], str] = str
    ) -> Items:
        """This method will go through the items that are not done yet, one after the other.

        `for item in items: with item: …` does one; a failure is the item's alone, and the job can be
        paused after each. Give `items.outcome()` back at the end. Uses the job's checkpoint.
        """
        return Items(self, keys, noun, label)

    def verify(self, result: Any) -> Failed | None:
        """This method will have the work checked, if the kind has a verifier: None when all is well.

        The job is `verifying` meanwhile. Raises like `completing`.
        """
        if self.verifier is None:
            gone = "Its kind has no verifier any more: nobody can say whether it succeeded."
            return Failed(FailureClass.BUG, gone) if self.claim.verifies else None
        with transaction.atomic(durable=True):
            self._move(State.RUNNING, state=State.VERIFYING)
        said = self.verifier(self, result)
        if said is None or isinstance(said, Failed):
            return said
        return Failed(FailureClass.BUG, f"Its work did not pass the check: {said}")

    @contextmanager
    def completing(self, result: dict[str, Any] | None = None) -> Iterator[None]:
        """This method will finish the job and what the block writes in one transaction.

        The finish comes first and names the fence: raises `Stale` when another runner holds the
        job by now, before anything of the block is done, `plain.NotPlain` for a result that
        cannot be stored, `Unverified` when the kind's check fails, and `Nested` inside another
        transaction, which could still take it back.
        """
        _refuse_nested()
        value = json.loads(plain.document(result))
        self._flush()
        failed = self.verify(value)
        if failed is not None:
            raise Unverified(failed)
        try:
            with transaction.atomic(durable=True):
                self._move(
                    State.VERIFYING if self.verifier else State.RUNNING,
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
                )
                yield
                self.committing = True
            self.completed = True
        finally:
            self.committing = False

    def _move(self, held: State, **fields: Any) -> None:
        """Move the job under the fence, unless somebody cancelled it."""
        mine = Job.objects.filter(pk=self.claim.id, fence=self.claim.fence, state=held)
        if not mine.exclude(intent=Intent.CANCEL).update(updated_at=Now(), **fields):
            raise self._lost()

    def _lost(self) -> BaseException:
        """Why the job did not move: it was cancelled, or is another runner's by now."""
        mine = Job.objects.filter(pk=self.claim.id, fence=self.claim.fence, intent=Intent.CANCEL)
        if mine.exists():
            return Cancelled()
        return Stale(f"Job {self.claim.id}: another runner holds it now.")


def _refuse_nested() -> None:
    """Before anything is written: what waits for the rows of an open transaction waits for itself."""
    raw = connection.connection
    by_hand = not connection.in_atomic_block and raw is not None and db.in_transaction(raw)
    try:
        if not by_hand:
            with transaction.atomic(durable=True):
                return
    except RuntimeError:  # Django's word for a transaction around it
        pass
    raise Nested("run.completing() inside a transaction: leave it first, it has one of its own.")


def _last_words() -> Func:
    """Why it ended in words, if something was asked of it: see sql/ends.sql."""
    return Func(
        Value(""),
        Value(State.SUCCEEDED.value),
        *(F(name) for name in ("intent", "intent_by", "intent_at", "reason")),
        function="job_end_reason",
        output_field=TextField(),
    )
