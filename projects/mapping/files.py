"""The files of a commit: what is read, what is left out and why, and how a name is shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from projects.git.reading import Entry
from projects.mapping import catalogue, readers, roles

MAX_PARSED = 1 << 20  # bytes; larger sources are generated, and only counted
MAX_MANIFEST = 4 << 20  # bytes; a lock file of 2,000 packages has one megabyte
MAX_COUNTED = 64 << 20  # bytes; larger blobs are not read at all
MAX_PATH = 1000  # bytes; an index of PostgreSQL takes 2,700

SYMLINK, SUBMODULE, LONG_NAME = "symlink", "submodule", "name too long"
TOO_LARGE, BINARY, NO_EXTRACTOR = "too large", "binary", "no extractor"
UNREADABLE, OUT_OF_TIME = "unreadable", "out of time"
_SHOWN = re.compile(r"(?:[^\\]|\\\\|\\[0-7]{3})*")
_NO_FILES = {"120000": SYMLINK, "160000": SUBMODULE}


@dataclass(slots=True)
class File:
    """One file of the commit; `raw` is its name as the resolver needs it, `path` as people do."""

    raw: str
    path: str
    blob: str
    size: int
    language: str
    key: str  # who of `readers` reads it or counts its lines, or '' when nobody does
    role: str  # one of `roles`; '' is the code itself
    skip: str = ""  # why it was not parsed, '' when it was


@dataclass
class Survey:
    """Every entry of a commit's tree: the files, and the entries that are no files."""

    files: list[File] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)  # (path, reason)
    more: bool = False  # there are further entries that nobody looked at


def survey(entries: Sequence[Entry], most: int) -> Survey:
    """This function will sort the first entries of a tree into files and what is left out."""
    found = Survey(more=len(entries) > most)
    for entry in entries[:most]:
        named = _named(entry.path)
        reason = _NO_FILES.get(entry.mode) or named.reason
        if reason:
            found.left_out.append((named.path, reason))
        else:
            found.files.append(_file(entry, named))
    return found


@dataclass(frozen=True, slots=True)
class _Named:
    """What a name alone tells."""

    raw: str
    path: str
    reason: str
    language: str
    key: str
    role: str


@lru_cache(20_000)
def _named(name: bytes) -> _Named:
    """From one commit to the next nearly all names stay."""
    raw = name.decode(errors="surrogateescape")
    path = shown(raw)
    if len(path.encode()) > MAX_PATH:
        return _Named(raw, path[: MAX_PATH // 4], LONG_NAME, "", "", "")
    language = catalogue.language_of(raw)
    return _Named(raw, path, "", language, readers.key_of(raw, language), roles.role_of(raw))


def reader_of(path: str) -> str:
    """This function will name who of `readers` is asked about a file, as a map shows its path."""
    return readers.key_of(path, catalogue.language_of(path))


def _file(entry: Entry, named: _Named) -> File:
    raw = named.raw
    file = File(raw, named.path, entry.blob, entry.size, named.language, named.key, named.role)
    if entry.size > MAX_COUNTED:
        file.key, file.skip = "", TOO_LARGE
    elif file.key and entry.size > (MAX_MANIFEST if readers.is_manifest(file.key) else MAX_PARSED):
        file.key, file.skip = readers.counter_of(raw), TOO_LARGE
    elif not file.key and catalogue.surely_binary(raw):
        file.skip = BINARY
    elif not file.key:
        file.key, file.skip = readers.counter_of(raw), NO_EXTRACTOR
    return file


def shown(raw: str) -> str:
    """This function will give a name that can be stored and printed, different for each name.

    Control characters, bytes that are no UTF-8 and characters that turn the text around are written
    as git writes them, in octal behind a backslash, and a backslash is doubled. Nothing is put
    around the name: its folders and its suffix stay what patterns and people look for.
    """
    return raw if raw.isprintable() and "\\" not in raw else "".join(map(_escaped, raw))


def is_shown(text: str) -> bool:
    """This function will say whether a text can be a name as `shown` gives it."""
    return text.isprintable() and _SHOWN.fullmatch(text) is not None


def _escaped(char: str) -> str:
    if char == "\\":
        return "\\\\"
    if char.isprintable():
        return char
    return "".join(f"\\{byte:03o}" for byte in char.encode(errors="surrogateescape"))
