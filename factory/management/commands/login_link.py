"""Makes a link that logs one person in once, within 15 minutes."""

import json
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from factory import first_contact, parsers
from factory.configuration import Refused
from factory.supervisor import control


class Command(BaseCommand):
    """Prints a single-use link for a user."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This method will declare the user and --json."""
        parser.add_argument("user", help="the user's name")
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, **options: Any) -> None:
        """This command will print the link."""
        user = get_user_model().objects.filter(username=options["user"]).first()
        if user is None:
            name = parsers.printable(options["user"])
            raise Refused(f'USER="{name}": no such user: manage.py createsuperuser makes one')
        if not user.is_active:
            raise Refused(f'USER="{user}": is not active: allow it in the admin first')
        link = first_contact.link(user, control.url())
        self.stdout.write(json.dumps({"url": link}) if options["json"] else link)
