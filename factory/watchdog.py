"""The second caller of upkeep on every host: it has no logic of its own."""

import signal
import threading

import structlog

from factory import beats
from jobs import db, upkeep

_EVERY_S = 1.0
log = structlog.get_logger("factory.watchdog")


def watch() -> None:
    """This function will do the upkeep once a second until SIGTERM or SIGINT.

    While upkeep fails there is no beat: its silence is an alarm. Each cause is logged once.
    """
    ended = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: ended.set())
    raw, said = None, ""
    while not ended.wait(_EVERY_S):
        try:
            raw = raw or db.connect("factory watchdog")
            upkeep.tick(raw)
            beats.beat("watchdog")
            said = ""
        except Exception as error:  # whatever fails, the next second is another try
            db.close(raw)
            raw = None
            if str(error) != said:
                log.warning("upkeep failed", error=str(error).strip())
            said = str(error)
    db.close(raw)
