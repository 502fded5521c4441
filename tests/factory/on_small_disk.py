"""What happens to embedded services on a disk that is full; runs in a mount of its own.

`python -m tests.factory.on_small_disk DIRECTORY ACT…` prints one line for each act.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg2

from factory.embedded import postgres, valkey
from factory.embedded.place import CannotStart
from tests.factory.conftest import wait_for


def fill(home: Path) -> str:
    """This act will use up what is left of the disk."""
    with open(home / "filler", "ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
    return "full"


def free(home: Path) -> str:
    """This act will make room again."""
    (home / "filler").unlink()
    return "free"


def start(home: Path) -> str:
    """This act will start PostgreSQL, or say why not."""
    try:
        return f"started {postgres.ensure_running(home)}"
    except CannotStart as cause:
        return str(cause)


def crowd(home: Path) -> str:
    """This act will leave two mebibytes."""
    left = shutil.disk_usage(home).free - (2 << 20)
    (home / "filler").write_bytes(b"x" * left)
    return "crowded"


def write(home: Path) -> str:
    """This act will add rows of 8 kB until the disk is full, and say how many were acknowledged."""
    acknowledged = 0
    with closing(_connect(home)) as raw, raw.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (text text STORAGE EXTERNAL)")
        with suppress(psycopg2.Error):
            while acknowledged < 10_000:
                cursor.execute("INSERT INTO kept VALUES (%s)", ["x" * 8000])
                acknowledged += 1
    return f"acknowledged {acknowledged}"


def count(home: Path) -> str:
    """This act will say how many rows there are."""
    with closing(_connect(home)) as raw, raw.cursor() as cursor:
        cursor.execute("SELECT count(text) FROM kept")
        return f"found {cursor.fetchall()[0][0]}"


def cache(home: Path) -> str:
    """This act will start Valkey and say whether it is found running, and ended."""
    try:
        valkey.ensure_running(home)
    except CannotStart as cause:
        return str(cause)
    running = valkey.running(home) is not None
    return f"valkey {running} {valkey.stop(home)} {valkey.running(home)}"


def stop(home: Path) -> str:
    """This act will end PostgreSQL."""
    return f"stopped {postgres.stop(home)}"


def supervise(home: Path) -> str:
    """This act will fill the disk under `up`, kill a process of it, and say how that goes on."""
    environment = dict(os.environ) | {"FACTORY_HOME": str(home)}
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "up", "--detach", "--no-web"], env=environment, capture_output=True)
    before = _recorded(home)
    fill(home)
    os.kill(before["watchdog"], signal.SIGKILL)
    time.sleep(2)
    alive = Path(f"/proc/{before['supervisor']}").exists()
    free(home)
    noted = wait_for(lambda: _recorded(home).get("watchdog") not in (None, before["watchdog"]), 60)
    subprocess.run([*manage, "stop"], env=environment, capture_output=True)
    return f"alive {alive} noted {noted}"


def left(home: Path) -> str:
    """This act will name what an attempt left behind."""
    return "left " + " ".join(sorted(path.name for path in (home / "postgres").glob("pgdata*")))


ACTS: dict[str, Callable[[Path], str]] = {
    act.__name__: act
    for act in (fill, crowd, free, start, write, count, cache, stop, supervise, left)
}


def _recorded(home: Path) -> dict[str, int]:
    with suppress(OSError, ValueError):
        found = json.loads((home / "run" / "supervisor.json").read_text())
        return {each["name"]: each["pid"] for each in [found["supervisor"], *found["processes"]]}
    return {}


def _connect(home: Path) -> Any:
    where = postgres.address(home)
    raw = psycopg2.connect(dbname=where["NAME"], user=where["USER"], host=where["HOST"])
    raw.autocommit = True
    return raw


if __name__ == "__main__":
    for name in sys.argv[2:]:
        sys.stdout.write(f"{ACTS[name](Path(sys.argv[1]))}\n")
