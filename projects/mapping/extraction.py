"""Getting the facts of many blobs out of children that may die.

git's stdout is the child's stdin, by a kernel pipe: the parent copies no blob. Two children run at
once; one that dies loses the blob it was reading and nothing else.
"""

import json
import os
import selectors
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from jobs import process
from projects.git import reading
from projects.git.door import Running, TimedOut, Watch
from projects.mapping import files, readers
from projects.mapping.bounds import Bounds

LANES = 2
_CPU_S = 3600  # of one reader; each blob has a bound of its own
ONE_LANE = 500_000  # bytes; below this a second child costs more than it saves
_COUNTING_COST = 0.05  # of parsing, per byte
_STRETCHES = 16  # of a lane
_ROOT = Path(__file__).resolve().parents[2]

Wanted = tuple[str, str, int]  # blob, key, size
Told = Callable[[str, str, list[str]], None]  # blob, key, and the three pieces of `extract`


class Start(Protocol):
    """`jobs.process.start`, or `run.command` inside a job."""

    def __call__(
        self,
        argv: Sequence[str],
        *,
        env: dict[str, str],
        limits: process.Limits,
        stdin: IO[bytes],
        stdout: int,
    ) -> process.Child: ...


@dataclass(frozen=True)
class Tools:
    """How processes are started and watched."""

    watch: Watch = field(default_factory=lambda: Watch(limits=reading.READ_LIMITS))
    start: Start = process.start
    bounds: Bounds = field(default_factory=Bounds)


def extract(
    git_dir: Path,
    wanted: Sequence[Wanted],
    tools: Tools,
    tell: Told,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """This function will tell the facts of every wanted blob, each once, in any order.

    `meanwhile` is done while the children start, which takes them a tenth of a second. When the
    time to read is over it tells no more. Raises TimedOut when nothing was heard for too long; no
    process is left, whatever happens.
    """
    lanes = [Lane(git_dir, part, tools, tell) for part in _parts(wanted)]
    deadline = time.monotonic() + min(tools.bounds.read_s, tools.watch.deadline_s)
    try:
        with selectors.DefaultSelector() as selector:
            for lane in lanes:
                lane.begin(selector)
            meanwhile()
            while selector.get_map() and (left := deadline - time.monotonic()) > 0:
                ready = selector.select(min(tools.watch.idle_s, left))
                if not ready and left > tools.watch.idle_s:
                    raise TimedOut("Reading the repository's files took too long.")
                for key, _ in ready:
                    key.data.take(selector)
    finally:
        for lane in lanes:
            lane.end()


def _parts(wanted: Sequence[Wanted]) -> list[Sequence[Wanted]]:
    """Each lane gets every other stretch of about equal cost: folders differ in what a byte costs.

    Neighbours stay together, since git finds them fastest.
    """
    costs = [size * (_COUNTING_COST if readers.counts_only(key) else 1) for _, key, size in wanted]
    if sum(costs) < ONE_LANE:
        return [wanted] if wanted else []
    stretch = sum(costs) / LANES / _STRETCHES
    lanes: list[list[Wanted]] = [[] for _ in range(LANES)]
    so_far = 0.0
    for one, cost in zip(wanted, costs, strict=True):
        lanes[int((so_far + cost / 2) / stretch) % LANES].append(one)
        so_far += cost
    return [lane for lane in lanes if lane]


@dataclass
class Lane:
    """One git and one child, and the blobs they have yet to answer."""

    git_dir: Path
    wanted: Sequence[Wanted]
    tools: Tools
    tell: Told
    careful: bool = False
    _done: int = 0
    _pieces: list[bytes] = field(default_factory=list)
    _git: Running | None = None
    _child: process.Child | None = None
    _list: IO[bytes] | None = field(default=None, repr=False)

    def begin(self, selector: selectors.BaseSelector) -> None:
        """This method will start the pair on what is left."""
        self._list = tempfile.TemporaryFile()  # noqa: SIM115 — it lives as long as git reads it
        self._list.writelines(b"%s %s\n" % (b.encode(), k.encode()) for b, k, _ in self._left())
        self._list.seek(0)
        self._pieces = []
        self._git = reading.blobs(self.git_dir, self._list, self.tools.watch)
        self._child = self.tools.start(
            [sys.executable, "-S", "-m", "projects.mapping.extract", *self.careful * ["--each"]],
            env=_child_environment(),
            limits=process.Limits(self.tools.bounds.memory_mb, _CPU_S, file_mb=1),
            stdin=self._git.stdout,
            stdout=-1,
        )
        self._git.stdout.close()  # the child alone holds it now: when it dies, git ends
        selector.register(self._out, selectors.EVENT_READ, self)

    def take(self, selector: selectors.BaseSelector) -> None:
        """This method will pass on what the child wrote, or settle its end."""
        data = os.read(self._out.fileno(), 1 << 16)
        if data:
            self._pieces.append(data)
            if b"\n" in data:
                *lines, rest = b"".join(self._pieces).split(b"\n")
                self._pieces = [rest]
                for line in lines:
                    self._answer(line)
            return
        selector.unregister(self._out)
        self._settle(selector)

    def end(self) -> None:
        """This method will leave no process and no file."""
        if self._child is not None:
            self._child.end(0)
            self._out.close()
        if self._git is not None:
            self._git.end()
        if self._list is not None:
            self._list.close()

    @property
    def _out(self) -> IO[bytes]:
        if self._child is None or self._child.stdout is None:
            raise RuntimeError("the lane has not begun")
        return self._child.stdout

    def _left(self) -> Sequence[Wanted]:
        return self.wanted[self._done :]

    def _answer(self, line: bytes) -> None:
        """Answers come in the order of the questions, so a count says who is next."""
        blob, _, facts = line.decode().split(" ", 2)
        wanted, key, _ = self.wanted[self._done]
        if blob != wanted:
            raise ValueError(f"the extractor answered {blob} when it was asked for {wanted}")
        self._done += 1
        self.tell(blob, key, facts.split("\t"))

    def _settle(self, selector: selectors.BaseSelector) -> None:
        """The child is gone. What it left is read again, blob by blob, to name the culprit."""
        status = self._child.wait() if self._child else 0
        self.end()
        self._child = self._git = None
        if not self._left():
            return
        if self.careful:
            reason = readers.CRASHED if status else files.UNREADABLE
            skipped = json.dumps({"skip": reason, "defined": 0})
            self._answer(f"{self._left()[0][0]} ? {skipped}\tnull\t[]".encode())
        self.careful = True
        if self._left():
            self.begin(selector)


def _child_environment() -> dict[str, str]:
    """No secret of ours, no site start-up: the child begins twice as fast without it."""
    packages = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    places = [str(_ROOT), *sorted(packages)]
    return {"PYTHONPATH": os.pathsep.join(places), "LANG": "C.UTF-8", "PYTHONUTF8": "1"}
