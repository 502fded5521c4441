"""What a file of JavaScript is besides its definitions: a program, a server's routes, models."""

from collections.abc import Iterable

from tree_sitter import Node

Mark = tuple[str, str, int]

_MODELS = {"Entity": "typeorm", "Table": "sequelize"}
_MAKERS = {"mongoose.model": "mongoose", "sequelize.define": "sequelize"}
_SERVERS = {
    "express": "express",
    "fastify": "fastify",
    "koa-router": "koa",
    "@koa/router": "koa",
    "hono": "hono",
}


def marks(found: dict[str, list[Node]], imported: Iterable[str]) -> list[Mark]:
    """This function will read the marks from what was captured; sorted by line.

    What is imported tells the server a route belongs to. Rules: the documentation of express, koa's
    router, fastify, hono, NestJS, TypeORM, mongoose and sequelize.
    """
    server = next((f":{_SERVERS[name]}" for name in imported if name in _SERVERS), "")
    seen = [("entry", _text(node)[2:].strip(), 1) for node in found.get("shebang", ())]
    seen += filter(None, (_route(call, server) for call in found.get("route", ())))
    seen += filter(None, map(_model, found.get("model", ())))
    seen += filter(None, map(_decorated, found.get("decorator", ())))
    return sorted(set(seen), key=lambda one: (one[2], one))


def _route(call: Node, server: str) -> Mark | None:
    arguments = _arguments(call)
    path, last = _unquoted(arguments[0]), arguments[-1]
    # A client's `api.get("/x", {…})` has no handler.
    if not path.startswith("/") or last.type in ("object", "string", "template_string", "number"):
        return None
    verb = call.child_by_field_name("function")
    verb = verb and verb.child_by_field_name("property")
    return f"route{server}", f"{_text(verb).upper()} {path}", _line(call)


def _model(call: Node) -> Mark | None:
    name = _unquoted(_arguments(call)[0])
    function = call.child_by_field_name("function")
    maker = function and function.child_by_field_name("object")
    made = f"{_text(maker)}.{_text(function and function.child_by_field_name('property'))}"
    if made not in _MAKERS or not name.isidentifier():
        return None
    return f"model:{_MAKERS[made]}", name, _line(call)


def _decorated(decorator: Node) -> Mark | None:
    call = decorator.named_children[0]
    name = _text(call.child_by_field_name("function"))
    arguments = _arguments(call)
    text = _unquoted(arguments[0]) if arguments and arguments[0].type == "string" else ""
    if name in _MODELS:
        owner = _class_of(decorator)
        return (f"model:{_MODELS[name]}", owner, _line(decorator)) if owner else None
    if name == "Controller":
        return None
    return "route:nestjs", f"{name.upper()} {_joined(_prefix(decorator), text)}", _line(decorator)


def _class_of(decorator: Node) -> str:
    """A decorator stands in its class, or beside it where the class is exported."""
    parent = decorator.parent
    if parent is not None and parent.type == "export_statement":
        parent = parent.child_by_field_name("declaration")
    return _text(parent and parent.child_by_field_name("name"))


def _prefix(decorator: Node) -> str:
    """What the controller around a route says of its address."""
    node = decorator.parent
    while node is not None and node.type not in ("class_declaration", "program"):
        node = node.parent
    if node is None or node.type == "program":
        return ""
    around = [node, node.parent] if node.parent is not None else [node]
    for one in (child for holder in around for child in holder.named_children):
        call = one.named_children[0] if one.type == "decorator" and one.named_children else None
        if call is not None and _text(call.child_by_field_name("function")) == "Controller":
            arguments = _arguments(call)
            return _unquoted(arguments[0]) if arguments and arguments[0].type == "string" else ""
    return ""


def _joined(prefix: str, path: str) -> str:
    return "/" + "/".join(part for part in (prefix.strip("/"), path.strip("/")) if part)


def _arguments(call: Node) -> list[Node]:
    held = call.child_by_field_name("arguments")
    return [one for one in held.named_children if one.type != "comment"] if held else []


def _unquoted(node: Node) -> str:
    return _text(node)[1:-1]


def _text(node: Node | None) -> str:
    return (node.text or b"").decode(errors="replace") if node is not None else ""


def _line(node: Node) -> int:
    return node.start_point[0] + 1
