"""Shows a repository's map, or maps a local repository without registering it."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobs.failures import Anticipated
from projects.git import complaints, door, reading
from projects.management import answers
from projects.mapping import build, extraction


class Command(BaseCommand):
    """Prints what is true of one commit: counts, languages, and on demand edges and nodes."""

    help = __doc__
    requires_system_checks: list[str] = []  # they would cost a tenth of the whole

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This method will declare the repository and what to show."""
        parser.add_argument("repository", help="its id, address or name; a path with --once")
        parser.add_argument(
            "--once", action="store_true", help="map a local repository, keep nothing"
        )
        parser.add_argument(
            "--at", metavar="SHA", default="", help="another commit than the newest"
        )
        parser.add_argument("--edges", action="store_true", help="every edge with its line")
        parser.add_argument("--nodes", action="store_true", help="every file")
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, **options: Any) -> None:
        """This command will print one map."""
        try:
            answer = (_once if options["once"] else _registered)(
                options["repository"], options["at"]
            )
        except Anticipated as error:
            raise CommandError(f"repository: {error}", returncode=2) from error
        wanted = [name for name in ("edges", "nodes") if options[name]]
        shown = answers.as_json(answer, wanted)
        if options["json"]:
            self.stdout.write(json.dumps(shown))
        else:
            self.stdout.write("\n".join(answers.as_lines(shown)))


def _once(path: str, at: str) -> answers.Answer:
    git_dir = door.git_dir(Path(path))
    if git_dir is None:
        raise complaints.NoSuchRepository(
            f"{path[:200]!a} is not a git repository; name its top directory"
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
