"""Says which task of a project to take next."""

from argparse import ArgumentParser
from typing import Any

from jobs.management.contract import Contract
from jobs.redaction import visible
from projects import digest
from projects.management import project


class Command(Contract):
    """The most important task that nobody began and nothing holds up; of two the older."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the project."""
        parser.add_argument("project", metavar="PROJECT", help="its slug or name")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will pick the task; the answer is no when none is ready."""
        meant = project.named(options["project"])
        found = digest.ready(meant)
        task = digest.brief(found) if found else None
        return {"project": meant.slug, "next": task}, found is not None

    def show(self, value: Any) -> None:
        """This method will print one line."""
        task = value["next"]
        if task is None:
            self.stderr.write(f"{value['project']}: no task is ready; manage.py digest says why")
            return
        self.stdout.write(
            visible(f"{task['priority']} #{task['id']} {task['slug']}: {task['title']}")
        )
