"""What changed between two commits, and what a patch says it changes."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from projects.git import complaints, door, environment
from projects.git.door import Watch

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NULL = b"/dev/null"
_ESCAPES = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13}
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Change:
    """One file before and after; '' where it is not. Names are as git stores them."""

    old: str
    new: str

    @property
    def word(self) -> str:
        """What happened to it."""
        if not self.old:
            return "added"
        if not self.new:
            return "deleted"
        return "changed" if self.old == self.new else "renamed"


def between(git_dir: Path, old: str, new: str, watch: Watch) -> list[Change]:
    """This function will list what differs between two commits, renamed files as one change.

    Raises NoSuchCommit for what is no whole commit id, and what git's complaints mean.
    """
    for text in (old, new):
        if not _COMMIT.fullmatch(text):
            raise complaints.NoSuchCommit(f"{text[:64]!a} is not a commit id.")
    arguments = ["diff-tree", "-r", "-z", "-M", "--name-status", "--end-of-options", old, new]
    answer: list[bytes] = []
    status, said = door.run(
        [f"--git-dir={git_dir}", *arguments],
        environment.for_reading(git_dir),
        watch,
        answer.append,
    )
    if status != 0:
        raise complaints.failure("diff-tree", status, said)
    words = iter(b"".join(answer).split(b"\0"))
    return list(_changes(words))


def _changes(words: Iterator[bytes]) -> Iterator[Change]:
    for word in words:
        if word:
            first = _name(next(words))
            second = _name(next(words)) if word[:1] in b"RC" else first
            old, new = {b"A": ("", first), b"D": (first, "")}.get(word[:1], (first, second))
            yield Change("" if word[:1] == b"C" else old, new)


def in_patch(lines: Iterable[bytes]) -> list[Change]:
    """This function will list the files that a patch in git's or diff's own form speaks of."""
    patch = _Patch()
    for line in lines:
        patch.take(line.rstrip(b"\r\n"))
    patch.close()
    return list(dict.fromkeys(patch.found))


class _Patch:
    """Only headers are believed: hunks say how long they are, and may hold what looks like one."""

    def __init__(self) -> None:
        self.found: list[Change] = []
        self._names: list[str] | None = None  # of the file whose header is being read
        self._left = [0, 0]  # lines of the hunk: of the old file, of the new one

    def take(self, line: bytes) -> None:
        """This method will read one line."""
        if any(self._left):
            self._left = _counted(line, self._left)
        elif hunk := _HUNK.match(line):
            self._left = [1 if one is None else int(one) for one in hunk.groups()]
        elif line.startswith(b"diff --git "):
            self.close()
            self._names = _same_twice(line.removeprefix(b"diff --git "))
        else:
            self._header(line)

    def close(self) -> None:
        """This method will keep what the header said."""
        if self._names is not None and any(self._names):
            self.found.append(Change(*self._names))
        self._names = None

    def _header(self, line: bytes) -> None:
        word = next((word for word in _HEADERS if line.startswith(word)), None)
        if word is None:
            return
        place, name = _HEADERS[word]
        if word == b"--- " and (self._names is None or self._names[1:] == [""]):
            self.close()
        self._names = self._names or ["", ""]
        self._names[place] = name(line.removeprefix(word))


def _counted(line: bytes, left: list[int]) -> list[int]:
    """A line of a hunk belongs to the old file, the new one, both, or to neither."""
    old, new = left
    return [
        max(0, old - (not line.startswith((b"+", b"\\")))),
        max(0, new - (not line.startswith((b"-", b"\\")))),
    ]


def _same_twice(text: bytes) -> list[str]:
    """`a/x b/x`: a header of two names that are the same, the only kind that stands alone."""
    if text.startswith(b'"'):
        name = _patched(text)
        return [name, name]
    half = len(text) // 2
    old, new = _patched(text[:half]), _patched(text[half + 1 :])
    return [old, new] if old == new else ["", ""]


def _patched(text: bytes) -> str:
    """The name of a header: unquoted, without `a/` or `b/` and without diff's time."""
    text = text.split(b"\t")[0] if not text.startswith(b'"') else _unquoted(text)
    return "" if text == _NULL else _name(re.sub(rb"^[abciow]/", b"", text))


def _unquoted(text: bytes) -> bytes:
    def byte(match: re.Match[bytes]) -> bytes:
        said = match[1]
        return bytes([int(said, 8) & 255]) if said[:1].isdigit() else _letter(said)

    inside = _QUOTED.match(text)
    return _ESCAPED.sub(byte, inside[1]) if inside else text


def _letter(said: bytes) -> bytes:
    return bytes([_ESCAPES[said]]) if said in _ESCAPES else said


def _bare(text: bytes) -> str:
    """A name that stands without `a/` or `b/`."""
    return _name(_unquoted(text) if text.startswith(b'"') else text)


def _name(raw: bytes) -> str:
    return raw.decode(errors="surrogateescape")


def _nothing(text: bytes) -> str:
    return ""


_HEADERS: dict[bytes, tuple[int, Callable[[bytes], str]]] = {
    b"--- ": (0, _patched),
    b"+++ ": (1, _patched),
    b"rename from ": (0, _bare),
    b"rename to ": (1, _bare),
    b"copy from ": (0, _nothing),
    b"copy to ": (1, _bare),
    b"new file mode ": (0, _nothing),
    b"deleted file mode ": (1, _nothing),
}
"""What a line of a header says: of the old name or the new one, and how it is written."""
