"""What a Rust file defines, inside functions too."""

from collections.abc import Iterable

from tree_sitter import Node

from projects.mapping.languages.rust import uses

KINDS = {
    "function_item": "function",
    "function_signature_item": "function",
    "struct_item": "struct",
    "union_item": "union",
    "enum_item": "enum",
    "trait_item": "trait",
    "type_item": "type",
    "associated_type": "type",
    "mod_item": "module",
    "macro_definition": "macro",
}


def of(nodes: Iterable[Node]) -> list[tuple[str, str, int]]:
    """This function will list (kind, name, line) of such nodes, by line."""
    found = {(node.start_point[0] + 1, uses.name(node), KINDS[node.type]) for node in nodes}
    return [(kind, name, line) for line, name, kind in sorted(found) if name]
