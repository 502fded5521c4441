"""Accepting an ssh host, with a trace of who did."""

from django.db import transaction

from jobs import events
from projects.git import known_hosts


def accept(host: str, port: int, fingerprint: str, *, actor: str) -> None:
    """This function will trust the host's key with this fingerprint alone, from now on.

    Nothing is trusted without its event. Raises what `known_hosts.accept` raises.
    """
    with transaction.atomic():
        events.publish(
            "host.accepted",
            {"host": host, "port": port, "fingerprint": fingerprint[:60]},
            scope=None,
            subject=known_hosts.name(host, port),
            actor=actor,
        )
        known_hosts.accept(host, port, fingerprint)
