"""The second caller of upkeep on every host: it has no logic of its own."""

import signal
import threading

import structlog
from django.db import Error, close_old_connections, connection

from factory import beats
from jobs import upkeep

_EVERY_S = 1.0
log = structlog.get_logger("factory.watchdog")


def watch() -> None:
    """This function will do the upkeep once a second until SIGTERM or SIGINT.

    A database that is away is waited for; its beat goes on, for the watchdog is not what fails.
    """
    ended = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: ended.set())
    away = False
    while not ended.wait(_EVERY_S):
        beats.beat("watchdog")
        try:
            close_old_connections()
            upkeep.tick()
            away = False
        except Error as error:
            connection.close()
            if not away:
                log.warning("upkeep waits for the database", error=str(error).strip())
            away = True
