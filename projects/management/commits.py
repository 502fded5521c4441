"""The map of any commit, as commands need it: the stored one, or one that is made and not kept."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from projects.git import complaints, door, reading
from projects.management import answers
from projects.mapping import build, extraction

if TYPE_CHECKING:
    from projects.models import Repository


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
