"""The scratch directory of a course, and the environment that makes it an installation."""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from factory.variables import BASE_DIR
from jobs import process

WORKERS = "short=2,long=1"
_STOP_S = 60.0


def course(options: Sequence[str], say: process.Stream) -> tuple[int, bytes, Path | None]:
    """This function will run `manage.py chaos --here` in a scratch directory of its own.

    Gives its status, its document, and the directory if it is worth a look: when the answer is no.
    """
    with _environment() as (home, environment):
        argv = [sys.executable, str(BASE_DIR / "manage.py"), "chaos", "--here", *options]
        child = process.start(argv, env=environment, stderr=say)
        try:
            document, _ = child.communicate()
        finally:
            child.end()
            _stop(environment)
        if child.returncode == 0:
            shutil.rmtree(home, ignore_errors=True)
            return 0, document, None
        return child.returncode, document, home


@contextmanager
def _environment() -> Iterator[tuple[Path, dict[str, str]]]:
    home = Path(tempfile.mkdtemp(prefix="factory-chaos-"))
    home.chmod(0o755)  # the account PostgreSQL runs as passes through it
    kept = {name: text for name, text in os.environ.items() if not _ours(name)}
    yield (
        home,
        kept
        | {
            "DJANGO_SETTINGS_MODULE": "factory.chaos.settings",
            "FACTORY_DOTENV": os.devnull,
            "FACTORY_HOME": str(home),
            "FACTORY_WORKERS": WORKERS,
            "PORT": str(_free_port()),
        },
    )


def _ours(name: str) -> bool:
    return name.startswith("FACTORY_") or name in ("DATABASE_URL", "REDIS_URL", "PORT")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _stop(environment: dict[str, str]) -> None:
    argv = [sys.executable, str(BASE_DIR / "manage.py"), "stop"]
    stopping = process.start(argv, env=environment, stdout=process.NOTHING, stderr=process.NOTHING)
    stopping.communicate(timeout=_STOP_S)
