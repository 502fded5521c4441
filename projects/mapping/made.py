"""What a finished map is made of."""

from dataclasses import dataclass
from typing import Any

from projects.mapping import EXTRACTOR

Mark = tuple[str, str, int]  # kind, text, line; see `languages`

COLUMNS = ("path", "blob", "language", "bytes", "lines", "definitions", "role", "component")
"""What the document says of each file, in this order."""


@dataclass(frozen=True, slots=True)
class MapEdge:
    """One file or package needs another; `lines` say where. Kinds: `import`, `part`.

    A package stands under the path of its folder with a slash at its end. `part` leads from a
    package to a file that is part of it, so what a file breaks is found along the edges alone.
    """

    src: str
    dst: str
    kind: str
    lines: list[int]


@dataclass(frozen=True, slots=True)
class MapFile:
    """One file on the map; `skip` says why it was not parsed, `role` what it is for."""

    path: str
    blob: str
    language: str
    bytes: int
    lines: int
    definitions: int
    skip: str
    role: str
    component: str


@dataclass(frozen=True)
class Map:
    """A finished map: what is true of one commit, and how it was found.

    `packages` are the paths of edges that are no file's. `structure` is what `structure.describe`
    found, as JSON.
    """

    commit: str
    files: list[MapFile]
    packages: list[str]
    edges: list[MapEdge]
    skips: list[tuple[str, str]]
    counts: dict[str, Any]
    languages: dict[str, dict[str, int]]
    structure: dict[str, Any]
    document: bytes
    digest: str
    extractor: str = EXTRACTOR
