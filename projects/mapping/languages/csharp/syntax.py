"""What one C# file says: its namespaces, its usings, its types, and the types it names."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import tree_sitter_c_sharp
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from projects.mapping.languages.csharp import directives, marks
from projects.mapping.languages.csharp.scopes import ATTRIBUTE, TYPE, VALUE, Scopes, dotted, text

_LANGUAGE = Language(tree_sitter_c_sharp.language())
_PARSER = Parser(_LANGUAGE)
_QUERY = Query(
    _LANGUAGE,
    """
    (namespace_declaration) @namespace
    (file_scoped_namespace_declaration) @namespace
    (using_directive) @using
    (class_declaration) @class
    (struct_declaration) @struct
    (interface_declaration) @interface
    (enum_declaration) @enum
    (record_declaration) @record
    (delegate_declaration) @delegate
    (method_declaration name: (identifier) @method)
    (constructor_declaration name: (identifier) @method)
    (local_function_statement name: (identifier) @method)
    (type_parameter_list) @parameters
    (_ type: (identifier) @type)
    (_ returns: (identifier) @type)
    (base_list (identifier) @type)
    (type_argument_list (identifier) @type)
    (explicit_interface_specifier (identifier) @type)
    (as_expression right: (identifier) @type)
    (is_expression right: (identifier) @type)
    (generic_name) @chain
    (qualified_name) @chain
    (alias_qualified_name) @chain
    (qualified_name name: (generic_name) @continued)
    (member_access_expression name: (generic_name) @continued)
    (member_binding_expression name: (generic_name) @continued)
    (invocation_expression function: (generic_name) @continued)
    (namespace_declaration name: (_) @continued)
    (file_scoped_namespace_declaration name: (_) @continued)
    (attribute name: (identifier) @attribute)
    (attribute name: (qualified_name) @attribute)
    (attribute) @mark
    (member_access_expression) @access
    (member_access_expression expression: (identifier) @head)
    (constant_pattern (identifier) @head)
    (invocation_expression
      function: (identifier) @nameof arguments: (argument_list (argument (identifier) @head))
      (#eq? @nameof "nameof"))
    (variable_declaration) @declared
    (parameter) @declared
    (foreach_statement) @declared
    (catch_declaration) @declared
    (declaration_pattern) @declared
    (declaration_expression) @declared
    (property_declaration) @declared @field @property
    (field_declaration (variable_declaration) @field)
    (event_field_declaration (variable_declaration) @field)
    (implicit_parameter) @variable
    (lambda_expression parameters: (identifier) @variable)
    (invocation_expression) @call
    (global_statement) @statement
    """,
)
_KINDS = ("class", "struct", "interface", "enum", "record", "delegate")
_CAPTURES = (
    ("attribute", ATTRIBUTE),
    ("access", VALUE),
    ("chain", TYPE),
    ("type", TYPE),
    ("head", VALUE),
)
Captures = dict[str, list[Node]]


def facts(source: bytes) -> dict[str, Any]:
    """This function will give what a C# file declares and the names of types it uses.

    "imports" is a dict: "spaces", the namespaces as [full name, index of the one around or -1];
    "usings", as [index of the namespace it stands in or -1, name, alias or '', static, global, line];
    "types", as [name, index of the type it stands in, index of its namespace, names of its bases,
    partial, names of its values]; and "uses", as [index of the type whose body it stands in, index of
    its namespace, kind of `scopes`, name, first line]. A generic name ends in its number of
    arguments.
    """
    root = _root(source + b"\n")  # a directive needs the end of its line
    found = QueryCursor(_QUERY).captures(root)
    declared = [node for kind in _KINDS for node in found.get(kind, ())]
    scopes = Scopes(found.get("namespace", []), declared, found.get("parameters", []), len(source))
    fields = [one for node in found.get("field", ()) for one in _names(node)]
    return {
        "imports": {
            "spaces": scopes.spaces,
            "usings": sorted(scopes.usings(found.get("using", ())), key=lambda one: one[5]),
            "types": scopes.types(fields),
            "uses": scopes.placed(_uses(found)),
        },
        "definitions": sorted(_definitions(found), key=lambda one: (one[2], one[1])),
        "broken": root.has_error,
        "marks": marks.marks(found),
    }


def _root(source: bytes) -> Node:
    """The first reading without errors, or else the file as it is."""
    roots = (_PARSER.parse(reading).root_node for reading in directives.readings(source))
    first = next(roots)
    return next((root for root in chain([first], roots) if not root.has_error), first)


def _definitions(found: Captures) -> Iterator[tuple[str, str, int]]:
    for kind in _KINDS:
        for node in found.get(kind, ()):
            name = node.child_by_field_name("name")
            if name is not None and name.text:
                yield kind, text(name), name.start_point[0] + 1
    for name in found.get("method", ()):
        if name.text:
            yield "method", text(name), name.start_point[0] + 1


def _names(node: Node) -> Iterator[tuple[str, int]]:
    """The variables a node declares, but those called like their type, and where they begin.

    Of `Color Color` the word may mean either (C# specification, 12.8.7.2), and names the type.
    """
    kind = node.child_by_field_name("type")
    own = node.child_by_field_name("name") or node.child_by_field_name("left")
    declarators = [child for child in node.children if child.type == "variable_declarator"]
    nested = [child.child_by_field_name("name") for child in declarators]
    for name in [own, *nested]:
        if name is not None and (kind is None or dotted(kind).rpartition(".")[2] != text(name)):
            yield text(name), node.start_byte


def _uses(found: Captures) -> Iterator[tuple[str, str, int, int]]:
    """Names that may be those of types: kind, name, byte and line they begin at.

    Of `A.B.c` the whole is given once, and no part of it again.
    """
    values = {name for node in found.get("declared", ()) for name, _ in _names(node)}
    values |= {text(node) for node in found.get("variable", ())}
    starts = {node.start_byte for node in found.get("continued", ())}
    for capture, kind in _CAPTURES:
        nodes = found.get(capture, [])
        for node in sorted(nodes, key=lambda node: (node.start_byte, -node.end_byte)):
            name = "" if node.start_byte in starts else dotted(node)
            if not name:
                continue
            starts.add(node.start_byte)
            if kind != VALUE or name.partition(".")[0] not in values:
                yield kind, name, node.start_byte, node.start_point[0] + 1
