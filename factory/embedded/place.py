"""Where an embedded service keeps its files and its socket, and who runs it."""

import errno
import fcntl
import hashlib
import os
import pwd
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from factory.configuration import make_directory

# A fixed folder: every process must compute the same path, whatever its TMPDIR says.
_SHORT = Path("/tmp")  # noqa: S108 — what is found there is used only if owner and mode are right
_ROOT_HOME = Path("/var/lib/factory")
_LOCK_S = 180
_LOG_LIMIT = 10 << 20
_LOG_KEPT = 1 << 20
_ELSEWHERE = "or set FACTORY_HOME to another directory"
_CURES = {
    errno.ENOSPC: f"make room there, {_ELSEWHERE}",
    errno.EDQUOT: f"make room there, {_ELSEWHERE}",
    errno.EROFS: f"mount it writable, {_ELSEWHERE}",
    errno.EACCES: f"give it to this account, {_ELSEWHERE}",
    errno.EPERM: f"give it to this account, {_ELSEWHERE}",
    errno.ENOTEMPTY: f"it holds something else: move that away, {_ELSEWHERE}",
}


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
        raise CannotStart(f"{path}: it belongs to somebody else: remove it, {_ELSEWHERE}")
    if found.st_uid != owner:  # left half made by a start that was killed here
        os.chown(path, owner, who.pw_gid if who else -1)
    if stat.S_IMODE(found.st_mode) != 0o700:
        path.chmod(0o700)


def owned(path: Path, who: pwd.struct_passwd | None) -> None:
    """This function will refuse a directory that belongs to another account than `who`."""
    found = path.stat()
    if found.st_uid != (who.pw_uid if who else os.geteuid()):
        owner = account_name(found.st_uid)
        raise CannotStart(f"{path} belongs to {owner}: run as that account, {_ELSEWHERE}")


def account_name(uid: int) -> str:
    """This function will give the name of an account, or its number."""
    with suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return f"account {uid}"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """This function will hold a file's lock; the kernel lets it go even after kill -9.

    Whoever holds it may be frozen, so waiting for it has an end.
    """
    make_directory(path.parent)
    until = time.monotonic() + _LOCK_S
    with open(path, "a") as file:
        while not _lock(file.fileno()):
            if time.monotonic() > until:
                cure = "end that process (fuser names it)"
                raise CannotStart(f"{path}: held by another process for {_LOCK_S} s: {cure}")
            time.sleep(0.02)
        yield


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def explained() -> Iterator[None]:
    """This function will turn what the file system refuses into one line with the cure."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        said = error.strerror or str(error)
        raise CannotStart(f"{where}{said}: {cure(said)}") from error


def cure(said: str) -> str:
    """This function will find the cure of what a system or a server said about its files."""
    known = (text for number, text in _CURES.items() if os.strerror(number) in said)
    return next(known, "set FACTORY_HOME to another directory")


def has_cure(said: str) -> bool:
    """This function will say whether a line names an error of the file system with a cure."""
    return any(os.strerror(number) in said for number in _CURES)


def write(path: Path, text: str) -> None:
    """This function will replace a file, whole or not at all, for the owner of its directory."""
    draft = path.with_name(f"{path.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with open(os.open(draft, flags, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        if os.geteuid() == 0:
            parent = path.parent.stat()
            os.fchown(file.fileno(), parent.st_uid, parent.st_gid)
    draft.rename(path)


def shorten(log: Path) -> None:
    """This function will cut a log that has grown too long down to its last mebibyte.

    Its writer appends, so it goes on at the new end; what it writes in this moment may be lost.
    """
    with suppress(OSError):
        if log.lstat().st_size <= _LOG_LIMIT:
            return
        with open(os.open(log, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW), "rb+") as file:
            file.seek(-_LOG_KEPT, os.SEEK_END)
            kept = file.read().partition(b"\n")[2]
            file.truncate(0)
            file.write(kept)


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
