"""A map as text for agents: the most central files first, within a budget of tokens.

Central is what much depends on, and what that depends on: PageRank over the edges between code.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import rustworkx

from projects.mapping import documents, roles

TOKENS = 4000
LEAST, MOST = 200, 1_000_000
CHARACTERS_A_TOKEN = 2.4
"""Of ASCII; any other byte is counted as a token. docs/decisions.md has what was measured."""
_LEFT_OUT = {roles.TEST, roles.VENDORED, roles.GENERATED, roles.DOCUMENTATION}
_NAMES, _NEEDS = 24, 12
_BATCH = 100

File = tuple[str, str, str, int, str, int]  # path, blob, language, lines, role, definitions
Definitions = Callable[[Sequence[tuple[str, str]]], Mapping[str, list[Any]]]
"""Gives by path what is defined, (kind, name, line) each, of some (path, blob, language)."""


@dataclass(frozen=True)
class TextMap:
    """The text, what it costs at most, and how many of the files stand in it."""

    text: str
    tokens: int
    files: int
    files_all: int


@dataclass
class _Page:
    """Lines as long as there is room for them."""

    most: int
    lines: list[str] = field(default_factory=list)
    used: float = 0

    def add(self, lines: Sequence[str]) -> bool:
        cost = sum(_cost(f"{line}\n") for line in lines)
        if self.used + cost > self.most:
            return False
        self.lines += lines
        self.used += cost
        return True


def tokens(text: str) -> int:
    """This function will give how many tokens a text is at most, as far as one can tell."""
    return ceil(_cost(text))


def _cost(text: str) -> float:
    plain = len(text.encode("ascii", "ignore"))
    return plain / CHARACTERS_A_TOKEN + len(text.encode()) - plain


def write(content: Mapping[str, Any], title: str, most: int, definitions: Definitions) -> TextMap:
    """This function will describe a map's document in at most `most` tokens."""
    files = _files(content)
    ranked = rank(files, content)
    needs, needed = _ends(content)
    page = _Page(most)
    page.add([f"# {title}"])
    page.add([f"# {len(ranked)} files by PageRank over their imports, the most central first"])
    for begin in range(0, len(ranked), _BATCH):
        some = ranked[begin : begin + _BATCH]
        known = definitions([files[path][:2] for path in some])
        for place, path in enumerate(some, begin):
            head = f"{path} ({files[path][3]} lines, needed by {needed.get(path, 0)})"
            entry = _entry(needs.get(path, []), known.get(path, []))
            if not page.add([head, *entry]) and not page.add([head]):
                return _ended(page, place, len(ranked))
    return _ended(page, len(ranked), len(ranked))


def _files(content: Mapping[str, Any]) -> dict[str, File]:
    names = ("path", "blob", "language", "lines", "role", "definitions")
    columns = [documents.column(content, name) for name in names]
    return {row[0]: row for row in zip(*columns, strict=True)}


def _ended(page: _Page, shown: int, total: int) -> TextMap:
    text = "".join(f"{line}\n" for line in page.lines)
    return TextMap(text, tokens(text), shown, total)


def _entry(needs: Sequence[str], known: Sequence[Any]) -> list[str]:
    lines = []
    if needs:
        more = f" and {len(needs) - _NEEDS} more" if len(needs) > _NEEDS else ""
        lines.append(f"  needs {', '.join(needs[:_NEEDS])}{more}")
    known = [one for one in known if not one[1].startswith("_")]
    if known:
        named = [f"{name}:{line}" for _, name, line in known[:_NAMES]]
        more = f" and {len(known) - _NAMES} more" if len(known) > _NAMES else ""
        lines.append(f"  defines {' '.join(named)}{more}")
    return lines


def rank(files: Mapping[str, File], content: Mapping[str, Any]) -> list[str]:
    """This function will order the files of code by PageRank; equal ones by path.

    Tests, documentation and what nobody here wrote have no vote: they would lift what they use.
    """
    code = {path for path, file in files.items() if file[4] not in _LEFT_OUT}
    taken = sorted(code.union(documents.packages(content)))
    if not taken:
        return []
    graph: rustworkx.PyDiGraph[str, None] = rustworkx.PyDiGraph(multigraph=False)
    numbers = dict(zip(taken, graph.add_nodes_from(taken), strict=True))
    edges = [edge[:2] for edge in content["edges"] if numbers.keys() >= set(edge[:2])]
    graph.extend_from_edge_list([(numbers[src], numbers[dst]) for src, dst in edges])
    scores = rustworkx.pagerank(graph)
    tied = {path for edge in edges for path in edge}
    worth = [path for path in taken if path in code and (path in tied or files[path][5])]
    return sorted(worth, key=lambda path: (-round(scores[numbers[path]], 12), path))


def _ends(content: Mapping[str, Any]) -> tuple[dict[str, list[str]], dict[str, int]]:
    needs: dict[str, list[str]] = {}
    needed: dict[str, int] = {}
    for src, dst, kind, _ in content["edges"]:
        if kind == "import":
            needs.setdefault(src, []).append(dst)
        needed[dst] = needed.get(dst, 0) + 1
    return needs, needed
