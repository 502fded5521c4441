"""Which job this process carries out, and which request caused what: each log line names them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MOST = 64
"""The longest trace that is carried, in characters."""
_ids: dict[str, int | str] = {}
_carried: ContextVar[str] = ContextVar("trace", default="")


def begin(job: int, root: int | None, trace: str = "") -> None:
    """This function will note the job; `trace` is that of the request it came from.

    Without one, the first job of the chain that caused it, `root`, stands for it.
    """
    _ids.update(job_id=job, trace_id=trace or f"job:{root or job}")
    _carried.set(trace)


def end() -> None:
    """This function will note that no job is carried out."""
    _ids.clear()
    _carried.set("")


def ids() -> dict[str, int | str]:
    """This function will give what log lines carry of the job, from any thread of its process."""
    return dict(_ids)


@contextmanager
def request(trace: str) -> Iterator[None]:
    """This function will let the jobs that the block enqueues carry the trace of its request."""
    token = _carried.set(trace[:MOST])
    try:
        yield
    finally:
        _carried.reset(token)


def carried() -> str:
    """This function will give the trace that a job enqueued here carries, or ""."""
    return _carried.get()
