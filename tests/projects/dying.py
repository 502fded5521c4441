"""Runners that die by kill -9 at a chosen moment of their job, and what they leave behind.

One process loads the product once and forks a runner for each life. Nothing of the
product is changed: a profiler watches for the moment, halts the helpers, as they would end by themselves when
nobody reads what they say, and kills its own process.
"""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests import services

_LIVES = """
import json, os, signal, sys, time
import django
django.setup()
import git.cmd  # what each life would load
from jobs import process, runner

def below():
    with open(f"/proc/{os.getpid()}/task/{os.getpid()}/children") as file:
        return [int(pid) for pid in file.read().split()]

def strike():
    helpers = below()
    for pid in helpers:
        os.kill(pid, signal.SIGSTOP)
    print(json.dumps(helpers), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

def watch(after, event, name, times):
    begun, seen = not after, 0
    def look(frame, happened, _):
        nonlocal begun, seen
        met = f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"
        if begun and happened == event and met == name:
            seen += 1
            if seen == times:
                strike()
        begun = begun or met == after
    sys.setprofile(look)

owner = process.named(os.getpid())
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        watch(*json.loads(line))
        runner.reside("long", owner, time.monotonic())
        os._exit(1)
    os.waitpid(pid, 0)
"""


class Moment(NamedTuple):
    """When a runner dies: at the `times`th call of, or return from, a function, once `after` began."""

    event: str
    name: str
    times: int = 1
    after: str = ""


@dataclass
class Lives:
    """Whoever lives as a runner and dies as it is told."""

    main: "subprocess.Popen[str]"

    def die(self, moment: Moment) -> list[int]:
        """This method will let a runner live until its moment, and give the helpers it had."""
        assert self.main.stdin is not None
        assert self.main.stdout is not None
        said = json.dumps([moment.after, moment.event, moment.name, moment.times])
        print(said, file=self.main.stdin, flush=True)
        ready, _, _ = select.select([self.main.stdout], [], [], 60)
        assert ready, f"no runner came to {moment}"
        helpers: list[int] = json.loads(self.main.stdout.readline())
        return helpers


@contextmanager
def lives(environment: Mapping[str, str]) -> Iterator[Lives]:
    """This function will lend runners of the long queue, and leave no process of them."""
    main = subprocess.Popen(
        [sys.executable, "-c", _LIVES],
        env={**environment, "PYTHONPATH": str(services.ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield Lives(main)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(main.pid, signal.SIGKILL)
        main.wait()
        for stream in (main.stdin, main.stdout):
            stream.close()  # type: ignore[union-attr]  # both are pipes


def left_in(folder: Path) -> list[str]:
    """This function will name every file below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
