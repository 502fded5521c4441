"""One process under the supervisor: how it starts, how it ends, when it may start again."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from factory.supervisor import kernel
from factory.supervisor.record import Recorded, this
from factory.variables import BASE_DIR

_LONGEST_PAUSE_S = 8.0
_STABLE_S = 10.0
"""Who lived so long did not die of its start; who is ended as silent always did."""


@dataclass
class Child:
    """A process that is to run as long as the supervisor does."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    running: Recorded | None = None
    deaths: int = 0
    not_before: float = 0.0
    retiring: bool = False
    """Another has taken its place; once it ends it is not started again."""

    def start(self) -> None:
        """This method will start it as the leader of its own session; it ends with its parent."""
        started = subprocess.Popen(
            self.argv,
            env=dict(self.environment),
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=kernel.die_with_parent,  # safe here: the supervisor has one thread
        )
        self.running = this(self.name, started.pid)
        started.returncode = 0  # the supervisor reaps by itself, also what it adopted

    def died(self) -> None:
        """This method will end what is left of its group and set the time of the next start.

        The first restart comes at once, further ones after 1, 2, 4 and 8 s.
        """
        if self.running is None:
            return
        kernel.kill_group(self.running.pid)
        now = time.time()
        stable = now - self.running.started_at > _STABLE_S
        self.deaths = 1 if stable else self.deaths + 1
        pause = 0.0 if self.deaths == 1 else 2.0 ** (self.deaths - 2)
        self.not_before = now + min(pause, _LONGEST_PAUSE_S)
        self.running = None

    def ask_to_end(self) -> None:
        """This method will send SIGTERM to the process alone: a group-wide one hangs django-q2."""
        if self.running:
            kernel.send(self.running.pid, signal.SIGTERM)

    def wake(self) -> None:
        """This method will let it go on if it was halted."""
        if self.running:
            kernel.send(self.running.pid, signal.SIGCONT)

    def kill(self) -> None:
        """This method will end its whole group at once."""
        if self.running:
            kernel.kill_group(self.running.pid)

    @property
    def due(self) -> bool:
        """Whether it does not run and may be started now."""
        return self.running is None and not self.retiring and time.time() >= self.not_before

    @property
    def ours(self) -> set[int]:
        """The pid, if it runs."""
        return {self.running.pid} if self.running else set()


def group_of(pid: int) -> int:
    """This function will give a process's group, or 0 when it is gone."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0
