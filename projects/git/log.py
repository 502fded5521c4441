"""Reading a repository's log as it streams: who changed which files when, and by how many lines."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jobs.process import Limits
from projects.git import complaints, door, environment
from projects.git.door import Watch

LOG_LIMITS = Limits(memory_mb=2048, cpu_s=3000, file_mb=64)
# Merges repeat what their parents say; renames are guesses, and cost four times the rest.
_LOG = ("log", "-z", "--no-merges", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
_HEAD = "--format=%x00%H%x00%at%x00%aN%x00%aE"
_ID = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST = 1 << 20  # bytes of one name; Linux's paths end at 4,096


@dataclass(slots=True)
class Commit:
    """One commit: its author as `.mailmap` has it, and (path, lines added, lines deleted)."""

    id: str
    at: int  # the author's clock, in seconds since 1970
    name: bytes
    email: bytes
    changes: list[tuple[bytes, int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Wanted:
    """Which commits are read: those of `new` that `old` lacks, the newest first; '' is none."""

    new: str
    old: str = ""
    lines: bool = False  # far slower: git compares every file with the one before
    most: int | None = None
    first: int = 0  # so many are read by one git, the rest by another beside it; 0: one reads all


def read(git_dir: Path, wanted: Wanted, watch: Watch, take: Callable[[Commit], None]) -> None:
    """This function will give every commit that is no merge to `take`, as soon as it is read.

    Names and addresses are those of the `.mailmap` of `wanted.new`. Raises a class of `complaints`
    when git breaks off, which a repository without its whole history makes it do; TimedOut too.
    """
    variables, parser = _variables(git_dir, wanted.new), _Parser(take, wanted.lines)
    if wanted.first:
        newest = _command(git_dir, wanted, f"--max-count={wanted.first}")
        oldest = _command(git_dir, wanted, f"--skip={wanted.first}")
        status, said = door.run_two((newest, oldest), variables, watch, parser.feed)
    else:
        bound = [] if wanted.most is None else [f"--max-count={wanted.most}"]
        command = _command(git_dir, wanted, *bound)
        status, said = door.run(command, variables, watch, parser.feed)
    if status != 0:
        raise complaints.failure("log", status, said)
    parser.end()


def _command(git_dir: Path, wanted: Wanted, *bounds: str) -> list[str]:
    revisions = [wanted.new, *([f"^{wanted.old}"] if wanted.old else [])]
    told = "--numstat" if wanted.lines else "--name-only"
    found = [f"--git-dir={git_dir}", *_LOG, _HEAD, told, *bounds]
    return [*found, "--end-of-options", *revisions, "--"]


def _variables(git_dir: Path, commit: str) -> dict[str, str]:
    return environment.for_reading(git_dir) | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "mailmap.blob",
        "GIT_CONFIG_VALUE_0": f"{commit}:.mailmap",
        "GIT_FLUSH": "0",  # not after each commit: we would be woken 20,000 times
    }


def boundary(git_dir: Path) -> frozenset[str]:
    """This function will name the commits before which a shallow clone knows nothing."""
    try:
        return frozenset((git_dir / "shallow").read_text(errors="replace").split())
    except FileNotFoundError:
        return frozenset()


def mailmap(git_dir: Path, commit: str, watch: Watch) -> str:
    """This function will name the blob that says which names are one person's; '' is none."""
    return _said(git_dir, ["rev-parse", "--quiet", "--verify", f"{commit}:.mailmap"], watch)


def day(git_dir: Path, commit: str, watch: Watch) -> int:
    """This function will give the committer's clock of a commit, in seconds since 1970."""
    said = _said(git_dir, ["show", "--no-patch", "--format=%ct", "--end-of-options", commit], watch)
    return int(said) if said.isdecimal() else 0


def follows(git_dir: Path, old: str, new: str, watch: Watch) -> bool:
    """This function will say whether `new` was built upon `old`: not so after a force-push."""
    arguments = ["merge-base", "--is-ancestor", "--end-of-options", old, new]
    status, _ = door.run(
        [f"--git-dir={git_dir}", *arguments], environment.for_reading(git_dir), watch.until(60)
    )
    return status == 0


def _said(git_dir: Path, arguments: Sequence[str], watch: Watch) -> str:
    answer: list[bytes] = []
    variables = environment.for_reading(git_dir)
    status, _ = door.run(
        [f"--git-dir={git_dir}", *arguments], variables, watch.until(30), answer.append
    )
    return b"".join(answer).decode(errors="replace").strip() if status == 0 else ""


class _Parser:
    """Cuts git's stream: an empty field, four fields a commit, then its files, if it has any.

    Before the first file stands a line break. No file's name is empty: no name looks like a commit.
    """

    def __init__(self, take: Callable[[Commit], None], lines: bool) -> None:
        self._give = take
        self._lines = lines
        self._rest = b""
        self._head: list[bytes] = []
        self._commit: Commit | None = None

    def feed(self, data: bytes) -> None:
        *tokens, self._rest = (self._rest + data).split(b"\0")
        if len(self._rest) > _LONGEST:
            raise complaints.Malformed("The repository's log holds a name of a megabyte.")
        for token in tokens:
            self._take(token)

    def end(self) -> None:
        """This method will give the last commit, which nothing follows."""
        if self._commit is not None:
            self._give(self._commit)
        self._commit = None

    def _take(self, token: bytes) -> None:
        commit = self._commit
        if commit is None:
            self._begin(token)
        elif token:
            commit.changes.append(self._change(token if commit.changes else token[1:]))
        else:
            self.end()

    def _begin(self, token: bytes) -> None:
        """Nothing is told of a commit before all that is said of it was read."""
        if not self._head and not token:
            return
        self._head.append(token)
        if len(self._head) < 4:
            return
        first, at, name, email = self._head
        self._head = []
        if not _ID.fullmatch(first):
            raise complaints.GitFailed("git log: a commit of its answer has no id.")
        self._commit = Commit(first.decode(), int(at) if at.isdigit() else 0, name, email)

    def _change(self, token: bytes) -> tuple[bytes, int, int]:
        if not self._lines:
            return token, 0, 0
        added, deleted, path = token.split(b"\t", 2)
        if added == b"-":  # no text
            return path, 0, 0
        return path, int(added), int(deleted)
