"""The namespaces and types of one C# file, one inside another, and where each name stands."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from tree_sitter import Node

from projects.mapping.languages.nesting import Nesting

TYPE, VALUE, ATTRIBUTE = "type", "value", "attribute"
"""Where a name stands: only a type is meant, a variable comes first, or `Attribute` may follow."""
_BODIES = ("declaration_list", "enum_member_declaration_list", "parameter_list")
_LONGEST = 40  # words of a name
_MAX_NAME = 500  # characters of a namespace; one inside a longer one counts as that
Using = tuple[int, str, str, bool, bool, int]


class Scopes:
    """The namespaces and types declared in a file, outer before inner, by their index."""

    def __init__(
        self, namespaces: list[Node], types: list[Node], parameters: list[Node], size: int
    ) -> None:
        spaces = sorted(namespaces, key=lambda node: (node.start_byte, -node.end_byte))
        self._types = sorted(types, key=lambda node: (node.start_byte, -node.end_byte))
        self._spaces = Nesting([_space(node, size) for node in spaces])
        self._bodies = Nesting([_body(node) for node in self._types])
        self._shadows = _shadows(parameters)
        self.spaces: list[tuple[str, int]] = []
        for node in spaces:
            outer = self._spaces.owner(node.start_byte - 1) if node.start_byte else -1
            name = node.child_by_field_name("name")
            around = self.spaces[outer][0] if outer >= 0 else ""
            full = f"{around}." * (outer >= 0) + (dotted(name) if name else "")
            self.spaces.append((full if len(full) <= _MAX_NAME else around, outer))

    def types(self, fields: Iterable[tuple[str, int]]) -> list[list[Any]]:
        """This method will describe the types, given the names of values and where they stand."""
        values: dict[int, set[str]] = defaultdict(set)
        for name, start in fields:
            values[self._bodies.owner(start)].add(name)
        return [
            [
                _name(node),
                self._bodies.owner(node.start_byte),
                self._spaces.owner(node.start_byte),
                _bases(node),
                any(
                    child.type == "modifier" and text(child) == "partial" for child in node.children
                ),
                sorted(values[index]),
            ]
            for index, node in enumerate(self._types)
        ]

    def usings(self, nodes: Iterable[Node]) -> Iterator[Using]:
        """This method will describe the using directives."""
        for node in nodes:
            words = {child.type for child in node.children}
            alias = node.child_by_field_name("name")
            named = [child for child in node.named_children if child != alias]
            name = dotted(named[-1]) if named else ""
            if name:
                space = self._spaces.owner(node.start_byte)
                short = text(alias) if alias else ""
                line = node.start_point[0] + 1
                yield space, name, short, "static" in words, "global" in words, line

    def placed(self, names: Iterable[tuple[str, str, int, int]]) -> list[list[Any]]:
        """This method will give each name once for each type it stands in, with its first line."""
        first: dict[tuple[int, int, str, str], int] = {}
        for kind, name, start, line in names:
            scopes = self._shadows.get(name.partition(".")[0], ())
            if any(begin <= start < end for begin, end in scopes):
                continue
            key = self._bodies.owner(start), self._spaces.owner(start), kind, name
            first[key] = min(line, first.get(key, line))
        return sorted([*key, line] for key, line in first.items())


def dotted(node: Node) -> str:
    """This function will give the name a node consists of; '' when it is something else."""
    names: list[str] = []
    step: Node | None = node
    while step is not None and len(names) < _LONGEST:
        if step.type in ("identifier", "generic_name"):
            names.append(_word(step))
            return ".".join(reversed(names)) if all(names) else ""
        if step.type in ("qualified_name", "member_access_expression"):
            name = step.child_by_field_name("name")
            names.append(_word(name) if name else "")
            step = step.child_by_field_name("qualifier") or step.child_by_field_name("expression")
        elif step.type == "alias_qualified_name":
            names += [_word(child) for child in reversed(step.named_children)]
            return ".".join([f"{names.pop()}::", *reversed(names)]) if all(names) else ""
        else:
            return ""
    return ""


def text(node: Node) -> str:
    """This function will give a node's own words."""
    return (node.text or b"").decode(errors="replace").removeprefix("@")


def _word(node: Node) -> str:
    if node.type != "generic_name":
        return text(node) if node.type == "identifier" else ""
    name, *rest = node.named_children
    arguments = rest[0] if rest else node
    return f"{text(name)}`{sum(child.type == ',' for child in arguments.children) + 1}"


def _name(node: Node) -> str:
    name = node.child_by_field_name("name")
    parameters = next((one for one in node.children if one.type == "type_parameter_list"), None)
    if name is None or parameters is None:
        return text(name) if name else ""
    return f"{text(name)}`{sum(child.type == ',' for child in parameters.children) + 1}"


def _bases(node: Node) -> list[str]:
    bases = [
        child
        for clause in node.children
        if clause.type == "base_list"
        for child in clause.named_children
    ]
    types = [base.child_by_field_name("type") or base for base in bases]
    return [name for name in map(dotted, types) if name]


def _space(node: Node, size: int) -> tuple[int, int]:
    """The namespace of a file reaches to its end."""
    whole = node.type == "file_scoped_namespace_declaration"
    return node.start_byte, size if whole else node.end_byte


def _body(node: Node) -> tuple[int, int]:
    begin = next((child for child in node.children if child.type in _BODIES), None)
    return (begin.start_byte if begin else node.end_byte), node.end_byte


def _shadows(parameters: list[Node]) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for node in parameters:
        scope = node.parent or node
        for parameter in node.named_children:
            name = parameter.child_by_field_name("name")
            if name is not None:
                found[text(name)].append((scope.start_byte, scope.end_byte))
    return found
