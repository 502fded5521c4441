"""What a C# file is for the world outside: programs, HTTP addresses, stored data."""

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from projects.mapping.languages.csharp.scopes import dotted, text

_VERBS = {
    f"{prefix}{verb.title()}": verb
    for prefix in ("Http", "Map")
    for verb in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
}
_FRAMEWORK = "asp.net core"
Mark = tuple[str, str, int]


def marks(found: dict[str, list[Node]]) -> list[Mark]:
    """This function will give the marks of a file, by line.

    Sources of the names: ASP.NET Core's attributes and endpoints, Entity Framework's DbSet.
    """
    given = [
        *_entries(found),
        *_attributes(found.get("mark", ())),
        *_calls(found.get("call", ())),
        *_sets(found.get("property", ())),
    ]
    return sorted(set(given), key=lambda mark: (mark[2], mark))


def _entries(found: dict[str, list[Node]]) -> Iterator[Mark]:
    for name in found.get("method", ()):
        method = name.parent
        static = method is not None and any(
            child.type == "modifier" and child.text == b"static" for child in method.children
        )
        if name.text == b"Main" and static:
            yield "entry", "Main", name.start_point[0] + 1
    for first in sorted(found.get("statement", ()), key=lambda node: node.start_byte)[:1]:
        yield "entry", "top-level statements", first.start_point[0] + 1


def _attributes(attributes: Iterable[Node]) -> Iterator[Mark]:
    prefixes: dict[int, str] = {}
    for node in sorted(attributes, key=lambda node: node.start_byte):
        name = _last(node)
        owner = node.parent.parent if node.parent else None
        if owner is None or (name != "Route" and name not in _VERBS):
            continue
        address = _first_text(node, "attribute_argument_list") or ""
        if owner.type != "method_declaration":
            prefixes[owner.id] = address.replace("[controller]", _controller(owner))
            continue
        # `[Route]` beside `[HttpGet]` says the rest of one address: the verb's own line tells both.
        outer = owner.parent.parent if owner.parent else None
        prefix = prefixes.get(outer.id, "") if outer else ""
        parts = [part.strip("/") for part in (prefix, address) if part.strip("/")]
        what = f"{_VERBS.get(name, '')} /{'/'.join(parts)}".strip()
        yield f"route:{_FRAMEWORK}", what, node.start_point[0] + 1


def _controller(owner: Node) -> str:
    name = owner.child_by_field_name("name")
    return text(name).removesuffix("Controller") if name else ""


def _calls(calls: Iterable[Node]) -> Iterator[Mark]:
    for node in calls:
        function = node.child_by_field_name("function")
        name = function.child_by_field_name("name") if function else None
        verb = _VERBS.get(text(name)) if name and text(name).startswith("Map") else None
        address = _first_text(node, "argument_list") if verb else None
        if address is not None:
            yield f"route:{_FRAMEWORK}", f"{verb} /{address.strip('/')}", node.start_point[0] + 1


def _sets(properties: Iterable[Node]) -> Iterator[Mark]:
    for node in properties:
        kind = node.child_by_field_name("type")
        if kind is not None and dotted(kind).rpartition(".")[2] == "DbSet`1":
            stored = text(kind).partition("<")[2].rpartition(">")[0]
            yield "model:entity framework", stored, node.start_point[0] + 1


def _last(node: Node) -> str:
    name = node.child_by_field_name("name")
    return dotted(name).rpartition(".")[2].removesuffix("Attribute") if name else ""


def _first_text(node: Node, kind: str) -> str | None:
    """The first argument, where it is a text."""
    lists = [child for child in node.named_children if child.type == kind]
    first = lists[0].named_children[:1] if lists else []
    for value in first[0].named_children if first else ():
        if value.type in ("string_literal", "verbatim_string_literal", "raw_string_literal"):
            return text(value).strip('@"')
    return None
