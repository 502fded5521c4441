"""How fast a repository on this disk is mapped, by phase, and how fast others are."""

import importlib.util
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from jobs import process
from projects.git import complaints, door, reading
from projects.mapping import build, extraction
from projects.mapping.made import Map

_GRIMP = """
import sys, grimp
sys.path.insert(0, sys.argv[1])
graph = grimp.build_graph(sys.argv[2], cache_dir=None)
edges = sum(len(graph.find_modules_directly_imported_by(one)) for one in graph.modules)
print(len(graph.modules), edges)
"""


def run(path: str) -> dict[str, Any]:
    """This function will map a local repository once, cold, and give times by phase in seconds.

    Peers are timed where they are installed: grimp, on the repository's largest package. Raises
    complaints.NoSuchRepository.
    """
    git_dir = door.git_dir(Path(path))
    if git_dir is None:
        raise complaints.NoSuchRepository(f"{path[:200]!a} is not a git repository")
    clock = _Clock()
    watch = door.Watch(limits=reading.READ_LIMITS, on_progress=clock.tick)
    commit = reading.head(git_dir, watch)
    made = build.build(git_dir, commit, extraction.Tools(watch), build.NoCache())
    clock.tick("done", 1, 1)
    return {
        "phases": clock.phases | {"total": clock.total()},
        "files": made.counts["files"],
        "edges": made.counts["edges"],
        "rss_mb": max(
            resource.getrusage(who).ru_maxrss >> 10
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        ),
        "peers": _peers(Path(path), made),
    }


class _Clock:
    """Wall and processor time between changes of phase, children included."""

    def __init__(self) -> None:
        self.phases: dict[str, dict[str, float]] = {}
        self._phase = "starting"
        self._began = self._mark = _now()

    def tick(self, phase: str, current: int, total: int) -> None:
        if phase == self._phase:
            return
        now = _now()
        self.phases[self._phase] = _times(self._mark, now)
        self._phase, self._mark = phase, now

    def total(self) -> dict[str, float]:
        return _times(self._began, self._mark)


def _now() -> tuple[float, float]:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.monotonic(), sum(one.ru_utime + one.ru_stime for one in used)


def _times(old: tuple[float, float], new: tuple[float, float]) -> dict[str, float]:
    return {"wall_s": round(new[0] - old[0], 3), "cpu_s": round(new[1] - old[1], 3)}


def _peers(path: Path, made: Map) -> dict[str, Any]:
    package = _largest_package(made)
    if package is None or importlib.util.find_spec("grimp") is None or not path.is_dir():
        return {}
    root, name = package
    with tempfile.TemporaryFile() as output:
        begun = _now()
        child = process.start([sys.executable, "-c", _GRIMP, str(path / root), name], stdout=output)
        status = child.wait(600)
        times = _times(begun, _now())
        output.seek(0)
        modules, edges = ([*output.read().split(), b"0", b"0"])[:2]
    if status != 0:
        return {}
    found = {"package": name, "modules": int(modules), "edges": int(edges)}
    return {"grimp": {**times, **found}}


def _largest_package(made: Map) -> tuple[str, str] | None:
    """The folder a package is imported from, and its name."""
    paths = {file.path for file in made.files if file.path.endswith(".py")}
    sizes: Counter[str] = Counter()
    for path in paths:
        folder = path.rpartition("/")[0]
        top = ""
        while folder and f"{folder}/__init__.py" in paths:
            top, folder = folder, folder.rpartition("/")[0]
        if top:
            sizes[top] += 1
    if not sizes:
        return None
    root, _, name = sizes.most_common(1)[0][0].rpartition("/")
    return root, name
