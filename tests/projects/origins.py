"""Real git repositories for tests, and the processes that work on them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jobs import process
from tests import services

_WHO = {
    "GIT_AUTHOR_NAME": "Ana",
    "GIT_AUTHOR_EMAIL": "ana@example.org",
    "GIT_COMMITTER_NAME": "Ana",
    "GIT_COMMITTER_EMAIL": "ana@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "HOME": "/nonexistent",
    "PATH": os.environ["PATH"],
}
_RESIDE = """
import sys, time, django
django.setup()
from jobs import runner
runner.reside("long", sys.argv[1], time.monotonic())
"""


class Origin:
    """A repository somebody else keeps; tests push to it."""

    def __init__(self, path: Path, branch: str = "main") -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", f"--initial-branch={branch}")

    def git(self, *arguments: str, stdin: bytes | None = None, **variables: str) -> str:
        """This method will run git in it, with more variables, and give what it said."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=_WHO | variables,
            input=stdin,
            check=True,
            capture_output=True,
        )
        return done.stdout.decode(errors="replace").strip()

    def commit(
        self, files: Mapping[str, str | bytes | None], message: str = "change", **variables: str
    ) -> str:
        """This method will write (or, for None, remove) files, commit them and give the commit."""
        for name, content in files.items():
            path = self.path / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--message", message, **variables)
        return self.git("rev-parse", "HEAD")

    def commit_tree(self, listing: bytes) -> str:
        """This method will commit a tree given as `git mktree -z` reads it: any name goes."""
        tree = self.git("mktree", "-z", stdin=listing)
        commit = self.git("commit-tree", tree, "-m", "made by hand")
        self.git("update-ref", "HEAD", commit)
        return commit

    def blob(self, content: bytes) -> str:
        """This method will store a blob and give its id."""
        return self.git("hash-object", "-w", "--stdin", stdin=content)


PACKAGE: dict[str, str | bytes | None] = {
    "shop/__init__.py": "",
    "shop/models.py": "import json\n\nclass Cart:\n    def add(self): ...\n",
    "shop/views.py": "from shop import models\nfrom .models import Cart\n\ndef cart(): ...\n",
    "shop/urls.py": "from .views import cart\nfrom . import nothing_here\n",
    "README.md": "# Shop\n",
    "logo.png": b"\x89PNG\0",
}


@contextmanager
def runner(environment: Mapping[str, str]) -> Iterator[process.Child]:
    """This function will run one resident runner of the long queue, as a process of its own."""
    owner = f"{os.getpid()}:{process.started_ticks(os.getpid())}"
    child = process.start(
        [sys.executable, "-c", _RESIDE, owner],
        env={**environment, "PYTHONPATH": str(services.ROOT)},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield child
        assert child.poll() in (None, -signal.SIGKILL), "the runner died by itself"
    finally:
        child.end(5)


def answer(*arguments: str, environment: Mapping[str, str]) -> Any:
    """This function will run a command with --json and give its answer."""
    done = services.manage(*arguments, "--json", environment=dict(environment), check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def until(truth: Any, seconds: float = 60, pause: float = 0.02) -> Any:
    """This function will poll until something is true, and give it."""
    deadline = time.monotonic() + seconds
    while not (found := truth()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(pause)
    return found
