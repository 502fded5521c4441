"""Shows the keys of an ssh host, and accepts one that was compared."""

from argparse import ArgumentParser
from typing import Any

from jobs.management.contract import BadInput, Contract, actor
from projects import acceptance, addresses
from projects.git import known_hosts


class Command(Contract):
    """What a host shows proves nothing: compare it with what its owner publishes, then accept."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the host and the fingerprint."""
        parser.add_argument("host", help="HOST, HOST:PORT or [IPV6]:PORT")
        parser.add_argument(
            "--accept", metavar="FINGERPRINT", help="trust the key with this SHA256:… from now on"
        )

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will show what the host shows; the answer is no when none of it is known."""
        try:
            address = addresses.parse(f"ssh://{options['host']}/x")
        except addresses.Refused as error:
            raise BadInput(f"host: {str(error).removeprefix('address: ')}") from None
        if options["accept"]:
            acceptance.accept(address.host, address.port, options["accept"], actor=actor())
        found = known_hosts.scan(address.host, address.port)
        value = {
            "host": address.host,
            "port": address.port,
            "keys": [
                {"type": key.kind, "fingerprint": key.fingerprint, "known": key.known}
                for key in found
            ],
        }
        return value, any(key.known for key in found)

    def show(self, value: Any) -> None:
        """This method will print one line a key."""
        for key in value["keys"]:
            word = "known" if key["known"] else "NOT KNOWN"
            self.stdout.write(f"{key['fingerprint']}  {key['type']}  {word}")
        if not any(key["known"] for key in value["keys"]):
            self.stderr.write(
                "compare with what the host's owner publishes, then: --accept FINGERPRINT"
            )
