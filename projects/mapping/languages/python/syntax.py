"""What one Python file says: its imports and its definitions. Survives syntax errors."""

from typing import Any

import tree_sitter_python
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from projects.mapping.languages.python.marks import marks

_LANGUAGE = Language(tree_sitter_python.language())
_PARSER = Parser(_LANGUAGE)
_QUERY = Query(
    _LANGUAGE,
    """
    (import_statement) @import
    (import_from_statement) @from
    (function_definition name: (identifier) @function)
    (class_definition name: (identifier) @class)
    """,
)

Import = tuple[int, str, list[str] | None, int]


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the imports, definitions, marks, and whether the syntax is broken.

    An import is (level, module, names or None for a plain import, line); a definition is (kind,
    name, line). Lines count from 1.
    """
    root = _PARSER.parse(source).root_node
    found = QueryCursor(_QUERY).captures(root)
    imports: list[Import] = []
    for node in found.get("import", ()):
        imports += _plain(node)
    imports += map(_from, found.get("from", ()))
    definitions = [
        (kind, _text(node), node.start_point[0] + 1)
        for kind in ("class", "function")
        for node in found.get(kind, ())
    ]
    sound = sorted(filter(_sound, imports), key=lambda one: (one[3], one[0], one[1]))
    facts = {
        "imports": sound,
        "definitions": sorted(filter(lambda one: one[1].isidentifier(), definitions), key=_line),
        "broken": root.has_error,
    }
    seen = marks(root, found.get("class", ()), sound)
    return facts | {"marks": seen} if seen else facts


def _line(definition: tuple[str, str, int]) -> tuple[int, str]:
    return definition[2], definition[1]


def _plain(node: Node) -> list[Import]:
    line = node.start_point[0] + 1
    return [(0, _dotted(name), None, line) for name in node.children_by_field_name("name")]


def _from(node: Node) -> Import:
    line = node.start_point[0] + 1
    names = [_dotted(name) for name in node.children_by_field_name("name")]
    module = node.child_by_field_name("module_name")
    if module is None:
        return 0, "", names, line
    text = "".join(_text(module).replace("\\", "").split())
    bare = text.lstrip(".")
    return len(text) - len(bare), bare, names or ["*"], line


def _dotted(node: Node) -> str:
    """The name of `a.b` and of `a.b as c`, without the spaces and line ends Python allows in it."""
    if node.type == "aliased_import":
        node = node.child_by_field_name("name") or node
    return "".join(_text(node).replace("\\", "").split())


def _text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")


def _sound(one: Import) -> bool:
    """What error recovery made of broken text is no import."""
    level, module, names, _ = one
    words = module.split(".") if module else []
    whole = [name for name in names or () if name != "*"]
    return bool(level or words) and all(word.isidentifier() for word in words + whole)
