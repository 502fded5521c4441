"""Reading a repository on this disk: its newest commit, its tree, its blobs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from jobs.process import Limits
from projects.git import complaints, door, environment
from projects.git.door import Running, Watch

READ_LIMITS = Limits(memory_mb=2048, cpu_s=300, file_mb=64)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# So much of its packs git keeps in memory; the packs of Linux are 1.5 GB.
_SPARING = [
    "-c",
    "core.packedGitWindowSize=16m",
    "-c",
    "core.packedGitLimit=64m",
    "-c",
    "core.deltaBaseCacheLimit=32m",
]
_BATCH = "--batch=%(objectname) %(objecttype) %(objectsize) %(rest)"


class _Enough(Exception):
    """What git has told suffices."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a tree: a file, symlink or submodule; the path is what git stores."""

    mode: str
    blob: str
    size: int
    path: bytes


def head(git_dir: Path, watch: Watch) -> str:
    """This function will give the newest commit of a clone; raises Empty when it has none."""
    return _revision(git_dir, "HEAD", watch) or _raise(
        complaints.Empty("The repository has no commit yet; push one and retry.")
    )


def commit(git_dir: Path, text: str, watch: Watch) -> str:
    """This function will complete an abbreviated commit id; raises NoSuchCommit."""
    found = re.fullmatch(r"[0-9a-f]{4,64}", text) and _revision(git_dir, text, watch)
    return found or _raise(
        complaints.NoSuchCommit(f"There is no commit {text[:64]!a} here; give a commit id.")
    )


def before(git_dir: Path, commit_id: str, watch: Watch) -> str:
    """This function will give the first parent of a commit, or '' when it has none here."""
    return _revision(git_dir, f"{commit_id}~1", watch)


def has(git_dir: Path, commit_id: str, watch: Watch) -> bool:
    """This function will say whether a clone lies there and holds a commit."""
    return door.git_dir(git_dir) is not None and bool(_revision(git_dir, commit_id, watch))


def _raise(error: Exception) -> str:
    raise error


def _revision(git_dir: Path, text: str, watch: Watch) -> str:
    arguments = ["rev-parse", "--quiet", "--verify", "--end-of-options", f"{text}^{{commit}}"]
    return _ask(git_dir, arguments, watch, missing_ok=True)


def branch(git_dir: Path, watch: Watch) -> str:
    """This function will name the branch that the clone's HEAD stands for, or give ''."""
    return _ask(git_dir, ["symbolic-ref", "--quiet", "--short", "HEAD"], watch, missing_ok=True)


def point_head(git_dir: Path, name: str, watch: Watch) -> None:
    """This function will make HEAD stand for a branch."""
    _ask(git_dir, ["symbolic-ref", "HEAD", f"refs/heads/{name}"], watch)


def behind(git_dir: Path, old: str, new: str, watch: Watch) -> int | None:
    """This function will count the commits of `new` that `old` lacks; None if either is gone."""
    if not all(_COMMIT.fullmatch(text) for text in (old, new)):
        return None
    arguments = ["rev-list", "--count", "--end-of-options", f"{old}..{new}"]
    answer = _ask(git_dir, arguments, watch, missing_ok=True)
    return int(answer) if answer else None


def tree(git_dir: Path, commit_id: str, watch: Watch, budget: int = 200_000) -> list[Entry]:
    """This function will list the entries of a commit, in git's order.

    Past `budget` of them it ends git and gives one more: a bomb of 232 KB unfolds into ten thousand
    million paths.
    """
    if not _COMMIT.fullmatch(commit_id):
        raise complaints.NoSuchCommit(f"{commit_id[:64]!a} is not a commit id.")
    arguments = ["ls-tree", "-r", "-l", "-z", "--full-tree", "--end-of-options", commit_id]
    entries: list[Entry] = []
    rest = b""

    def take(data: bytes) -> None:
        nonlocal rest
        *lines, rest = (rest + data).split(b"\0")
        entries.extend(_entries(lines))
        if len(entries) > budget:
            raise _Enough

    variables = environment.for_reading(git_dir)
    try:
        status, said = door.run(_at(git_dir, arguments), variables, watch, take)
    except _Enough:
        return entries[: budget + 1]
    if status != 0:
        raise complaints.failure("ls-tree", status, said)
    return entries


def _entries(lines: list[bytes]) -> Iterator[Entry]:
    for line in lines:
        facts, _, path = line.partition(b"\t")
        mode, _, blob, size = facts.split()
        # `-` stands for a submodule, BAD for a blob that is gone.
        yield Entry(mode.decode(), blob.decode(), int(size) if size.isdigit() else 0, path)


def blobs(git_dir: Path, wanted: IO[bytes], watch: Watch) -> Running:
    """This function will start the process that writes every wanted blob to its stdout.

    `wanted` is an open file with `<blob id> <anything>` a line; before each blob stands a line
    `<blob id> <type> <size> <anything>`. Give stdout to the reading process as it is.
    """
    variables = environment.for_reading(git_dir)
    return door.start(
        _at(git_dir, [*_SPARING, "cat-file", "--buffer", _BATCH]), variables, watch, wanted
    )


def blob(git_dir: Path, blob_id: str, most: int, watch: Watch) -> bytes:
    """This function will give one blob's content; raises TooLarge past `most` bytes.

    Raises NoSuchCommit where the clone or the blob is not on this machine.
    """
    if not _COMMIT.fullmatch(blob_id) or door.git_dir(git_dir) is None:
        raise complaints.NoSuchCommit("The clone is not on this machine; sync the repository.")
    parts: list[bytes] = []
    size = 0

    def take(data: bytes) -> None:
        nonlocal size
        size += len(data)
        if size > most:
            raise complaints.TooLarge(f"The file has more than {most:,} bytes.")
        parts.append(data)

    variables = environment.for_reading(git_dir)
    status, said = door.run(_at(git_dir, ["cat-file", "blob", blob_id]), variables, watch, take)
    if status != 0:
        raise complaints.failure("cat-file", status, said)
    return b"".join(parts)


def _at(git_dir: Path, arguments: list[str]) -> list[str]:
    return [f"--git-dir={git_dir}", *arguments]


def _ask(git_dir: Path, arguments: list[str], watch: Watch, missing_ok: bool = False) -> str:
    answer: list[bytes] = []
    watch = watch.until(30)
    variables = environment.for_reading(git_dir)
    status, said = door.run(_at(git_dir, arguments), variables, watch, answer.append)
    if status != 0 and not missing_ok:
        raise complaints.failure(arguments[0], status, said)
    return b"".join(answer).decode(errors="replace").strip() if status == 0 else ""
