"""Makes a link that logs one person in once, within 15 minutes."""

from argparse import ArgumentParser
from typing import Any

from factory import first_contact
from factory.management import people
from factory.supervisor import control
from jobs.management.contract import Contract


class Command(Contract):
    """Prints a single-use link for a user."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the user."""
        parser.add_argument("user", help="the user's name")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will make the link."""
        user = people.active(options["user"])
        return {"url": first_contact.link(user, control.url())}, True

    def show(self, value: Any) -> None:
        """This method will print the link alone."""
        self.stdout.write(value["url"])
