"""The map of any commit, as commands need it: the stored one, or one that is made and not kept."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from projects.git import complaints, door, reading
from projects.management import answers
from projects.mapping import build, extraction, files

if TYPE_CHECKING:
    from projects.models import Repository


class Definitions(build.NoCache):
    """Keeps what blobs define while one map is made, for whoever asks afterwards."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], str] = {}

    def save(self, found: list[build.Fresh]) -> None:
        """This method will keep definitions alone."""
        self._kept |= {(fact[0], fact[1]): fact[4] for fact in found}

    def of(self, wanted: Sequence[tuple[str, str]]) -> dict[str, list[Any]]:
        """This method will give what some (path, blob) define."""
        keys = {path: (blob, files.reader_of(path)) for path, blob in wanted}
        return {path: json.loads(self._kept.get(key, "[]")) for path, key in keys.items()}


def once(path: str, at: str, cache: build.Cache | None = None) -> answers.Answer:
    """This function will map a local repository that is not registered; raises git's complaints."""
    git_dir = door.git_dir(Path(path))
    if git_dir is None:
        raise complaints.NoSuchRepository(
            f"repository {path[:200]!a} is not a git repository; name its top directory"
        )
    made = make(git_dir, at, cache or build.NoCache())
    return answers.of_made(made, str(Path(path).resolve()), datetime.now(UTC), 0)


def repository(text: str) -> "Repository":
    """This function will find a registered repository; raises NoSuchRepository."""
    from projects import maps

    found = maps.named(text)
    if found is None:
        raise complaints.NoSuchRepository(maps.unknown(text))
    return found


def registered(found: "Repository", at: str) -> answers.Answer:
    """This function will give the map of a commit, '' for the current one; raises NoSuchCommit."""
    from projects import history, maps

    stored = maps.at(found, at)
    watch = door.Watch()
    if stored is not None:
        behind = reading.behind(found.clone, stored.commit, found.head_commit, watch)
        return answers.of_stored(stored, behind, lambda: history.told(found))
    if not at:
        raise complaints.NoSuchCommit(no_map(found))
    made = make(found.clone, at, maps.FactsCache())
    behind = reading.behind(found.clone, made.commit, found.head_commit, watch)
    return answers.of_made(made, found.pk, datetime.now(UTC), behind)


def no_map(found: "Repository") -> str:
    """This function will say that a repository has no map, and how it gets one."""
    return f"{found.name} has no map yet; run manage.py sync {found.pk} --wait"


def make(git_dir: Path, at: str, cache: build.Cache) -> build.Map:
    """This function will map one commit of a clone, '' for its newest; raises NoSuchCommit."""
    tools = extraction.Tools()
    watch = tools.watch
    commit = reading.commit(git_dir, at, watch) if at else reading.head(git_dir, watch)
    return build.build(git_dir, commit, tools, cache)
