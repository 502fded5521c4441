"""What one PHP file says: the classes and functions it declares and names, and what it includes."""

from collections.abc import Iterator
from typing import Any

import tree_sitter_php
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from projects.mapping.languages.php import includes, marks
from projects.mapping.languages.php.spaces import CLASS, FUNCTION, Spaces, name_of, text

_LANGUAGE = Language(tree_sitter_php.language_php())
_PARSER = Parser(_LANGUAGE)
_QUERY = Query(
    _LANGUAGE,
    """
    (namespace_definition) @namespace
    (namespace_use_declaration) @use
    (class_declaration name: (name) @class)
    (interface_declaration name: (name) @interface)
    (trait_declaration name: (name) @trait)
    (enum_declaration name: (name) @enum)
    (function_definition name: (name) @function)
    (method_declaration name: (name) @method)
    (base_clause (_) @named)
    (class_interface_clause (_) @named)
    (use_declaration (_) @named)
    (named_type (_) @named)
    (object_creation_expression . (_) @named)
    (attribute . (_) @named)
    (scoped_call_expression scope: (_) @named)
    (scoped_property_access_expression scope: (_) @named)
    (class_constant_access_expression . (_) @named)
    (binary_expression operator: "instanceof" right: (_) @named)
    (function_call_expression function: (_) @called)
    (include_expression (_) @included)
    (include_once_expression (_) @included)
    (require_expression (_) @included)
    (require_once_expression (_) @included)
    (attribute) @attribute
    (base_clause) @base
    (scoped_call_expression) @call
    (member_call_expression) @call
    """,
)
_CLASSES = ("class", "interface", "trait", "enum")
_RELATIVE = ("self", "static", "parent")
Captures = dict[str, list[Node]]


def facts(source: bytes) -> dict[str, Any]:
    """This function will give what a PHP file declares, names and includes.

    "imports" is a dict: "declares", a list of [kind, full name]; "names", a list of [kind, full
    names of which the first that exists is meant, line]; "uses", a list of [kind, full name, line],
    and "includes", a list of [path, whether it begins at the file's own folder, line].
    """
    root = _PARSER.parse(source).root_node
    found = QueryCursor(_QUERY).captures(root)
    spaces = Spaces(found.get("namespace", []), found.get("use", []))
    return {
        "imports": {
            "declares": sorted(_declares(found, spaces)),
            "names": _first(_names(found, spaces)),
            "uses": spaces.uses,
            "includes": includes.includes(found.get("included", [])),
        },
        "definitions": sorted(_definitions(found), key=lambda one: (one[2], one[1])),
        "broken": root.has_error,
        "marks": marks.marks(source, found, spaces),
    }


def _declares(found: Captures, spaces: Spaces) -> Iterator[tuple[str, str]]:
    for kind in (*_CLASSES, FUNCTION):
        for name in found.get(kind, ()):
            whole = spaces.inside(text(name), name.start_byte)
            yield FUNCTION if kind == FUNCTION else CLASS, whole


def _names(found: Captures, spaces: Spaces) -> Iterator[tuple[str, list[str], int]]:
    for capture, kind in (("named", CLASS), ("called", FUNCTION)):
        for node in found.get(capture, ()):
            name = name_of(node)
            if name and name.lower() not in _RELATIVE:
                yield kind, spaces.meant(kind, name, node.start_byte), node.start_point[0] + 1


def _first(names: Iterator[tuple[str, list[str], int]]) -> list[tuple[str, list[str], int]]:
    lines: dict[tuple[str, tuple[str, ...]], int] = {}
    for kind, meant, line in names:
        key = kind, tuple(meant)
        lines[key] = min(line, lines.get(key, line))
    return sorted((kind, list(meant), line) for (kind, meant), line in lines.items())


def _definitions(found: Captures) -> Iterator[tuple[str, str, int]]:
    for kind in (*_CLASSES, FUNCTION, "method"):
        for name in found.get(kind, ()):
            if name.text:
                yield kind, text(name), name.start_point[0] + 1
