"""Shows a repository's map, or maps a local repository without registering it."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs.management.contract import Contract
from projects.git import complaints, door, reading
from projects.management import answers
from projects.mapping import build, extraction


class Command(Contract):
    """Prints what is true of one commit: counts, languages, and on demand edges and nodes."""

    help = __doc__
    requires_system_checks: list[str] = []  # they would cost a tenth of the whole

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the repository and what to show."""
        parser.add_argument(
            "repository", help="its id, address, name or project; a path with --once"
        )
        parser.add_argument(
            "--once", action="store_true", help="map a local repository, keep nothing"
        )
        parser.add_argument(
            "--at", metavar="SHA", default="", help="another commit than the newest"
        )
        parser.add_argument("--edges", action="store_true", help="every edge with its line")
        parser.add_argument("--nodes", action="store_true", help="every file")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will read or make one map."""
        read = _once if options["once"] else _registered
        wanted = [name for name in ("edges", "nodes") if options[name]]
        return answers.as_json(read(options["repository"], options["at"]), wanted), True

    def show(self, value: Any) -> None:
        """This method will print the map for people."""
        self.stdout.write("\n".join(answers.as_lines(value)))


def _once(path: str, at: str) -> answers.Answer:
    git_dir = door.git_dir(Path(path))
    if git_dir is None:
        raise complaints.NoSuchRepository(
            f"repository {path[:200]!a} is not a git repository; name its top directory"
        )
    made = _build(git_dir, at, build.NoCache())
    return answers.of_made(made, str(Path(path).resolve()), datetime.now(UTC), 0)


def _registered(text: str, at: str) -> answers.Answer:
    from projects import maps

    repository = maps.named(text)
    if repository is None:
        raise complaints.NoSuchRepository(maps.unknown(text))
    stored = maps.at(repository, at)
    watch = door.Watch()
    if stored is not None:
        behind = reading.behind(repository.clone, stored.commit, repository.head_commit, watch)
        return answers.of_stored(stored, behind)
    if not at:
        raise complaints.NoSuchCommit(
            f"{repository.name} has no map yet; run manage.py sync {repository.pk} --wait"
        )
    made = _build(repository.clone, at, maps.FactsCache())
    behind = reading.behind(repository.clone, made.commit, repository.head_commit, watch)
    return answers.of_made(made, repository.pk, datetime.now(UTC), behind)


def _build(git_dir: Path, at: str, cache: build.Cache) -> build.Map:
    tools = extraction.Tools()
    watch = tools.watch
    commit = reading.commit(git_dir, at, watch) if at else reading.head(git_dir, watch)
    return build.build(git_dir, commit, tools, cache)
