"""The namespaces of one PHP file, and what a name means in each.

Source of the rules: the PHP manual, "Name resolution rules". They need no other file: only whether
an unqualified function is the namespace's or the global one depends on what exists.
"""

from bisect import bisect_right
from collections.abc import Iterator

from tree_sitter import Node

CLASS, FUNCTION, CONSTANT = "class", "function", "const"
_LONGEST = 1000  # bytes of a name
_NAMES = ("name", "qualified_name", "relative_name", "namespace_name")


class Spaces:
    """What `namespace` and `use` say, from where on."""

    def __init__(self, namespaces: list[Node], uses: list[Node]) -> None:
        ordered = sorted(namespaces, key=lambda node: node.start_byte)
        self._starts = [node.start_byte for node in ordered]
        self._names = ["", *map(_namespace, ordered)]
        self._aliases: list[dict[tuple[str, str], str]] = [{} for _ in self._names]
        self.uses: list[tuple[str, str, int]] = []
        for node in sorted(uses, key=lambda node: node.start_byte):
            for kind, name, alias, line in _uses(node):
                self._aliases[self._at(node.start_byte)][kind, alias.lower()] = name
                self.uses.append((kind, name, line))

    def inside(self, name: str, start: int) -> str:
        """This method will give the full name of what is declared at an offset."""
        return _join(self._names[self._at(start)], name)

    def meant(self, kind: str, name: str, start: int) -> list[str]:
        """This method will give the full names a name can mean, the first that exists first."""
        if name.startswith("\\"):
            return [name[1:]]
        place = self._at(start)
        first, _, rest = name.partition("\\")
        if first.lower() == "namespace" and rest:
            return [_join(self._names[place], rest)]
        alias = self._aliases[place].get((CLASS if rest else kind, first.lower()))
        if alias:
            return [_join(alias, rest)]
        own = _join(self._names[place], name)
        # Only a function without any qualification falls back to the global one.
        return [own, name] if kind == FUNCTION and not rest and own != name else [own]

    def _at(self, start: int) -> int:
        return bisect_right(self._starts, start)


def name_of(node: Node) -> str:
    """This function will give the name a node is; '' when it is an expression."""
    if node.type not in _NAMES or node.end_byte - node.start_byte > _LONGEST:
        return ""
    return "".join(text(node).split())


def text(node: Node) -> str:
    """This function will give a node's own words."""
    return (node.text or b"").decode(errors="replace")


def _namespace(node: Node) -> str:
    name = node.child_by_field_name("name")
    return name_of(name) if name else ""


def _uses(node: Node) -> Iterator[tuple[str, str, str, int]]:
    prefix = next((name_of(child) for child in node.children if child.type == "namespace_name"), "")
    group = node.child_by_field_name("body")
    kind = _kind(node) or CLASS
    for clause in (group or node).named_children:
        if clause.type != "namespace_use_clause":
            continue
        alias = clause.child_by_field_name("alias")
        name = next((name_of(child) for child in clause.named_children), "").strip("\\")
        if name:
            short = text(alias) if alias else name.rpartition("\\")[2]
            line = clause.start_point[0] + 1
            yield _kind(clause) or kind, _join(prefix.strip("\\"), name), short, line


def _kind(node: Node) -> str:
    """`use function` and `use const`; in a group each clause may say so itself."""
    return next((child.type for child in node.children if child.type in (FUNCTION, CONSTANT)), "")


def _join(space: str, name: str) -> str:
    return f"{space}\\{name}" if space and name else space or name
