"""What a Java file is for the world outside: programs, HTTP addresses, stored data."""

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from projects.mapping.languages.java.scopes import dotted, text

_ROUTES = {
    "GetMapping": ("spring", "GET"),
    "PostMapping": ("spring", "POST"),
    "PutMapping": ("spring", "PUT"),
    "DeleteMapping": ("spring", "DELETE"),
    "PatchMapping": ("spring", "PATCH"),
    "RequestMapping": ("spring", ""),
    "Path": ("jakarta rest", ""),
}
_MODELS = {
    "Entity": "jakarta persistence",
    "MappedSuperclass": "jakarta persistence",
    "Embeddable": "jakarta persistence",
    "Document": "spring data",
}
_TYPES = ("class_declaration", "interface_declaration", "record_declaration")
Mark = tuple[str, str, int]


def marks(found: dict[str, list[Node]]) -> list[Mark]:
    """This function will give the marks of a file, by line.

    Sources of the names: Spring's web annotations, Jakarta REST's @Path, Jakarta Persistence.
    """
    given = [*map(_main, found.get("method", ())), *_annotated(found.get("mark", ()))]
    return sorted({mark for mark in given if mark}, key=lambda mark: (mark[2], mark))


def _main(name: Node) -> Mark | None:
    if name.text != b"main" or name.parent is None or name.parent.type != "method_declaration":
        return None
    modifiers = next((child for child in name.parent.children if child.type == "modifiers"), None)
    words = {child.type for child in modifiers.children} if modifiers else set()
    return ("entry", "main", name.start_point[0] + 1) if {"public", "static"} <= words else None


def _annotated(annotations: Iterable[Node]) -> Iterator[Mark]:
    prefixes: dict[int, str] = {}
    routes: list[tuple[Node, str]] = []
    for node in annotations:
        name_node = node.child_by_field_name("name")
        name = dotted(name_node).rpartition(".")[2] if name_node else ""
        owner = node.parent.parent if node.parent else None
        if owner is None:
            continue
        if name in _MODELS and owner.type in _TYPES:
            yield from _model(owner, _MODELS[name])
        elif name in _ROUTES and owner.type in _TYPES:
            prefixes[owner.id] = _address(node)
        elif name in _ROUTES and owner.type == "method_declaration":
            routes.append((node, name))
    for node, name in routes:
        yield _route(node, name, prefixes)


def _model(owner: Node, framework: str) -> Iterator[Mark]:
    name = owner.child_by_field_name("name")
    if name is not None:
        yield f"model:{framework}", text(name), name.start_point[0] + 1


def _route(node: Node, name: str, prefixes: dict[int, str]) -> Mark:
    framework, method = _ROUTES[name]
    step = node.parent
    while step is not None and step.type not in _TYPES:
        step = step.parent
    prefix = prefixes.get(step.id, "") if step else ""
    whole = "/" + "/".join(part.strip("/") for part in (prefix, _address(node)) if part.strip("/"))
    return f"route:{framework}", f"{method} {whole}".strip(), node.start_point[0] + 1


def _address(node: Node) -> str:
    """The first text among the arguments: that of `value` or `path`, alone or first of a list."""
    arguments = node.child_by_field_name("arguments")
    for argument in arguments.named_children if arguments else ():
        key = argument.child_by_field_name("key")
        if key is not None and text(key) not in ("value", "path"):
            continue
        word = _first_text(argument)
        if word is not None:
            return text(word)[1:-1]
    return ""


def _first_text(node: Node) -> Node | None:
    waiting = [node]
    while waiting:
        step = waiting.pop(0)
        if step.type == "string_literal":
            return step
        waiting += step.named_children
    return None
