"""Shows a repository's map, or maps a local repository without registering it."""

from argparse import ArgumentParser
from typing import Any

from jobs.management.contract import Contract
from projects.management import answers, commits


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
        text, at = options["repository"], options["at"]
        once = options["once"]
        found = commits.once(text, at) if once else commits.registered(commits.repository(text), at)
        wanted = [name for name in ("edges", "nodes") if options[name]]
        return answers.as_json(found, wanted), True

    def show(self, value: Any) -> None:
        """This method will print the map for people."""
        self.stdout.write("\n".join(answers.as_lines(value)))
