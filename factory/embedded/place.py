"""Where an embedded service keeps its files and its socket, and who runs it."""

import fcntl
import hashlib
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from factory.configuration import make_directory

# A fixed folder: every process must compute the same path, whatever its TMPDIR says.
_SHORT = Path("/tmp")  # noqa: S108 — what is found there is used only if owner and mode are right
_ROOT_HOME = Path("/var/lib/factory")


class CannotStart(Exception):
    """An embedded service that does not come up; the text is one line with cause and cure."""


def account() -> pwd.struct_passwd | None:
    """This function will name the account PostgreSQL runs as when we are root, which it refuses."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise CannotStart("PostgreSQL cannot run as root: add an account named postgres")


def digest(path: Path) -> str:
    """This function will give a short name for a path."""
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]


def reachable(path: Path, who: pwd.struct_passwd | None) -> Path:
    """This function will give a directory that stands for `path` and that `who` can pass through.

    Nobody's parent directory is opened up for this; the data moves instead.
    """
    path = path.resolve()
    if who is None or all(_passable(parent, who) for parent in (path, *path.parents)):
        return path
    return _ROOT_HOME / digest(path)


def socket_directory(wanted: Path, longest: int) -> Path:
    """This function will give a directory whose name is short enough for a unix socket (107 bytes)."""
    if len(os.fsencode(wanted)) <= longest:
        return wanted
    return _SHORT / f"factory-{os.geteuid()}-{digest(wanted)}"


def make_private(path: Path, who: pwd.struct_passwd | None = None) -> None:
    """This function will make a directory only `who` may enter, or refuse one that is not so."""
    make_directory(path.parent)
    owner = who.pw_uid if who else os.geteuid()
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
        if who:
            os.chown(path, who.pw_uid, who.pw_gid)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
        raise CannotStart(f"{path}: it belongs to somebody else: remove it or set FACTORY_HOME")
    if found.st_uid != owner:  # left half made by a start that was killed here
        os.chown(path, owner, who.pw_gid if who else -1)
    if stat.S_IMODE(found.st_mode) != 0o700:
        path.chmod(0o700)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """This function will hold a file's lock; the kernel lets it go even after kill -9."""
    make_directory(path.parent)
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def names(pid: int, text: str) -> bool:
    """This function will say whether the command line of a running process contains `text`."""
    with suppress(OSError):
        return os.fsencode(text) in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def _passable(path: Path, who: pwd.struct_passwd) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:
        return True  # we shall make it, mode 0755
    if found.st_uid == who.pw_uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == who.pw_gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)
