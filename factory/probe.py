"""What work needs, asked once a second with a deadline, so that nobody who wants to know waits.

The web server keeps asking in threads of its own and answers from what was seen last; a command
asks once. An answer that does not come in time is an answer, too: a frozen server sends no error.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from factory import embedded
from factory.supervisor import record
from jobs import beats, db, liveness, process

EVERY_S = 1.0
ANSWER_S = 2.0
"""So long one question may take; PostgreSQL's client takes no shorter bound."""
DEADLINE_S = 3.5
"""An answer older than this is none: a question, the pause before it, and half a second."""
_CROWDED = ("too many clients", "remaining connection slots", "too many connections")


@dataclass(frozen=True)
class Part:
    """One thing work needs, what is wrong with it ("" when nothing is), and since when.

    `since` is in seconds since 1970: of something in trouble, when it was last seen well.
    `away`: no page can be made without it.
    """

    name: str
    trouble: str
    since: float
    away: bool = False


@dataclass
class Asker:
    """Asks one question, which may be about several parts, and remembers the answer."""

    names: tuple[str, ...]
    ask: Callable[[], Mapping[str, str]]
    answered: float = field(default_factory=time.monotonic)
    """When the question was put that was answered last, on the monotonic clock."""
    answered_at: float = field(default_factory=time.time)
    """The same by the clock on the wall, in seconds since 1970."""
    found: dict[str, Part] = field(default_factory=dict)
    first: threading.Event = field(default_factory=threading.Event)

    def keep_asking(self) -> None:
        """This method will ask once a second, for ever."""
        while True:
            begun = time.monotonic()
            self.once()
            time.sleep(max(0.0, EVERY_S - (time.monotonic() - begun)))

    def once(self) -> None:
        """This method will ask, and note the answer as of the moment before."""
        begun, at = time.monotonic(), time.time()
        try:
            troubles = self.ask()
        except Exception as error:  # whatever fails, it is the answer
            troubles = dict.fromkeys(self.names, first_line(error))
        before = {part.name: part for part in self.seen()} if self.first.is_set() else {}
        self.found = {name: _next(before.get(name), name, troubles, at) for name in self.names}
        self.answered, self.answered_at = begun, at
        self.first.set()

    def seen(self) -> list[Part]:
        """This method will give each part as it was last seen, or say that no answer came."""
        if self.first.is_set() and time.monotonic() - self.answered < DEADLINE_S:
            return list(self.found.values())
        since = self.answered_at
        silent = [Part(self.names[0], "it does not answer", since, self.names[0] == "database")]
        why = f"cannot be known while the {self.names[0]} does not answer"
        return silent + [Part(name, why, since) for name in self.names[1:]]


def askers() -> list[Asker]:
    """This function will give every question, none of them asked yet."""
    return [
        Asker(("database", "runners"), _database),
        Asker(("valkey",), _Valkey()),
        Asker(("relay", "qcluster", "watchdog", "supervisor"), _processes),
    ]


_watching: list[Asker] = []


def watch() -> None:
    """This function will keep asking in this process, from now on; the first answers are awaited."""
    if not _watching:
        _watching.extend(_begun(Asker.keep_asking))


def parts() -> list[Part]:
    """This function will give every part: as last seen by who watches, else by asking now."""
    return [part for asker in _watching or _begun(Asker.once) for part in asker.seen()]


def watched() -> list[Part]:
    """This function will give every part as last seen here; none where nobody watches."""
    return [part for asker in _watching for part in asker.seen()]


def away() -> Part | None:
    """This function will give the part without which no page can be made, if it is away."""
    return next((part for part in watched() if part.away), None)


def first_line(error: Exception) -> str:
    """This function will give what an error says, in one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _begun(work: Callable[[Asker], None]) -> list[Asker]:
    made, until = askers(), time.monotonic() + DEADLINE_S
    for asker in made:
        threading.Thread(target=work, args=(asker,), name="probe", daemon=True).start()
    for asker in made:
        asker.first.wait(max(0.0, until - time.monotonic()))
    return made


def _next(before: Part | None, name: str, troubles: Mapping[str, str], at: float) -> Part:
    trouble = troubles.get(name, "")
    same = before is not None and bool(before.trouble) == bool(trouble)
    since = before.since if before is not None and same else at
    return Part(name, trouble, since, bool(trouble) and name == "database" and not _busy(trouble))


def _busy(trouble: str) -> bool:
    return any(words in trouble for words in _CROWDED)


def _database() -> dict[str, str]:
    # A connection of its own each time: what is frozen may still serve those it has.
    raw = db.connect("factory probe", timeout_s=int(ANSWER_S))
    try:
        db.rows(raw, f"SET statement_timeout = {ANSWER_S * 1000:.0f}")
        return {"runners": _runners(raw)}
    finally:
        db.close(raw)


def _runners(raw: db.Connection) -> str:
    wanted = [pool for pool, size in settings.FACTORY_WORKERS.items() if size]
    try:
        found = [pool.trouble for pool in liveness.pools(raw, wanted)]
    except db.Error as error:
        # A table that is locked or not there yet; the database itself answers.
        return f"cannot be asked: {first_line(error)}"
    return "; ".join(trouble for trouble in found if trouble)


class _Valkey:
    def __init__(self) -> None:
        # The client's own retries make one failed question cost 3.9 s.
        self._client = Redis.from_url(
            embedded.redis_url(),
            socket_timeout=ANSWER_S,
            socket_connect_timeout=ANSWER_S,
            retry=Retry(NoBackoff(), 0),
        )

    def __call__(self) -> dict[str, str]:
        try:
            self._client.ping()
        except (RedisError, OSError) as error:
            return {"valkey": first_line(error)}
        return {}


def _processes() -> dict[str, str]:
    late = {name: beats.trouble(name) for name in ("sentinel", "pusher")}
    cluster = [f"its {name}: {text}" for name, text in late.items() if text]
    return {
        "relay": beats.trouble("relay"),
        "qcluster": ", ".join(cluster) or _halted("qcluster"),
        "watchdog": beats.trouble("watchdog"),
        "supervisor": beats.trouble("supervisor"),
    }


def _halted(name: str) -> str:
    found = record.read()
    for each in found.processes if found and found.running else ():
        if each.name == name and each.alive and process.is_stopped(each.pid):
            return f"process {each.pid} is halted"
    return ""
