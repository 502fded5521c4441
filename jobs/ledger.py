"""The hot statements of the ledger, prepared on a raw connection."""

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

from jobs import db
from jobs.db import Connection
from jobs.db import statement as statement
from jobs.failures import Failed, RateLimited, retry_delay
from jobs.states import State

log = logging.getLogger("jobs")

_TYPES = "bigint[], bigint[], text[], text[], text[], text[], text[], float8[], text[], int, bigint"
LOCK_CLASS = 0x6A6F62
"""The first key of the advisory lock each runner holds; the second is its id."""
MOST_FREE = 30_000
"""From this attempt on every pause costs one: what pauses for ever ends some day."""
RETRY_AT_ONCE_S = 0.2
"""A shorter delay than this is no delay: promoting takes upkeep as long."""


class Claim(NamedTuple):
    """A job in the hands of this runner, under this fence."""

    id: int
    fence: int
    kind: str
    arguments: dict[str, Any]
    attempt: int
    max_attempts: int
    scope: int | None
    subject: str
    created_by: str
    root_id: int | None
    event_id: int | None
    priority: int
    verifies: bool = False
    trace: str = ""


class Held(NamedTuple):
    """A claim by its name alone."""

    id: int
    fence: int


class Asked(NamedTuple):
    """What somebody asked of a held job: see `jobs.states.Intent`."""

    id: int
    fence: int
    intent: str
    by: str


class Ending(NamedTuple):
    """How one execution ended; `result` is JSON text and `delay` is in seconds."""

    id: int
    fence: int
    state: str
    result: str | None
    failure_class: str
    message: str
    reason: str
    delay: float


def success(claim: Claim, result: str | None) -> Ending:
    """This function will end a claim well."""
    return Ending(claim.id, claim.fence, State.SUCCEEDED.value, result, "", "", "", 0)


def failure(claim: Claim, failed: Failed) -> Ending:
    """This function will end a claim badly, or give it another attempt where policy allows one."""
    delay = retry_delay(failed.failure_class, claim.attempt)
    attempts = f"of {claim.max_attempts}" if delay is not None else "is not tried again"
    last = f"Attempt {claim.attempt} {attempts}: {failed.message}"
    if delay is None or claim.attempt >= claim.max_attempts:
        state, delay = State.FAILED, 0.0
    else:
        state = State.SCHEDULED if delay > RETRY_AT_ONCE_S else State.QUEUED
    return Ending(
        claim.id,
        claim.fence,
        state.value,
        None,
        str(failed.failure_class),
        failed.message,
        last,
        delay,
    )


def cancelled(claim: Claim) -> Ending:
    """This function will end a claim whose handler was stopped because somebody cancelled the job."""
    return Ending(claim.id, claim.fence, State.CANCELLED.value, None, "", "", "", 0)


def stopped(claim: Claim) -> Ending:
    """This function will end a claim at a checkpoint, at no cost; what is asked of the job says what
    becomes of it: without any intent it goes on.
    """
    reason = "It stopped at a checkpoint."
    return Ending(claim.id, claim.fence, State.QUEUED.value, None, "", "", reason, 0)


def rate_limited(claim: Claim, error: RateLimited, *, advanced: bool) -> Ending:
    """This function will pause a job until its rate limit is over.

    That costs an attempt, and the last one fails, unless the execution `advanced` the work; after
    `MOST_FREE` attempts it costs one all the same.
    """
    said, state = str(error), State.PAUSED.value
    if advanced and claim.attempt < MOST_FREE:
        return Ending(claim.id, claim.fence, state, None, "", "", said, error.retry_after)
    if claim.attempt >= claim.max_attempts:
        return failure(claim, Failed(error.failure_class, said))
    kind = str(error.failure_class)
    return Ending(claim.id, claim.fence, state, None, kind, said, said, error.retry_after)


