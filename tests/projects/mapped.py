"""Repositories with maps, as if their jobs had run."""

from django.db import transaction

from projects import maps, registration
from projects.git import door, reading
from projects.mapping import build, extraction
from projects.mapping.made import Map
from projects.models import Repository
from tests.projects.origins import Origin

_TOOLS = extraction.Tools()


def registered(origin: Origin) -> Repository:
    """This function will register an origin, with the origin itself in the place of a clone."""
    found = registration.register(
        [str(origin.path)], project=None, branch="", token="", actor="command"
    )[0]
    found.job.cancel(by="user:1")
    found.repository.clone.parent.mkdir(parents=True, exist_ok=True)
    found.repository.clone.symlink_to(origin.path / ".git")
    return map_newest(origin, found.repository)


def map_newest(origin: Origin, repository: Repository) -> Repository:
    """This function will publish the map of the origin's newest commit."""
    newest = made(origin)
    repository.record_sync(newest.commit)
    with transaction.atomic():
        maps.publish(repository, newest, None)
    repository.refresh_from_db()
    return repository


def made(origin: Origin, commit: str = "") -> Map:
    """This function will map a commit of the origin, or its newest one."""
    git_dir = door.git_dir(origin.path)
    wanted = commit or reading.head(git_dir, _TOOLS.watch)
    return build.build(git_dir, wanted, _TOOLS, maps.FactsCache())
