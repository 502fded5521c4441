"""What a finished map is made of."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from projects.mapping import EXTRACTOR

if TYPE_CHECKING:
    from projects.mapping.edges import EdgeTable

Mark = tuple[str, str, int]  # kind, text, line; see `languages`
IMPORT, PART = "import", "part"

_AT_ONCE = 1000
SEPARATORS = (",\n", ":")
"""Of a document: no text holds a line's end unescaped, so where rows end can be seen."""
_encode = json.JSONEncoder(sort_keys=True, separators=SEPARATORS).encode
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
    """One file on the map; `skip` says why it was not parsed, `role` what it is for.

    `reader` is who of `readers` was asked, from its name alone; its language may be declared.
    """

    path: str
    blob: str
    language: str
    bytes: int
    lines: int
    definitions: int
    skip: str
    role: str
    component: str
    reader: str = ""


@dataclass(frozen=True)
class Map:
    """A finished map: what is true of one commit, and how it was found.

    `packages` are the paths of edges that are no file's. `structure` is what `structure.describe`
    found, as JSON.
    """

    commit: str
    files: list[MapFile]
    packages: list[str]
    edges: "EdgeTable"
    skips: list[tuple[str, str]]
    counts: dict[str, Any]
    languages: dict[str, dict[str, int]]
    structure: dict[str, Any]
    digest: str
    extractor: str = EXTRACTOR

    def document(self) -> Iterator[bytes]:
        """This method will give the canonical form, piece by piece: JSON with sorted lists.

        It has no ids and no times: the same bytes for the same truth. Its sha256 is the digest.
        """
        return document(self.files, self.edges.rows(), self.skips, self.structure)


def document(
    files: Sequence[MapFile],
    edges: Iterable[tuple[str, str, str, list[int]]],
    skips: list[tuple[str, str]],
    structure: dict[str, Any],
) -> Iterator[bytes]:
    """This function will write what a map says as canonical JSON, piece by piece."""
    ordered = sorted(files, key=lambda file: file.path)
    rows = map(attrgetter(*COLUMNS), ordered)
    yield b'{"columns":%b,\n"edges":[' % _json(COLUMNS)
    yield from _joined(edges)
    yield b'],\n"files":['
    yield from _joined(rows)
    yield b'],\n"skips":%b,\n"structure":%b}' % (_json(skips), _json(structure))


def _joined(rows: Iterable[Any]) -> Iterator[bytes]:
    """Many at once: one by one, the digest would cost more than the encoding."""
    rows, comma = iter(rows), b""
    while some := list(islice(rows, _AT_ONCE)):
        yield comma + _json(some)[1:-1]
        comma = b",\n"


def _json(value: Any) -> bytes:
    return _encode(value).encode()
