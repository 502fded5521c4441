"""Where a Python file can be run, which HTTP addresses it answers, and what data it declares.

A framework counts where the file imports it. What a class inherits by way of another file is not
seen, and neither is an address that is put together when the program runs.
"""

from collections.abc import Iterable, Iterator

import tree_sitter_python
from tree_sitter import Language, Node, Query, QueryCursor

from projects.mapping.languages.python import setup_call

Import = tuple[int, str, list[str] | None, int]
Mark = tuple[str, str, int]

_CALLS = Query(
    Language(tree_sitter_python.language()),
    """
    (call function: (identifier) @name
      arguments: (argument_list . (string) @route)) @call
    """,
)
_DECORATORS = Query(
    Language(tree_sitter_python.language()),
    """
    (decorator (call function: (attribute attribute: (identifier) @name)
      arguments: (argument_list . (string) @route) @arguments))
    """,
)
_DJANGO = ("django.urls", "django.conf.urls")
_DJANGO_CALLS = frozenset({"path", "re_path", "url"})
_BY_DECORATOR = {
    "fastapi": "fastapi",
    "ninja": "django-ninja",
    "flask": "flask",
    "quart": "quart",
    "sanic": "sanic",
    "starlette": "starlette",
    "litestar": "litestar",
    "bottle": "bottle",
    "aiohttp": "aiohttp",
}
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
_DJANGO_BASES = frozenset({"AbstractUser", "AbstractBaseUser"})


def marks(root: Node, classes: Iterable[Node], imports: Iterable[Import]) -> list[Mark]:
    """This function will give the marks of a file; `classes` are the names of its classes."""
    listed = list(imports)
    known = {module.partition(".")[0] for level, module, _, _ in listed if not level}
    found = [*_entries(root), *_django_routes(root, listed)]
    framework = next((name for top, name in _BY_DECORATOR.items() if top in known), "")
    if framework:
        found += _decorated(root, framework)
    if known & {"django", "sqlalchemy", "flask_sqlalchemy", "sqlmodel", "pydantic"}:
        found += _models(classes, known)
    found += setup_call.marks(root, (module for level, module, _, _ in listed if not level))
    return sorted(found, key=lambda one: (one[2], one[0], one[1]))


def _entries(root: Node) -> Iterator[Mark]:
    for node in root.children:
        if node.type == "if_statement":
            condition = node.child_by_field_name("condition")
            text = _text(condition).replace("'", '"').replace(" ", "")
            if text.strip("()") == '__name__=="__main__"':
                yield "entry", "__main__", _line(node)


def _django_routes(root: Node, imports: list[Import]) -> Iterator[Mark]:
    names = {
        name
        for level, module, names, _ in imports
        if not level and module in _DJANGO
        for name in names or ()
    } & _DJANGO_CALLS
    if not names:
        return
    for _, match in QueryCursor(_CALLS).matches(root):
        route = _literal(match["route"][0])
        if _text(match["name"][0]) in names and route is not None:
            yield "route:django", route, _line(match["call"][0])


def _decorated(root: Node, framework: str) -> Iterator[Mark]:
    for _, match in QueryCursor(_DECORATORS).matches(root):
        name, route = _text(match["name"][0]), _literal(match["route"][0])
        if route is None or not route.startswith("/"):
            continue
        if name in _VERBS:
            yield f"route:{framework}", f"{name.upper()} {route}", _line(match["route"][0])
        elif name in ("route", "api_route", "websocket"):
            verbs = ",".join(sorted(_methods(match["arguments"][0])))
            yield f"route:{framework}", f"{verbs} {route}".strip(), _line(match["route"][0])


def _methods(arguments: Node) -> Iterator[str]:
    for node in arguments.named_children:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is not None and value is not None and _text(name) == "methods":
            yield from (
                literal.upper() for one in value.named_children if (literal := _literal(one))
            )


def _models(classes: Iterable[Node], known: set[str]) -> Iterator[Mark]:
    for name in classes:
        node = name.parent
        bases = node and node.child_by_field_name("superclasses")
        framework = _framework(node, bases, known) if node and bases else ""
        if framework:
            yield f"model:{framework}", _text(name), _line(name)


def _framework(node: Node, bases: Node, known: set[str]) -> str:
    named = [_text(one).partition("[")[0] for one in bases.named_children]
    last = {one.rpartition(".")[2] for one in named}
    if "sqlmodel" in known and "SQLModel" in last and "table=True" in _text(bases):
        return "sqlmodel"
    if known & {"sqlalchemy", "flask_sqlalchemy"} and ("db.Model" in named or _has_table(node)):
        return "sqlalchemy"
    if "django" in known and (last & _DJANGO_BASES or {"models.Model", "Model"} & set(named)):
        return "django"
    return "pydantic" if "pydantic" in known and "BaseModel" in last else ""


def _has_table(node: Node) -> bool:
    body = node.child_by_field_name("body")
    return any(_text(one).startswith("__table") for one in (body.named_children if body else ()))


def _literal(node: Node) -> str | None:
    """The text between the quotes; None for what is put together."""
    if node.type != "string" or any(one.type == "interpolation" for one in node.children):
        return None
    return "".join(_text(one) for one in node.children if one.type == "string_content")


def _line(node: Node) -> int:
    return node.start_point[0] + 1


def _text(node: Node | None) -> str:
    return ((node and node.text) or b"").decode(errors="replace")
