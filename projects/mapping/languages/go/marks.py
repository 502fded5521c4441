"""Where a Go program begins, what it answers over HTTP, and what it stores."""

import re
from collections.abc import Iterator, Set

import tree_sitter_go
from tree_sitter import Language, Node, Query, QueryCursor

_LANGUAGE = Language(tree_sitter_go.language())
_ROUTES = Query(
    _LANGUAGE,
    """
    (call_expression
      function: (selector_expression field: (field_identifier) @method)
      arguments: (argument_list
        . [(interpreted_string_literal) (raw_string_literal)] @route . (_)))
    """,
)
_MODELS = Query(
    _LANGUAGE,
    """
    (type_spec name: (type_identifier) @name type: (struct_type (field_declaration_list
      (field_declaration !name type: (qualified_type package: (package_identifier) @package)))))
    (type_spec name: (type_identifier) @name type: (struct_type (field_declaration_list
      (field_declaration tag: (_) @tag))))
    """,
)
_ROUTERS = (
    ("github.com/gin-gonic/gin", "gin"),
    ("github.com/labstack/echo", "echo"),
    ("github.com/go-chi/chi", "chi"),
    ("github.com/gofiber/fiber", "fiber"),
    ("github.com/julienschmidt/httprouter", "httprouter"),
    ("github.com/gorilla/mux", "gorilla/mux"),
    ("net/http", "net/http"),
)
_VERBS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
_HANDLERS = frozenset(("HandleFunc", "Handle", "Method", "MethodFunc", "Any", "All"))
_MAY_ROUTE = re.compile(rb"\.[A-Z][A-Za-z]+\([\"`][A-Z ]*[\w.-]*/")
_PATTERN = re.compile(r"([A-Z]+ )?[\w.-]*/\S*")

Mark = tuple[str, str, int]


def of(root: Node, source: bytes, package: str, imported: Set[str]) -> list[Mark]:
    """This function will give the marks of one file, by line."""
    found = set(_entries(root, package))
    if _MAY_ROUTE.search(source):
        found.update(_routes(root, imported))
    if b"gorm" in source:
        found.update(_models(root))
    return sorted(found, key=lambda mark: (mark[2], mark))


def _entries(root: Node, package: str) -> Iterator[Mark]:
    if package != "main":
        return
    for node in root.named_children:
        name = node.child_by_field_name("name") if node.type == "function_declaration" else None
        if name is not None and name.text == b"main":
            yield "entry", "func main", _line(node)


def _routes(root: Node, imported: Set[str]) -> Iterator[Mark]:
    """Which object a method is called on is not known; the file's imports say whose it can be."""
    framework = next((name for path, name in _ROUTERS if _any_version(path, imported)), "")
    if not framework:
        return
    for _, found in QueryCursor(_ROUTES).matches(root):
        method, route = _text(found["method"][0]), _text(found["route"][0])[1:-1]
        if _PATTERN.fullmatch(route) and (method in _HANDLERS or method.upper() in _VERBS):
            verb = f"{method.upper()} " if method.upper() in _VERBS else ""
            yield f"route:{framework}", f"{verb}{route}", _line(found["route"][0])


def _any_version(path: str, imported: Set[str]) -> bool:
    return any(one == path or one.startswith(f"{path}/v") for one in imported)


def _models(root: Node) -> Iterator[Mark]:
    for _, found in QueryCursor(_MODELS).matches(root):
        embedded = [_text(node) for node in found.get("package", ())]
        tags = [_text(node) for node in found.get("tag", ())]
        if "gorm" in embedded or any('gorm:"' in tag for tag in tags):
            yield "model:gorm", _text(found["name"][0]), _line(found["name"][0])


def _text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")


def _line(node: Node) -> int:
    return node.start_point[0] + 1
