"""How fast a repository on this disk is mapped, by phase, and how fast others are."""

import gc
import os
import resource
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from jobs import process
from projects.git import complaints, door, reading
from projects.mapping import bench_peers, build, extraction
from projects.mapping.said import Key

_SAMPLE_S = 0.05
Times = dict[str, float]


def run(path: str) -> dict[str, Any]:
    """This function will map a local repository, cold, and give times by phase in seconds.

    `next` is the newest commit again when all facts of the one before are known. `sum_mb` is the
    most memory that this process and its helpers held together. Peers are timed where they are
    installed. Raises complaints.NoSuchRepository.
    """
    git_dir = door.git_dir(Path(path))
    if git_dir is None:
        raise complaints.NoSuchRepository(f"{path[:200]!a} is not a git repository")
    commit = reading.head(git_dir, door.Watch())
    clock, made = _timed(git_dir, commit, build.NoCache())
    return {
        "phases": clock.phases | {"total": clock.total()},
        "files": made.counts["files"],
        "edges": made.counts["edges"],
        "rss_mb": max(
            resource.getrusage(who).ru_maxrss >> 10
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        ),
        "sum_mb": clock.sum_mb,
        **_next(git_dir, commit),
        "peers": bench_peers.run(Path(path), made),
    }


def _timed(git_dir: Path, commit: str, cache: build.Cache) -> "tuple[_Clock, build.Map]":
    clock = _Clock()
    watch = door.Watch(
        limits=reading.READ_LIMITS, on_start=clock.helpers.add, on_progress=clock.tick
    )

    def start(*arguments: Any, **options: Any) -> process.Child:
        child = process.start(*arguments, **options)
        clock.helpers.add(child.pid)
        return child

    made = build.build(git_dir, commit, extraction.Tools(watch, start), cache)
    clock.tick("done", 1, 1)
    return clock, made


def _next(git_dir: Path, commit: str) -> dict[str, Any]:
    """The newest commit after the one before it, which has to be there."""
    before = reading.before(git_dir, commit, door.Watch())
    if not before:
        return {}
    facts = _Kept()
    _timed(git_dir, before, facts)
    known = len(facts.kept)
    gc.freeze()  # as a runner does
    clock, _ = _timed(git_dir, commit, facts)
    return {"next": {**clock.total(), "read": len(facts.kept) - known}}


class _Kept(build.NoCache):
    """Facts in memory."""

    def __init__(self) -> None:
        self.kept: dict[Key, tuple[str, str]] = {}

    def known(self, wanted: Iterable[Key]) -> set[Key]:
        return self.kept.keys() & wanted

    def load(self, known: set[Key]) -> Iterator[build.Stored]:
        return ((*key, *self.kept[key]) for key in known)

    def save(self, found: list[build.Fresh]) -> None:
        self.kept.update({(blob, key): (head, said) for blob, key, head, said, _ in found})


class _Clock:
    """Wall and processor time between changes of phase, helpers included, and their memory."""

    def __init__(self) -> None:
        self.phases: dict[str, Times] = {}
        self.helpers: set[int] = {os.getpgid(0)}
        self.sum_mb = 0
        self._phase = "starting"
        self._began = self._mark = bench_peers.now()
        self._sampled = 0.0

    def tick(self, phase: str, current: int, total: int) -> None:
        if time.monotonic() - self._sampled > _SAMPLE_S:
            self._sampled = time.monotonic()
            self.sum_mb = max(self.sum_mb, sum(process.groups_mb(self.helpers)))
        if phase == self._phase:
            return
        now = bench_peers.now()
        self.phases[self._phase] = bench_peers.times(self._mark, now)
        self._phase, self._mark = phase, now

    def total(self) -> Times:
        return bench_peers.times(self._began, self._mark)
