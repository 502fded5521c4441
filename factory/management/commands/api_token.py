"""Makes an API token for a person and shows it this once."""

from argparse import ArgumentParser
from typing import Any

from factory.management import people
from factory.models import ApiToken, Scope
from factory.models.token import LONGEST_DAYS
from jobs.management.contract import BadInput, Contract, actor


class Command(Contract):
    """Prints a token; the person sees it, and who made it, under Your account."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the user, the scope and the days."""
        parser.add_argument("user", help="the user's name")
        parser.add_argument("--scope", choices=Scope.values, default=Scope.READ.value)
        parser.add_argument("--days", default="90", help=f"how long it lives, 1 to {LONGEST_DAYS}")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will make the token."""
        user, days = people.active(options["user"]), _days(str(options["days"]))
        made, text = ApiToken.objects.issue(
            user, f"by {actor()}", options["scope"], days, by=actor()
        )
        shown = {"token": text, "prefix": made.prefix, "expires_at": made.expires_at.isoformat()}
        return shown, True

    def show(self, value: Any) -> None:
        """This method will print the token alone."""
        self.stdout.write(value["token"])


def _days(given: str) -> int:
    if given.isascii() and given.isdecimal() and 1 <= int(given[:9]) <= LONGEST_DAYS:
        return int(given)
    raise BadInput(f"--days: {given[:20]!a} is not a number from 1 to {LONGEST_DAYS}")
