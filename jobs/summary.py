"""A job as machines read it: the shape that commands promise."""

from datetime import UTC, datetime
from typing import Any

from jobs.models import Job, Progress
from jobs.states import HELD, State


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
        "trace": job.trace,
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
        "asked": {"act": job.intent, "by": job.intent_by, "at": job.intent_at}
        if job.intent
        else None,
    }


def words(described: dict[str, Any]) -> str:
    """This function will say how far a described job got.

    Such as `37/120 · 4.2/min · ~20 min left · web-ui`; "" when it told nothing yet.
    """
    told = described["progress"]
    if told is None or not (told["current"] or told["total"] or told["item"]):
        return ""
    steps = f"{told['current']}/{told['total']}" if told["total"] else f"{told['current']} so far"
    return " · ".join(part for part in (steps, pace_words(described), told["item"]) if part)


def pace_words(described: dict[str, Any]) -> str:
    """This function will say a held job's rate and the time left, as far as they can be trusted."""
    told = described["progress"]
    if told is None or described["state"] not in HELD:
        return ""
    rate, left = told["rate_per_min"], told["eta_s"]
    said = (_rate_words(rate) if rate else "", "" if left is None else _left_words(left))
    return " · ".join(part for part in said if part)


def _progress(job: Job) -> dict[str, Any] | None:
    progress: Progress | None = getattr(job, "progress", None)
    if progress is None:
        return None
    present = progress.fence == job.fence
    return {
        "current": progress.current,
        "total": progress.total,
        "percent": progress.percent,
        "item": progress.item,
        "items_done": progress.items_done,
        "items_failed": progress.items_failed,
        "done_count": max(progress.done_count, len(progress.items_done)),
        "failed_count": max(progress.failed_count, len(progress.items_failed)),
        "rate_per_min": round(progress.rate * 60, 2) if progress.rate and present else None,
        "eta_s": _left(job, progress) if present else None,
        "heard_at": progress.heard_at,
        "peak_mb": progress.peak_mb,
    }


def _left(job: Job, progress: Progress) -> int | None:
    """The seconds that are left now; none of a job that waits, ended, or may be lost."""
    if progress.eta_s is None or job.state not in HELD or getattr(job, "shown", "") == "lost":
        return None
    seconds = progress.eta_s - (datetime.now(UTC) - progress.updated_at).total_seconds()
    return round(seconds) if seconds > 0 else None


def _rate_words(per_min: float) -> str:
    if per_min >= 600:
        return f"{per_min / 60:,.0f}/s"
    return f"{per_min:.0f}/min" if per_min >= 10 else f"{per_min:.2g}/min"


def _left_words(seconds: float) -> str:
    """Rounded: nobody knows it better than that."""
    for size, name in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"~{seconds / size:.0f} {name} left"
    return f"~{max(5, round(seconds / 5) * 5)} s left"
