"""What a finished map is made of."""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
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
    found, as JSON. `packed` is the document, compressed, and `digest` its sha256: it has no ids and
    no times, so equal digests are equal truth.
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
    packed: bytes = field(repr=False)
    extractor: str = EXTRACTOR

    def document(self) -> bytes:
        """This method will unpack the canonical form: JSON with sorted lists."""
        return zlib.decompress(self.packed)


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


def pack(pieces: Iterable[bytes]) -> tuple[str, bytes]:
    """This function will give the digest of a document, and the document compressed."""
    digest, packer, packed = sha256(), zlib.compressobj(1), []
    for piece in pieces:
        digest.update(piece)
        packed.append(packer.compress(piece))
    return digest.hexdigest(), b"".join([*packed, packer.flush()])


def _joined(rows: Iterable[Any]) -> Iterator[bytes]:
    """Many at once: one by one, the digest would cost more than the encoding."""
    rows, comma = iter(rows), b""
    while some := list(islice(rows, _AT_ONCE)):
        yield comma + _json(some)[1:-1]
        comma = b",\n"


def _json(value: Any) -> bytes:
    return _encode(value).encode()
