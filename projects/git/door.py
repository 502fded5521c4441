"""Starting git, watching it, and ending it: the only place where a git process begins."""

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from jobs import process
from jobs.failures import Anticipated, FailureClass
from projects.git import environment

TRANSFER_LIMITS = process.Limits(memory_mb=4096, cpu_s=1200, file_mb=4096)
HELD = 64 << 20  # bytes of an answer that is not given yet
TAIL = 8192  # bytes of what git said that are kept for the failure's sentence


class TimedOut(Anticipated):
    """Git did not end, or said nothing, for too long."""

    failure_class = FailureClass.TIMEOUT


@dataclass(frozen=True)
class Watch:
    """How long git may take and who is told; times in seconds."""

    deadline_s: float = 600
    idle_s: float = 120
    limits: process.Limits = TRANSFER_LIMITS
    on_start: Callable[[int], None] = lambda pid: None
    on_progress: Callable[[str, int, int], None] = lambda phase, current, total: None
    starting: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
    """Around a start until `on_start` was told: `Run.starting` in a job."""

    def until(self, deadline_s: float) -> "Watch":
        """This method will give the same watch with a nearer deadline."""
        return replace(self, deadline_s=min(self.deadline_s, deadline_s))


@dataclass
class Running:
    """A git process that leads its own group."""

    handle: Any  # GitPython's; it ends the process when it is forgotten
    name: str

    @property
    def pid(self) -> int:
        """The process, and its group."""
        return int(self.handle.proc.pid)

    @property
    def stdout(self) -> IO[bytes]:
        """What it writes; give it to another process to copy nothing."""
        stream: IO[bytes] = self.handle.proc.stdout
        return stream

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        status: int | None = self.handle.proc.poll()
        return status

    def wait(self, seconds: float) -> int:
        """This method will wait for the end; raises TimedOut."""
        deadline = time.monotonic() + seconds
        while (status := self.status) is None:
            if time.monotonic() > deadline:
                raise TimedOut(f"git {self.name} did not end in time.")
            time.sleep(0.002)
        return status

    def end(self) -> None:
        """This method will kill the whole group and reap its leader."""
        child = self.handle.proc
        if child.poll() is None:
            process.end_group(self.pid, signal.SIGKILL)
            child.wait()
        for stream in (child.stdout, child.stderr):
            with contextlib.suppress(OSError):
                stream.close()


def start(
    arguments: Sequence[str],
    variables: Mapping[str, str],
    watch: Watch,
    stdin: IO[bytes] | None = None,
) -> Running:
    """This function will start one git command with exactly these environment variables.

    GitPython merges them into the server's own, so `env` takes those away by name; their values
    and our secrets stand in no argv.
    """
    from git.cmd import Git  # here: half a second that most commands need not pay

    unset = [f"--unset={name}" for name in environment.inherited(variables)]
    name = next(word for word in arguments if not word.startswith("-"))
    with watch.starting():
        handle = Git(os.sep).execute(
            ["/usr/bin/env", *unset, "git", *arguments],
            as_process=True,
            start_new_session=True,
            restore_signals=False,  # a file beyond its limit is then an error git names, not a death
            env=dict(variables),
            istream=None if stdin is None else stdin.fileno(),
        )
        running = Running(handle, name)
        process.limit(running.pid, watch.limits)
        watch.on_start(running.pid)
    return running


def run(
    arguments: Sequence[str],
    variables: Mapping[str, str],
    watch: Watch,
    on_output: Callable[[bytes], None] = lambda data: None,
    on_line: Callable[[str], None] = lambda line: None,
) -> tuple[int, str]:
    """This function will run git to its end and give the exit status and what it complained of.

    Raises TimedOut; whatever happens, no process is left.
    """
    running = start(arguments, variables, watch)
    try:
        deadline = time.monotonic() + watch.deadline_s
        complaints = _drain(running, watch, deadline, on_output, _Lines(on_line))
        return running.wait(10), complaints
    finally:
        running.end()


def run_two(
    commands: tuple[Sequence[str], Sequence[str]],
    variables: Mapping[str, str],
    watch: Watch,
    on_output: Callable[[bytes], None],
) -> tuple[int, str]:
    """This function will run two gits beside each other and give all the first says, then the second.

    Gives the status of the first that failed, else 0, and what it complained of. Raises TimedOut;
    whatever happens, no process is left.
    """
    deadline, held = time.monotonic() + watch.deadline_s, _Held()
    with contextlib.ExitStack() as ends:
        first = start(commands[0], variables, watch)
        ends.callback(first.end)
        second = start(commands[1], variables, watch)
        ends.callback(second.end)
        said = _drain(first, watch, deadline, on_output, _Lines(), (second, held))
        status = first.wait(10)
        if status == 0:
            held.give(on_output)
            said = _drain(second, watch, deadline, on_output, _Lines())
            status = second.wait(10)
    return status, said


def _drain(
    running: Running,
    watch: Watch,
    deadline: float,
    on_output: Callable[[bytes], None],
    lines: "_Lines",
    beside: "tuple[Running, _Held] | None" = None,
) -> str:
    """Reads one process to its end; what the one beside it says meanwhile is held."""
    child = running.handle.proc
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ, on_output)
        selector.register(child.stderr, selectors.EVENT_READ, lines.feed)
        if beside is not None:
            selector.register(beside[0].stdout, selectors.EVENT_READ, beside[1].take)
        own = {child.stdout, child.stderr}
        while own:
            ready = selector.select(max(0, min(watch.idle_s, deadline - time.monotonic())))
            _refuse_late(running, watch, bool(ready), deadline)
            for key, _ in ready:
                data = os.read(key.fd, 1 << 16)
                if data:
                    key.data(data)
                if not data or (beside and key.fileobj not in own and beside[1].is_full):
                    selector.unregister(key.fileobj)
                    own.discard(key.fileobj)
    return lines.tail()


class _Held:
    """What a process said before its turn; past `HELD` bytes it is not read, and waits."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    @property
    def is_full(self) -> bool:
        return self._size >= HELD

    def take(self, data: bytes) -> None:
        self._pieces.append(data)
        self._size += len(data)

    def give(self, on_output: Callable[[bytes], None]) -> None:
        pieces, self._pieces = self._pieces, []
        for data in pieces:
            on_output(data)


def _refuse_late(running: Running, watch: Watch, heard: bool, deadline: float) -> None:
    if time.monotonic() >= deadline:
        raise TimedOut(f"git {running.name} took longer than {watch.deadline_s:g} s.")
    if not heard:
        raise TimedOut(f"git {running.name}: nothing was heard for {watch.idle_s:g} s.")


class _Lines:
    """Cuts what git says on stderr into lines; progress ends in carriage returns."""

    def __init__(self, on_line: Callable[[str], None] = lambda line: None) -> None:
        self._on_line = on_line
        self._rest = b""
        self._kept = b""

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        self._rest = self._rest[-TAIL:]
        for line in lines:
            self._on_line(line.decode(errors="replace"))
            self._kept = (self._kept + line + b"\n")[-TAIL:]

    def tail(self) -> str:
        return (self._kept + self._rest).decode(errors="replace")


def git_dir(path: Path) -> Path | None:
    """This function will find the git directory of a work tree or bare repository, or None."""
    inside = path / ".git"
    if inside.is_file():
        target = inside.read_text(errors="replace").partition("gitdir:")[2].strip()
        return (path / target).resolve() if target else None
    for candidate in (inside, path):
        if (candidate / "HEAD").is_file() and (candidate / "objects").is_dir():
            return candidate.resolve()
    return None
