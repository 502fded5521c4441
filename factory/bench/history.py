"""How fast a repository's history is read and stored, beside git's own time for the same log."""

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import transaction

from factory import scratch
from factory.bench import machine
from projects import recording
from projects.git import complaints, door, log, reading
from projects.git.door import Watch
from projects.mapping.history.reading import Reader
from projects.models import Project, Repository


def run(path: str) -> dict[str, Any]:
    """This function will read a local repository's history anew into a scratch database.

    Gives seconds until names and until lines were published, then those of git alone, which writes
    the same log to nobody. Raises complaints.NoSuchRepository.
    """
    git_dir = door.git_dir(Path(path))
    if git_dir is None:
        raise complaints.NoSuchRepository(f"path {path[:200]!a} is not a git repository")
    watch = Watch(3600, 600, log.LOG_LIMITS)
    commit = reading.head(git_dir, watch)
    with scratch.database():
        ours, found = _ours(git_dir, commit, watch)
    names = _timed(lambda: log.read(git_dir, log.Wanted(commit), watch, _nobody))
    lines = _timed(lambda: log.read(git_dir, log.Wanted(commit, lines=True), watch, _nobody))
    return {
        **found,
        "ours": ours,
        "git": {"names": names, "lines": lines},
        "times_git": round(ours["complete"]["wall_s"] / max(0.001, lines["wall_s"]), 2),
        "machine": machine.describe(),
    }


def _ours(git_dir: Path, commit: str, watch: Watch) -> tuple[dict[str, Any], dict[str, Any]]:
    project = Project.objects.create(name="bench", slug="bench")
    repository = Repository.objects.create(project=project, address=str(git_dir), name="bench")
    steps: dict[str, Any] = {}
    begun = _now()
    for read in Reader(git_dir, commit, watch, watch, recording.Aside()).read(None):
        with transaction.atomic():
            history = recording.publish(repository, read, None)
        steps["complete" if read.is_final else "useful"] = _since(begun)
    counted = {
        "state": str(history.state),
        "commits": history.commits,
        "files": history.files.count(),
        "authors": history.authors.count(),
    }
    return steps, counted


def _nobody(commit: log.Commit) -> None:
    """Nobody counts: what is timed is git, and cutting its answer."""


def _timed(work: Callable[[], None]) -> dict[str, float]:
    begun = _now()
    work()
    return _since(begun)


def _now() -> tuple[float, float]:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.monotonic(), sum(one.ru_utime + one.ru_stime for one in used)


def _since(begun: tuple[float, float]) -> dict[str, float]:
    now = _now()
    return {"wall_s": round(now[0] - begun[0], 2), "cpu_s": round(now[1] - begun[1], 2)}
