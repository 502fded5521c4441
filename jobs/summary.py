"""A job as machines read it: the shape that commands promise."""

from typing import Any

from jobs.models import Job, Progress
from jobs.states import State

SAMPLES = 2
"""A rate is told only after so many steps."""


def describe(job: Job) -> dict[str, Any]:
    """This function will give a job's facts as plain values; times as ISO 8601 text in UTC.

    Read the job with `select_related("progress")`.
    """
    return {
        "id": job.pk,
        "kind": job.kind,
        "queue": job.queue_id,
        "state": job.state,
        "shown": getattr(job, "shown", job.state),
        "subject": job.subject,
        "priority": job.priority,
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "progress": _progress(job),
        "reason": job.reason,
        "run_after": job.run_after,
        "runner": job.runner_id,
        "arguments": job.arguments,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "updated_at": job.updated_at,
        "finished_at": job.finished_at,
        "result": job.result,
        "failure": {"class": job.failure_class, "message": job.failure_message}
        if job.state == State.FAILED or (job.failure_class and not job.is_finished)
        else None,
    }


def _progress(job: Job) -> dict[str, Any] | None:
    progress: Progress | None = getattr(job, "progress", None)
    if progress is None:
        return None
    rate = _rate_per_min(job, progress)
    left = progress.total - progress.current if progress.total is not None else None
    return {
        "current": progress.current,
        "total": progress.total,
        "percent": progress.percent,
        "item": progress.item,
        "items_done": progress.items_done,
        "items_failed": progress.items_failed,
        "rate_per_min": rate,
        "eta_s": round(left / rate * 60) if left and rate and not job.is_finished else None,
    }


def _rate_per_min(job: Job, progress: Progress) -> float | None:
    if job.started_at is None or progress.current < SAMPLES or progress.fence != job.fence:
        return None
    seconds = (progress.updated_at - job.started_at).total_seconds()
    return round(progress.current * 60 / seconds, 1) if seconds > 0 else None
