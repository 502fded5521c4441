"""The types of one Java file, one inside another, and where each name stands.

The Java language specification, 6.3: a type's members are in scope in its body and, of a record, in
its header; type parameters are in scope in the whole declaration.
"""

from collections import defaultdict
from collections.abc import Iterable

from tree_sitter import Node

from projects.mapping.languages.nesting import Nesting

_NAMED = ("identifier", "type_identifier")
_BODIES = ("class_body", "interface_body", "enum_body", "annotation_type_body")
_LONGEST = 40  # words of a name
_SUPERTYPES = ("superclass", "super_interfaces", "extends_interfaces")


class Scopes:
    """The types declared in a file, outer before inner, by the index that `types` gives them."""

    def __init__(self, declared: list[Node], parameters: list[Node]) -> None:
        nodes = sorted(declared, key=lambda node: (node.start_byte, -node.end_byte))
        self._bodies = Nesting([_body(node) for node in nodes])
        self._shadows = _shadows(parameters)
        self.types = [
            [_name(node), self._bodies.owner(node.start_byte), _supertypes(node)] for node in nodes
        ]

    def placed(self, names: Iterable[tuple[str, int, int]]) -> list[tuple[int, str, int]]:
        """This method will give each name once for each type it stands in, with its first line.

        Names of type parameters are left out, and `var`, which is no name.
        """
        first: dict[tuple[int, str], int] = {}
        for name, start, line in names:
            if name == "var" or self._is_parameter(name.partition(".")[0], start):
                continue
            key = self._bodies.owner(start), name
            first[key] = min(line, first.get(key, line))
        return sorted((owner, name, line) for (owner, name), line in first.items())

    def _is_parameter(self, name: str, start: int) -> bool:
        return any(begin <= start < end for begin, end in self._shadows.get(name, ()))


def dotted(node: Node) -> str:
    """This function will give the name a node consists of, without arguments and annotations.

    '' when it is something else: of `f().x` nothing is a name.
    """
    names: list[str] = []
    step: Node | None = node
    while step is not None and len(names) < _LONGEST:
        if step.type in _NAMED:
            names.append(text(step))
            return ".".join(reversed(names)) if all(names) else ""
        if step.type == "field_access":
            field = step.child_by_field_name("field")
            # `Outer.this` is the name of a type and no member of it.
            names = [*names, text(field)] if field and field.type == "identifier" else []
            step = step.child_by_field_name("object")
        elif step.type in ("scoped_identifier", "scoped_type_identifier"):
            names.append(text(step.named_children[-1]))
            step = step.named_children[0]
        else:
            step = step.named_children[0] if step.type == "generic_type" else None
    return ""


def text(node: Node) -> str:
    """This function will give a node's own words."""
    return (node.text or b"").decode(errors="replace")


def _body(node: Node) -> tuple[int, int]:
    header = node.child_by_field_name("parameters") if node.type == "record_declaration" else None
    body = next((child for child in node.children if child.type in _BODIES), None)
    begin = header or body
    return (begin.start_byte if begin else node.end_byte), node.end_byte


def _name(node: Node) -> str:
    name = node.child_by_field_name("name")
    return text(name) if name else ""


def _supertypes(node: Node) -> list[str]:
    """Names of what is inherited from; an anonymous class inherits from the type it creates."""
    created = node.child_by_field_name("type")
    if created is not None:
        return [name for name in [dotted(created)] if name]
    clauses = [child for child in node.children if child.type in _SUPERTYPES]
    lists = [child for clause in clauses for child in clause.named_children]
    types = [
        one
        for node in lists
        for one in (node.named_children if node.type == "type_list" else [node])
    ]
    return [name for name in map(dotted, types) if name]


def _shadows(parameters: list[Node]) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for node in parameters:
        scope = node.parent or node
        for parameter in node.named_children:
            names = [child for child in parameter.children if child.type == "type_identifier"]
            for name in names[:1]:
                found[text(name)].append((scope.start_byte, scope.end_byte))
    return found