class Ledger:
    """The hot statements on one connection, which only its thread uses; `runner` is who speaks."""

    def __init__(self, raw: Connection, runner: int = 0) -> None:
        self.raw = raw
        self.runner = runner
        # The statements are planned once, perhaps while the table is empty: forbid the plans
        # that would be ruinous when it is not.
        db.rows(raw, "SET enable_seqscan = off; SET enable_hashjoin = off")
        db.rows(raw, "SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan")
        db.rows(raw, f"PREPARE finish_and_claim ({_TYPES}) AS {statement('finish_and_claim')}")

    def finish_and_claim(
        self, endings: Sequence[Ending], queue: str, most: int, runner: int
    ) -> tuple[list[Claim], list[int]]:
        """This method will write ends and claim up to `most` jobs, highest priority first.

        Gives the claims, and the ids whose end was refused because another holds them now.
        """
        claims, refused = self._finish_and_claim(endings, queue, most, runner)
        self._record_refused(endings, refused)
        return claims, refused

    def finish(self, endings: Sequence[Ending], ended_at: str | None = None) -> list[int]:
        """This method will write ends only, and give the ids whose end was refused."""
        if not endings:
            return []
        refused = self._finish_and_claim(endings, "", 0, 0)[1]
        self._record_refused(endings, refused, ended_at)
        return refused

    def record_late(
        self, endings: Sequence[Ending], ended_at: str | None, *, accepted: bool
    ) -> list[int]:
        """This method will record ends that came late, and give the jobs that had not come before."""
        if not endings:
            return []
        values = {
            "runner": self.runner,
            "ended_at": ended_at,
            "accepted": accepted,
            "ids": [ending.id for ending in endings],
            "fences": [ending.fence for ending in endings],
            "states": [ending.state for ending in endings],
            "classes": [ending.failure_class for ending in endings],
            "messages": [ending.message for ending in endings],
            "results": [ending.result for ending in endings],
        }
        return [job for (job,) in db.rows(self.raw, statement("late_report"), values)]

    def _record_refused(
        self, endings: Sequence[Ending], refused: Sequence[int], ended_at: str | None = None
    ) -> None:
        late = [ending for ending in endings if ending.id in refused] if refused else []
        for job in self.record_late(late, ended_at, accepted=False):
            log.warning("job %s: its late report was refused by the fence", job)

    def _finish_and_claim(
        self, endings: Sequence[Ending], queue: str, most: int, runner: int
    ) -> tuple[list[Claim], list[int]]:
        # In the order of their ids, as everybody locks jobs of which others wait for the end.
        columns = [list(column) for column in zip(*sorted(endings), strict=True)] or [[]] * 8
        found = db.rows(
            self.raw,
            "EXECUTE finish_and_claim(%s::bigint[], %s::bigint[], %s::text[], %s::text[],"
            " %s::text[], %s::text[], %s::text[], %s::float8[], %s::text[], %s, %s)",
            [*columns, [queue], most, runner],
        )
        claims = [Claim._make(row) for row in found if row[1] is not None]
        claims.sort(key=lambda claim: (-claim.priority, claim.id))
        return claims, [row[0] for row in found if row[1] is None]

    def hand_back(self, claims: Sequence[Claim | Held], reason: str) -> None:
        """This method will queue claimed jobs again, unstarted or interrupted, attempts not counted."""
        db.rows(
            self.raw,
            statement("hand_back"),
            {
                "ids": [claim.id for claim in claims],
                "fences": [claim.fence for claim in claims],
                "reason": reason,
            },
        )

    def disown(self, runner: int, known: Sequence[int]) -> None:
        """This method will queue again what the runner holds without knowing it.

        That is what remains when the answer to a claim was lost with its connection.
        """
        db.rows(self.raw, statement("disown"), {"runner": runner, "known": list(known)})

    def held(self, runner: int) -> list[Held]:
        """This method will list what is running in the name of this runner."""
        return [Held._make(row) for row in db.rows(self.raw, statement("held"), {"runner": runner})]

    def asked(self, runner: int) -> list[Asked]:
        """This method will list what is asked of the jobs this runner holds."""
        found = db.rows(self.raw, statement("asked"), {"runner": runner})
        return [Asked._make(row) for row in found]

    def holds(self, job: int, fence: int) -> bool:
        """This method will say whether that claim is still in force."""
        found = db.rows(
            self.raw,
            "SELECT 1 FROM job WHERE id = %s AND fence = %s AND state IN ('running', 'verifying')",
            (job, fence),
        )
        return bool(found)
