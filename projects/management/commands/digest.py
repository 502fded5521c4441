"""Says where the tasks of a project stand."""

from argparse import ArgumentParser
from typing import Any

from jobs.management.contract import Contract
from jobs.redaction import visible
from projects import digest
from projects.management import project


class Command(Contract):
    """What is worked on, what is held up, what comes next, and how much is completed."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the project."""
        parser.add_argument("project", metavar="PROJECT", help="its slug or name")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will count."""
        return digest.described(digest.of(project.named(options["project"]))), True

    def show(self, value: Any) -> None:
        """This method will print a line a task."""
        for line in _lines(value):
            self.stdout.write(visible(line))


def _lines(value: dict[str, Any]) -> list[str]:
    if value["percent"] is None:
        return [f"{value['project']}: no task yet; its page is where the first is written down"]
    head = f"{value['project']}: {value['percent']} % ({value['completed']} of {value['total']})"
    lines = [head, *([f"focus    {value['focus']}"] if value["focus"] else [])]
    for name in ("active", "blocked"):
        lines += [f"{name:8} {_line(task)}" for task in value[name]] or [f"{name:8} none"]
    more = value["held_up"] - len(value["blocked"])
    lines += [f"         and {more} more are held up"] if more > 0 else []
    return [*lines, f"next     {_line(value['next']) if value['next'] else 'none is ready'}"]


def _line(task: dict[str, Any]) -> str:
    who = f", {task['assignee']}" if task["assignee"] else ""
    waits = ", ".join(f"#{pk}" for pk in task["waits_for"])
    after = f", waits for {waits}" if waits else ""
    return f"{task['priority']:8} #{task['id']} {task['title']} ({task['state']}{who}{after})"
