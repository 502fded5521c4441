"""Others that read a whole repository, each timed on the same work tree where it is installed."""

import importlib.util
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from jobs import process
from projects.mapping.made import Map

PATIENCE_S = 900
_GRIMP = """
import sys, grimp
sys.path.insert(0, sys.argv[1])
graph = grimp.build_graph(sys.argv[2], cache_dir=None)
edges = sum(len(graph.find_modules_directly_imported_by(one)) for one in graph.modules)
print(len(graph.modules), edges)
"""
_PYTOKEI = """
import sys, pytokei
languages = pytokei.Languages()
languages.get_statistics([sys.argv[1]], [], pytokei.Config())
print(len(languages.get_languages_plain() or ()))
"""
_SCRIPTS = "js,jsx,mjs,cjs,ts,tsx,mts,cts"
_SPOKEN = ("JavaScript", "TypeScript", "TSX")


def run(path: Path, made: Map) -> dict[str, Any]:
    """This function will time every peer that is installed, on a repository with a work tree."""
    if not (path / ".git").exists():
        return {}
    found = {name: _timed(command) for name, command in _commands(path, made).items()}
    return {name: times for name, times in found.items() if times}


def now() -> tuple[float, float]:
    """This function will give wall and processor time, of this process and all that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.monotonic(), sum(one.ru_utime + one.ru_stime for one in used)


def times(old: tuple[float, float], new: tuple[float, float]) -> dict[str, float]:
    """This function will give the seconds between two readings of `now`."""
    return {"wall_s": round(new[0] - old[0], 3), "cpu_s": round(new[1] - old[1], 3)}


def _commands(path: Path, made: Map) -> dict[str, list[str]]:
    commands: dict[str, list[str]] = {}
    package = _largest_package(made)
    if package and importlib.util.find_spec("grimp"):
        root, name = package
        commands["grimp"] = [sys.executable, "-c", _GRIMP, str(path / root), name]
    if ctags := shutil.which("ctags"):
        commands["ctags"] = [ctags, "--recurse", "-f", "/dev/null", "--exclude=.git", str(path)]
    if importlib.util.find_spec("pytokei"):
        commands["pytokei"] = [sys.executable, "-c", _PYTOKEI, str(path)]
    if any(language in made.languages for language in _SPOKEN):
        commands |= _of_scripts(path)
    return commands


def _of_scripts(path: Path) -> dict[str, list[str]]:
    commands: dict[str, list[str]] = {}
    settings = path / "tsconfig.json"
    if madge := shutil.which("madge"):
        resolved = ["--ts-config", str(settings)] if settings.is_file() else []
        commands["madge"] = [madge, "--json", "--extensions", _SCRIPTS, *resolved, str(path)]
    if depcruise := shutil.which("depcruise"):
        resolved = ["--ts-config", str(settings)] if settings.is_file() else []
        ignored = ["--do-not-follow", "node_modules", "--exclude", "node_modules"]
        commands["dependency-cruiser"] = [
            *(depcruise, "--no-config", "--output-type", "json", "--ts-pre-compilation-deps"),
            *(*ignored, *resolved, str(path)),
        ]
    return commands


def _timed(command: list[str]) -> dict[str, Any]:
    """Nothing when it fails: a peer that broke off was not fast."""
    with tempfile.TemporaryFile() as output:
        begun = now()
        child = process.start(command, stdout=output, stderr=process.NOTHING)
        status = child.wait(PATIENCE_S)
        spent = times(begun, now())
    return {**spent} if status == 0 else {}


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
