"""Jobs of many items: those done are not repeated; one that fails stops nobody.

What an item writes into the database happens once if written within `item.recording()`. All else it
does happens again when the job breaks off before the item is noted.
"""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from types import TracebackType
from typing import Any, Protocol

from django.db import transaction

from jobs.failures import POLICY, Failed, FailureClass, RateLimited, failure_of
from jobs.levels import Level
from jobs.models import Stale

log = logging.getLogger("jobs")

Key = str | int
CAUSES_KEPT = 10
"""So many different causes stand in the sentence of the whole."""


class Told(Protocol):
    """What of a `Run` items need."""

    @property
    def job_id(self) -> int: ...

    @property
    def resumed(self) -> Any: ...

    def checkpoint(self, data: Any) -> None: ...

    def progress(
        self,
        current: int,
        total: int | None = None,
        item: str = "",
        done: Sequence[str] = (),
        failed: Sequence[str] = (),
    ) -> None: ...

    def log(self, text: str, level: Level = Level.INFO) -> None: ...


class Item:
    """One item in work: `with item:` notes how it ends, and keeps its failure to itself."""

    def __init__(self, items: "Items", index: int) -> None:
        self.key = items.keys[index]
        self._items, self._index = items, index
        self._failed: Failed | None = None
        self._dropped = False
        self._recorded = False

    @contextmanager
    def recording(self) -> Iterator[None]:
        """This method will commit what the block writes together with the note that it is done.

        The note comes first and names the fence: raises `Stale` when another runner holds the job by
        now, before anything of the block is done. It is the item's last step: what fails after the
        block, or while it is committed, ends the job, which then goes on by what was committed.
        """
        with transaction.atomic(durable=True):
            self._items.keep(self._index)
            yield
            self._recorded = True

    def fail(self, failed: Failed) -> None:
        """This method will end it as failed, without an exception."""
        self._failed = failed

    def drop(self) -> None:
        """This method will count it neither as done nor as failed: it is not wanted any more."""
        self._dropped = True

    def __enter__(self) -> "Item":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is not None and (
            self._recorded
            or not isinstance(error, Exception)
            or isinstance(error, Stale | RateLimited)
        ):
            return False  # the job is to stop, to come back to this item later, or another runner's
        if error is not None:
            self._failed = failure_of(error)
            if self._failed.failure_class == FailureClass.BUG:
                log.error("job %s, %s", self._items.job, self.key, exc_info=error)
        self._items.settle(self._index, self._failed, listed=not self._dropped)
        return True


class Items:
    """Goes through the items that are not done, and keeps after each which they are.

    They are known by their keys' order: for another list of keys all of them are gone through.
    """

    def __init__(
        self, run: Told, keys: Sequence[Key], noun: str, label: Callable[[Any], str]
    ) -> None:
        self.keys = list(keys)
        self.job = run.job_id
        self._run, self._noun, self._label = run, noun, label
        self._digest = sha256(json.dumps(self.keys).encode()).hexdigest()[:16]
        self._failures: list[Failed] = []
        self._reached, self._left = self._kept(run.resumed)
        self._gone_through = self._reached - len(self._left)

    def __iter__(self) -> Iterator[Item]:
        done = [self._name(at) for at in range(self._reached) if at not in self._left]
        self._run.progress(self._gone_through, len(self.keys), done=done)
        # Those that failed before come last: they may need the most time.
        for index in [*range(self._reached, len(self.keys)), *self._left]:
            self._run.progress(self._gone_through, len(self.keys), self._name(index))
            yield Item(self, index)

    def settle(self, index: int, failed: Failed | None, *, listed: bool = True) -> None:
        """This method will note how an item ended, and keep it: here the job can be paused."""
        name = self._name(index)
        self._gone_through += 1
        if failed is not None:
            self._failures.append(failed)
            self._run.log(f"{name}: {failed.message}", Level.ERROR)
        self._run.progress(
            self._gone_through,
            len(self.keys),
            name,
            [name] if listed and failed is None else [],
            [f"{name}: {failed.message}"] if failed is not None else [],
        )
        self._reached, self._left = self.keep(index, failed)

    def keep(self, index: int, failed: Failed | None = None) -> tuple[int, list[int]]:
        """This method will write down that an item ended, and give what was reached and left."""
        reached = max(self._reached, index + 1)
        left = [at for at in self._left if at != index] + ([index] if failed else [])
        self._run.checkpoint({"of": self._digest, "reached": reached, "left": left})
        return reached, left

    def outcome(self) -> Failed | None:
        """This method will sum up what failed, or give None when nothing did.

        One that may pass by itself makes the whole worth another attempt, which is theirs alone.
        """
        if not self._failures:
            return None
        causes = list(dict.fromkeys(failed.message for failed in self._failures))
        more = f"; and {len(causes) - CAUSES_KEPT} more" if len(causes) > CAUSES_KEPT else ""
        worth = [one.failure_class for one in self._failures if one.failure_class in POLICY]
        return Failed(
            (worth or [self._failures[0].failure_class])[0],
            f"{len(self._failures)} of {len(self.keys)} {self._noun} failed: "
            f"{'; '.join(causes[:CAUSES_KEPT])}{more}",
        )

    def _kept(self, kept: Any) -> tuple[int, list[int]]:
        if not isinstance(kept, dict) or "of" not in kept:
            return 0, []
        if kept["of"] != self._digest:
            self._run.log("Its items are others than before: all are gone through.", Level.WARNING)
            return 0, []
        return int(kept["reached"]), [int(index) for index in kept["left"]]

    def _name(self, index: int) -> str:
        return self._label(self.keys[index])
