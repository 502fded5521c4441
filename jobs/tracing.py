"""Which job this process carries out now, so that each of its log lines can name it."""

_ids: dict[str, int | str] = {}


def begin(job: int, root: int | None) -> None:
    """This function will note the job; `root` is the first job of the chain that caused it."""
    _ids.update(job_id=job, trace_id=f"job:{root or job}")


def end() -> None:
    """This function will note that no job is carried out."""
    _ids.clear()


def ids() -> dict[str, int | str]:
    """This function will give what log lines carry of the job, from any thread of its process."""
    return dict(_ids)
