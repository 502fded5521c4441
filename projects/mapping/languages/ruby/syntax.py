"""What one Ruby file says: what it loads, the constants it names, its definitions."""

from collections.abc import Iterable, Iterator
from typing import Any

import tree_sitter_ruby
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from projects.mapping.languages.ruby import marks
from projects.mapping.languages.ruby.literals import CONSTANT, arguments, name_of, text

_LANGUAGE = Language(tree_sitter_ruby.language())
_PARSER = Parser(_LANGUAGE)
_QUERY = Query(
    _LANGUAGE,
    """
    (class name: (_) @class)
    (module name: (_) @module)
    (method name: (_) @function)
    (singleton_method name: (_) @function)
    (class body: (_) @body)
    (module body: (_) @body)
    (call method: (identifier) @call)
    [(scope_resolution) (constant)] @constant
    (binary operator: "==" right: (global_variable)) @program
    """,
)
LOADS = ("require", "require_relative", "load", "autoload")

Said = tuple[str, str, str, int]
"""One of LOADS or CONSTANT, what is asked for, the modules around it, line."""


def facts(source: bytes) -> dict[str, Any]:
    """This function will give what a file loads or names, its definitions, and its marks."""
    root = _PARSER.parse(source).root_node
    found = QueryCursor(_QUERY).captures(root)
    calls = found.get("call", [])
    asked = [*_loads(calls), *_constants(found)]
    definitions = {
        (kind, text(node).rpartition("::")[2], node.start_point[0] + 1)
        for kind in ("class", "module", "function")
        for node in found.get(kind, ())
    }
    told: dict[str, Any] = {
        "imports": _placed(asked, found.get("body", ())),
        "definitions": sorted(definitions, key=lambda one: (one[2], one[1], one[0])),
        "broken": root.has_error,
    }
    marked = marks.marks(source, calls, found)
    return told | ({"marks": marked} if marked else {})


def _loads(calls: Iterable[Node]) -> Iterator[tuple[Node, str, str]]:
    for node in calls:
        kind = text(node)
        given = arguments(node) if kind.endswith(LOADS) else []
        if kind.endswith("autoload") and given:
            yield node, "autoload", given[1] if len(given) > 1 else f":{given[0]}"
        elif kind in LOADS and given:
            yield node, kind, given[0]


def _constants(found: dict[str, list[Node]]) -> Iterator[tuple[Node, str, str]]:
    """The whole of each path of constants that is used, not of what is declared here."""
    declared = {node.id for kind in ("class", "module") for node in found.get(kind, ())}
    end = 0
    for node in sorted(found.get("constant", ()), key=lambda one: (one.start_byte, -one.end_byte)):
        if node.start_byte < end or node.id in declared:
            end = max(end, node.end_byte)
            continue
        end = node.end_byte
        name = name_of(node)
        if name:
            yield node, CONSTANT, name


def _placed(asked: Iterable[tuple[Node, str, str]], bodies: Iterable[Node]) -> list[Said]:
    """Each with the modules around it, once, at its first line."""
    opening = sorted(bodies, key=lambda body: body.start_byte)
    around: list[tuple[int, str]] = []
    first: dict[tuple[str, str, str], int] = {}
    following = 0
    for node, kind, what in sorted(asked, key=lambda one: one[0].start_byte):
        while following < len(opening) and opening[following].start_byte <= node.start_byte:
            body, following = opening[following], following + 1
            _close(around, body.start_byte)
            inside = f"{around[-1][1]}::" if around else ""
            owner = body.parent and body.parent.child_by_field_name("name")
            around.append((body.end_byte, inside + (name_of(owner) if owner else "").lstrip(":")))
        _close(around, node.start_byte)
        key = (kind, what, around[-1][1] if around else "")
        first.setdefault(key, node.start_point[0] + 1)
    return sorted(((*key, line) for key, line in first.items()), key=lambda one: (one[3], one))


def _close(around: list[tuple[int, str]], place: int) -> None:
    while around and around[-1][0] <= place:
        around.pop()
