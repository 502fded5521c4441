"""Makes a link that logs one person in once, within 15 minutes."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model

from factory import first_contact, parsers
from factory.supervisor import control
from jobs.management.contract import BadInput, Contract


class Command(Contract):
    """Prints a single-use link for a user."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the user."""
        parser.add_argument("user", help="the user's name")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will make the link."""
        user = get_user_model().objects.filter(username=options["user"]).first()
        if user is None:
            name = parsers.printable(options["user"])
            raise BadInput(f'USER="{name}": no such user: manage.py createsuperuser makes one')
        if not user.is_active:
            raise BadInput(f'USER="{user}": is not active: allow it in the admin first')
        return {"url": first_contact.link(user, control.url())}, True

    def show(self, value: Any) -> None:
        """This method will print the link alone."""
        self.stdout.write(value["url"])
