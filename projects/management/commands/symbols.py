"""Finds definitions and files by name."""

from argparse import ArgumentParser
from typing import Any

from jobs.management.contract import BadInput, Contract
from projects.git import complaints
from projects.management import commits


class Command(Contract):
    """Prints the definitions and files of a repository's current map that are named like a text."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the repository and the text."""
        parser.add_argument("repository", help="its id, address, name or project")
        parser.add_argument("text", help="a name, its beginning, or a part of it")
        parser.add_argument("--limit", type=int, default=50, help="how many of each to list")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will search; the answer is no when nothing is named so."""
        from projects import symbols
        from projects.snapshots import snapshot

        if not 1 <= options["limit"] <= 1000:
            raise BadInput(f"--limit: {options['limit']} is too few or many; give 1 to 1000")
        with snapshot():
            repository = commits.repository(options["repository"])
            if repository.current_map is None:
                raise complaints.NoSuchCommit(commits.no_map(repository))
            hits = symbols.search(repository.current_map, options["text"], options["limit"])
        head = {"repository": repository.pk, "commit": repository.current_map.commit}
        return head | symbols.described(hits), bool(hits.symbols or hits.files)

    def show(self, value: Any) -> None:
        """This method will print one line a hit, and how many there are."""
        for one in value["symbols"]:
            self.stdout.write(f"{one['path']}:{one['line']} {one['kind']} {one['name']}")
        self.stdout.write(f"showing {len(value['symbols'])} of {value['symbols_total']} symbols")
        for file in value["files"]:
            self.stdout.write(f"{file['path']} ({file['language']}, {file['lines']} lines)")
        self.stdout.write(f"showing {len(value['files'])} of {value['files_total']} files")
