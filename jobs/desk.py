"""What lies before a runner: claims it has not begun, the one in work, ends it has not written."""

import threading
from collections import deque
from collections.abc import Container, Iterator
from contextlib import contextmanager
from time import monotonic

from jobs.execution import Execution
from jobs.ledger import Claim, Ending, Ledger
from jobs.spool import Spool

PATIENCE_S = 0.25
"""Once a job takes longer than this, the rest of its batch is handed back."""


class Desk:
    """The claims of a runner: not begun, in work, and ended but not yet written."""

    def __init__(self, spool: Spool) -> None:
        self._lock = threading.Lock()
        self._spool = spool
        self._waiting: deque[Claim] = deque()
        self._ended: list[Ending] = []
        self._in_writing: set[int] = set()
        self._in_hand: Claim | None = None
        self.execution: Execution | None = None
        self.begun_at = 0.0
        self.executed = 0
        self.looked_at = monotonic()
        self.idle_since: float | None = None

    def looked(self, *, empty: bool) -> None:
        """This method will note that a claim came back, and whether without any job."""
        self.looked_at = monotonic()
        self.idle_since = (self.idle_since or self.looked_at) if empty else None

    def load(self, claims: list[Claim]) -> None:
        """This method will put fresh claims on the desk."""
        with self._lock:
            self._waiting.extend(claims)

    def next(self) -> Claim | None:
        """This method will take the next claim in hand, or None when none is left."""
        with self._lock:
            self.execution = self._in_hand = None
            if not self._waiting:
                return None
            self.begun_at = self.looked_at = monotonic()
            self._in_hand = self._waiting.popleft()
            return self._in_hand

    def begin(self, execution: Execution) -> None:
        """This method will show the heartbeat what is in work."""
        self.execution = execution

    def end(self, ending: Ending | None) -> None:
        """This method will keep an end until it is written."""
        with self._lock:
            self.execution = self._in_hand = None
            self.looked_at = monotonic()
            self.executed += 1
            if ending is not None:
                self._ended.append(ending)

    @contextmanager
    def writing(self) -> Iterator[list[Ending]]:
        """This method will lend the ends to write; when the block fails, they are kept on the disk, too."""
        with self._lock:
            ended, self._ended = self._ended, []
            self._in_writing.update(ending.id for ending in ended)
        try:
            yield ended
        except BaseException:
            with self._lock:
                self._in_writing.difference_update(ending.id for ending in ended)
                self._ended = ended + self._ended
            self._spool.keep(ended)
            raise
        with self._lock:
            self._in_writing.difference_update(ending.id for ending in ended)
        self._spool.forget(ended)

    def bequeath(self, ending: Ending) -> None:
        """This method will leave an end on the disk to whoever finds this process dead."""
        self._spool.keep([ending])

    def disinherit(self, ending: Ending) -> None:
        """This method will take that back: the job ended otherwise."""
        self._spool.forget([ending])

    @contextmanager
    def handing_back(self, only: Container[tuple[int, int]] | None = None) -> Iterator[list[Claim]]:
        """This method will lend what `take_waiting` takes; when the block fails, it waits again."""
        claims = self.take_waiting(only)
        try:
            yield claims
        except BaseException:
            self.load(claims)
            raise

    def hand_back(self, ledger: Ledger) -> None:
        """This method will let others have what has not begun."""
        with self.handing_back() as waiting:
            if waiting:
                ledger.hand_back(waiting, "Handed back unstarted: the job before it takes long.")

    def write_ends(self, ledger: Ledger) -> None:
        """This method will write what ended."""
        with self.writing() as ended:
            ledger.finish(ended)

    def take_waiting(self, only: Container[tuple[int, int]] | None = None) -> list[Claim]:
        """This method will take away what has not begun: all, or of some ids with their fences."""
        with self._lock:
            taken = [one for one in self._waiting if only is None or (one.id, one.fence) in only]
            left = [one for one in self._waiting if only is not None and one not in taken]
            self._waiting = deque(left)
            return taken

    def known(self) -> list[int]:
        """This method will list the jobs this runner knows it holds."""
        with self._lock:
            current = [self._in_hand.id] if self._in_hand else []
            waiting = [claim.id for claim in self._waiting]
            return [*current, *waiting, *(end.id for end in self._ended), *self._in_writing]

    def owes(self) -> bool:
        """This method will say whether ends are still to be written."""
        with self._lock:
            return bool(self._ended or self._in_writing)

    def slow(self, now: float) -> bool:
        """This method will say whether others wait behind a job that takes its time."""
        return (
            self.execution is not None
            and now - self.begun_at > PATIENCE_S
            and bool(self._waiting or self._ended)
        )
