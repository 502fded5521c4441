"""Shows, makes or takes the ssh key of a repository."""

from argparse import ArgumentParser
from typing import Any

from jobs.management.contract import BadInput, Contract, actor
from projects import maps, registration, ssh_keys
from projects.management.keys import private_key


class Command(Contract):
    """The public half is for the host, as a deploy key; the private half is sealed, never shown."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the repository and where a key comes from."""
        parser.add_argument("repository", help="its id, address, name or project")
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--new", action="store_true", help="make one in place of an earlier")
        source.add_argument("--file", metavar="PATH", help="take this private key, without phrase")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will give the public half; the answer is no when there is none."""
        repository = maps.named(options["repository"])
        if repository is None:
            raise BadInput(maps.unknown(options["repository"]))
        if not repository.address.startswith("ssh://"):
            raise BadInput(
                f"{repository.name[:100]!a} is not fetched by ssh; register its ssh address"
            )
        if options["file"] or options["new"]:
            file = options["file"]
            key = private_key(file, "--file") if file else ssh_keys.make()
            registration.open_with(repository, key=key, actor=actor())
        public = repository.ssh_public or None
        return {"repository": repository.pk, "public": public}, public is not None

    def show(self, value: Any) -> None:
        """This method will print the line a host takes."""
        if value["public"]:
            self.stdout.write(value["public"])
        else:
            self.stderr.write(
                f"repository {value['repository']} has no key of its own: make one with --new"
            )
