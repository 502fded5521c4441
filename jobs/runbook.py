"""What to do when something is wrong: one entry for each failure class and for what gets stuck.

The page `/runbook/` shows these entries, and docs/operations.md is tested to hold the same text.
"""

from typing import NamedTuple

from jobs.failures import FailureClass


class Entry(NamedTuple):
    """One symptom: what it means, the command that shows the evidence, what it prints, the cure."""

    anchor: str
    sees: str
    means: str
    command: str
    prints: str
    cure: str


ENTRIES = (
    Entry(
        FailureClass.TRANSIENT_NETWORK,
        "a job failed as transient-network",
        "a host or the database did not answer on any attempt",
        "manage.py doctor",
        "the host or service with NO or !, and why",
        "wait until doctor is well, then retry",
    ),
    Entry(
        FailureClass.RATE_LIMITED,
        "a job is paused or failed as rate-limited",
        "the other side asked us to wait; its reason says how long",
        "manage.py jobs why N",
        "the time at which it goes on by itself",
        "wait, or resume it by hand; GitHub: doctor shows the quota, a token raises it",
    ),
    Entry(
        FailureClass.AUTH,
        "a job failed as auth",
        "the token or key is refused, or the host's certificate or key is not trusted",
        "manage.py jobs log N --level error",
        "the sentence of the host",
        "give a new token or key (see Private repositories), then retry or sync",
    ),
    Entry(
        FailureClass.NOT_FOUND,
        "a job failed as not-found",
        "the address or branch does not exist, or is private",
        "manage.py jobs log N --level error",
        "the address that was asked",
        "correct it in the admin, then sync",
    ),
    Entry(
        FailureClass.INVALID_INPUT,
        "a job failed as invalid-input",
        "its arguments cannot be used, whoever tries",
        "manage.py jobs --id N --json",
        "arguments and failure.message, which names the argument",
        "enqueue another with other arguments; trying again gives the same answer",
    ),
    Entry(
        FailureClass.RESOURCE_EXHAUSTED,
        "a job failed as resource-exhausted",
        "memory, disk or a limit of its kind was used up",
        "manage.py jobs --id N --json",
        "failure.message with the limit; its page shows the most memory it held",
        "make room, or run it where there is more; then retry",
    ),
    Entry(
        FailureClass.TIMEOUT,
        "a job failed as timeout",
        "it took longer than its kind may, or gave no sign of life",
        "manage.py jobs log N",
        "its last line: what it was doing then",
        "mend what it waited for, then retry",
    ),
    Entry(
        FailureClass.WORKER_LOST,
        "a job failed as worker-lost",
        "the process that executed it died on every attempt",
        "manage.py jobs log N; dmesg",
        "its last lines; a line of the kernel if that ended it for its memory",
        "if its memory grew: FACTORY_WORKERS with fewer runners; then retry",
    ),
    Entry(
        FailureClass.BUG,
        "a job failed as bug",
        "its handler raised what nobody thought of",
        "manage.py jobs log N --level error",
        "the exception; the traceback stands in the log of qcluster",
        "mend the code, restart qcluster --rolling, then retry",
    ),
    Entry(
        FailureClass.UNKNOWN,
        "a job failed as unknown",
        "it failed in a way that has no class",
        "manage.py jobs log N",
        "what it said",
        "as its sentence says; then retry",
    ),
    Entry(
        "queued",
        "a job is queued and stays so",
        "no runner serves its queue, or a pause, a limit or others before it keep it",
        "manage.py jobs why N",
        "each cause in a sentence, such as: queue short was paused by user:7",
        "manage.py queues resume NAME, manage.py runners fill --pool NAME, or manage.py up",
    ),
    Entry(
        "blocked",
        "a job is blocked",
        "it waits for other jobs",
        "manage.py jobs why N",
        "blocked by #12 (running)",
        "wait for them, retry the one that failed, resume or cancel this one, "
        "or manage.py jobs release N --on 12",
    ),
    Entry(
        "lost",
        "a job shows lost",
        "its runner gives no sign of life and its death is not proved yet",
        "manage.py runners",
        "its runner as silent, or not at all",
        "upkeep queues it again within the lease (15 s); else manage.py jobs sync N",
    ),
    Entry(
        "cancelling",
        "a cancelled job still runs",
        "its handler has not stopped yet; it is killed after its grace",
        "manage.py jobs why N",
        "who asked when, and that it is not confirmed",
        "wait for the grace; if its runner is frozen: manage.py runners stop ID",
    ),
    Entry(
        "silent-job",
        "doctor names a silent job",
        "a running job gives no sign for longer than its kind may",
        "manage.py jobs log N --follow",
        "nothing new",
        "manage.py jobs cancel N; if that is not confirmed: manage.py restart qcluster",
    ),
    Entry(
        "wedged",
        "runners have not looked for work",
        "a claim hangs: the database keeps it waiting, or the process is frozen",
        "manage.py doctor",
        "NO ready: runners, with the seconds since the last look",
        "the watchdog ends it after 23 s; if it waits for a lock, pg_stat_activity names who holds it",
    ),
    Entry(
        "emptied",
        "no live runner in a pool: somebody emptied it",
        "a person drained or stopped its runners",
        "manage.py runners",
        "emptied, and who asked",
        "manage.py runners fill --pool NAME",
    ),
    Entry(
        "skew",
        "runners or processes run other code",
        "new code was laid on the disk and not everything was restarted",
        "manage.py doctor",
        "! code: who runs what",
        "manage.py restart qcluster --rolling; manage.py restart NAME for the others",
    ),
    Entry(
        "dead-letter",
        "a delivery is a dead letter",
        "the job that tells a subscriber of an event failed for good",
        "manage.py deliveries --dead",
        "the event, the subscriber and the failure",
        "mend the cause, then manage.py deliveries replay N",
    ),
    Entry(
        "schedule-paused",
        "a schedule was paused by upkeep",
        "it could not be fired: its kind or arguments cannot be used",
        "manage.py schedules",
        "paused, by whom and why",
        "correct it in the admin, then manage.py schedules resume NAME",
    ),
    Entry(
        "disagreement",
        "verify_board names a disagreement",
        "the board and the evidence differed at two looks",
        "manage.py verify_board",
        "what, what the board says, what is real, since when",
        "manage.py jobs sync N for a job; if it comes back: a defect, keep its output",
    ),
    Entry(
        "late-report",
        "a job shows a late report",
        "an end arrived after another claim had begun; it was recorded and changed nothing",
        "manage.py jobs --id N --json",
        "the state that counts; its page shows the report",
        "nothing: it says that a handler may have run twice, under one key",
    ),
    Entry(
        "database-away",
        "a page says that the database is away",
        "PostgreSQL does not answer",
        "manage.py doctor",
        "NO database, and why",
        "start or unfreeze it; runners keep their jobs and go on by themselves",
    ),
    Entry(
        "disk-full",
        "something cannot write below FACTORY_HOME",
        "the disk is full or turned read-only",
        "manage.py doctor",
        "NO disk, with what is free",
        "make room; everything goes on, no accepted job is lost",
    ),
)
"""In the order of the page; the ten failure classes first."""


def anchor_for(name: str) -> str:
    """This function will give the anchor of the entry of that name, or "" when there is none."""
    return name if any(entry.anchor == name for entry in ENTRIES) else ""
