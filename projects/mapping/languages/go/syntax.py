"""What one Go file says: its package, its imports and its definitions. Survives syntax errors."""

from collections.abc import Iterator
from typing import Any

import tree_sitter_go
from tree_sitter import Language, Node, Parser

from projects.mapping.languages.go import constraints, marks

_PARSER = Parser(Language(tree_sitter_go.language()))
_KINDS = {
    "function_declaration": "function",
    "method_declaration": "method",
    "type_spec": "type",
    "type_alias": "type",
}
_TYPES = {"struct_type": "struct", "interface_type": "interface"}
_LISTS = frozenset(("import_declaration", "import_spec_list", "type_declaration", "ERROR"))
_MAX_PATH = 500  # characters of an import; nobody's folder has such a name


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the imports, the definitions, the marks and if the syntax is broken.

    "imports" is (package, line of its clause, whether any build takes the file, list of (path,
    line)). A definition is (kind, name, line); what stands inside functions is nobody else's.
    """
    root = _PARSER.parse(source).root_node
    package, imports, definitions = ("", 1), set(), set()
    for node in _declarations(root):
        if node.type == "package_clause":
            names = [one for one in node.named_children if one.type == "package_identifier"]
            package = "".join(map(_text, names[:1])), _line(node)
        elif node.type == "import_spec":
            imports.add((_path(node), _line(node)))
        elif node.type in _KINDS and (name := node.child_by_field_name("name")):
            definitions.add((_line(name), _kind(node), _text(name)))
    imported = sorted((line, path) for path, line in imports if 0 < len(path) <= _MAX_PATH)
    return {
        "imports": (*package, constraints.allow(root), [(path, line) for line, path in imported]),
        "definitions": [(kind, name, line) for line, kind, name in sorted(definitions) if name],
        "marks": marks.of(root, source, package[0], {path for path, _ in imports}),
        "broken": root.has_error,
    }


def _declarations(root: Node) -> Iterator[Node]:
    """Those of the file itself, in order, without going into bodies."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node is root or node.type in _LISTS:
            waiting.extend(reversed(node.named_children))
        else:
            yield node


def _kind(node: Node) -> str:
    is_a = node.child_by_field_name("type")
    kind = _TYPES.get(is_a.type, "") if is_a and node.type == "type_spec" else ""
    return kind or _KINDS[node.type]


def _path(node: Node) -> str:
    """Error recovery may leave a string without its end."""
    path = node.child_by_field_name("path")
    return _text(path).strip('"`') if path and not path.has_error else ""


def _line(node: Node) -> int:
    return node.start_point[0] + 1


def _text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")
