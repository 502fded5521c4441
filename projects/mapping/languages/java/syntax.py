"""What one Java file says: its package, its imports, its types, and the types it names."""

from collections.abc import Iterator
from typing import Any

import tree_sitter_java
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from projects.mapping.languages.java import marks
from projects.mapping.languages.java.scopes import Scopes, dotted, text

_LANGUAGE = Language(tree_sitter_java.language())
_PARSER = Parser(_LANGUAGE)
_QUERY = Query(
    _LANGUAGE,
    """
    (package_declaration) @package
    (import_declaration) @import
    (class_declaration) @class
    (interface_declaration) @interface
    (enum_declaration) @enum
    (record_declaration) @record
    (annotation_type_declaration) @annotation
    (object_creation_expression type: (_) (class_body)) @anonymous
    (method_declaration name: (identifier) @method)
    (constructor_declaration name: (identifier) @method)
    (annotation_type_element_declaration name: (identifier) @method)
    (type_parameters) @parameters
    (type_identifier) @type
    (scoped_type_identifier) @chain
    (scoped_type_identifier (type_identifier) @continued .)
    (field_access) @chain
    (method_invocation object: (identifier) @head)
    (method_reference . (identifier) @head)
    (marker_annotation name: (identifier) @type)
    (annotation name: (identifier) @type)
    (marker_annotation name: (scoped_identifier) @chain)
    (annotation name: (scoped_identifier) @chain)
    (provides_module_directive (_) @directive)
    (uses_module_directive (_) @directive)
    (variable_declarator name: (identifier) @variable)
    (formal_parameter name: (identifier) @variable)
    (catch_formal_parameter name: (identifier) @variable)
    (enhanced_for_statement name: (identifier) @variable)
    (resource name: (identifier) @variable)
    (instanceof_expression name: (identifier) @variable)
    (inferred_parameters (identifier) @variable)
    (lambda_expression parameters: (identifier) @variable)
    (annotation) @mark
    (marker_annotation) @mark
    """,
)
_TYPES = ("class", "interface", "enum", "record", "annotation")
Captures = dict[str, list[Node]]


def facts(source: bytes) -> dict[str, Any]:
    """This function will give what a Java file declares and the names of types it uses.

    "imports" is a dict: "package"; "imports", a list of [name, static, all of it, line]; "types", a
    list of [name, index of the type it stands in or -1, names of its supertypes], without a name
    where it is anonymous; and "uses", a list of [index of the type whose body it stands in or -1,
    name, first line].
    """
    root = _PARSER.parse(source).root_node
    found = QueryCursor(_QUERY).captures(root)
    declared = [node for kind in _TYPES for node in found.get(kind, ())]
    scopes = Scopes(declared + found.get("anonymous", []), found.get("parameters", []))
    package = found.get("package", [])
    return {
        "imports": {
            "package": dotted(package[0].named_children[-1]) if package else "",
            "imports": sorted(filter(None, map(_import, found.get("import", ()))), key=_line),
            "types": scopes.types,
            "uses": scopes.placed(_uses(found)),
        },
        "definitions": sorted(_definitions(found), key=lambda one: (one[2], one[1])),
        "broken": root.has_error,
        "marks": marks.marks(found),
    }


def _line(one: tuple[str, bool, bool, int]) -> tuple[int, str]:
    return one[3], one[0]


def _import(node: Node) -> tuple[str, bool, bool, int] | None:
    static = any(child.type == "static" for child in node.children)
    whole = any(child.type == "asterisk" for child in node.children)
    names = [child for child in node.named_children if child.type.endswith("identifier")]
    name = dotted(names[0]) if names else ""
    return (name, static, whole, node.start_point[0] + 1) if name else None


def _definitions(found: Captures) -> Iterator[tuple[str, str, int]]:
    for kind in _TYPES:
        for node in found.get(kind, ()):
            name = node.child_by_field_name("name")
            if name is not None and name.text:
                yield kind, text(name), name.start_point[0] + 1
    for name in found.get("method", ()):
        if name.text:
            yield "method", text(name), name.start_point[0] + 1


def _uses(found: Captures) -> Iterator[tuple[str, int, int]]:
    """Names that may be those of types, with the byte and the line they begin at.

    Of `a.b.c` the whole is given once, and `a` not again.
    """
    variables = {name.text for name in found.get("variable", ())}
    starts: set[int] = set()
    chains = found.get("chain", []) + found.get("directive", [])
    for node in sorted(chains, key=lambda node: (node.start_byte, -node.end_byte)):
        name = "" if node.start_byte in starts else dotted(node)
        if not name:
            continue
        starts.add(node.start_byte)
        if node.type != "field_access" or name.partition(".")[0].encode() not in variables:
            yield name, node.start_byte, node.start_point[0] + 1
    starts.update(node.start_byte for node in found.get("continued", ()))
    for node in found.get("type", ()):
        if node.start_byte not in starts:
            yield text(node), node.start_byte, node.start_point[0] + 1
    for node in found.get("head", ()):
        if node.text not in variables:
            yield text(node), node.start_byte, node.start_point[0] + 1
