"""Steps of which none depends on another: what one cannot do keeps no other from its turn."""

import logging
from collections.abc import Callable, Mapping

from jobs import db
from jobs.db import Connection

log = logging.getLogger("jobs")


class Steps:
    """What one thread does again and again; the cause of a failure is logged once."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._said: dict[str, str] = {}

    def take(self, raw: Connection, steps: Mapping[str, Callable[[], None]]) -> list[str]:
        """This method will take all steps, by their names, and tell in sentences which failed.

        One that is `Blocked` is left for next time. A lost connection is raised at the end, or as
        soon as `raw` is closed.
        """
        failures, lost = [], None
        for name, step in steps.items():
            try:
                step()
            except db.Blocked:
                continue
            except db.LostConnection as error:  # whoever opens it again says so
                if raw.closed:
                    raise
                lost = error
            except Exception as error:
                failures.append(self._failed(name, error))
            else:
                self._said.pop(name, None)
        if lost is not None:
            raise lost
        return failures

    def _failed(self, name: str, error: Exception) -> str:
        sentence = f"{self._who}: {name}: {type(error).__name__}: {error}".strip()
        if self._said.get(name) != sentence:
            log.error(sentence, exc_info=error)
        self._said[name] = sentence
        return sentence
