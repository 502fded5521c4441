"""Where a Rust program begins, what it answers over HTTP, and what it stores."""

import re
from collections.abc import Iterator

import tree_sitter_rust
from tree_sitter import Language, Node, Query, QueryCursor

from projects.mapping.languages.rust import uses

_LANGUAGE = Language(tree_sitter_rust.language())
_ATTRIBUTES = Query(_LANGUAGE, "(attribute_item) @attribute")
_CALLS = Query(
    _LANGUAGE,
    """
    (call_expression
      function: (field_expression field: (field_identifier) @method)
      arguments: (arguments . (string_literal) @route . (_) @handler))
    """,
)
_ROUTE = re.compile(
    r"#\[\s*(?:\w+::)*(get|post|put|patch|delete|head|options)\s*\(\s*\"(/[^\"]*)\""
)
_VERB = re.compile(r"(?:^|[:.])(get|post|put|patch|delete|head|options|any)\s*\(")
_STORED = (
    ("diesel", re.compile(r"\bderive\b.*\b(?:Queryable|Insertable|Identifiable)\b", re.S)),
    ("sea-orm", re.compile(r"\bderive\b.*\bDeriveEntityModel\b", re.S)),
)

Mark = tuple[str, str, int]


def of(root: Node, source: bytes) -> list[Mark]:
    """This function will give the marks of one file, by line."""
    found = set(_entries(root))
    framework = "actix" if b"actix_web" in source else "rocket" if b"rocket" in source else ""
    if framework or b"diesel" in source or b"sea_orm" in source:
        for node in QueryCursor(_ATTRIBUTES).captures(root).get("attribute", ()):
            found.update(_attribute(node, framework))
    if b"axum" in source:
        found.update(_axum(root))
    return sorted(found, key=lambda mark: (mark[2], mark))


def _entries(root: Node) -> Iterator[Mark]:
    for node in root.named_children:
        if node.type == "function_item" and uses.name(node) == "main":
            yield "entry", "fn main", _line(node)


def _attribute(node: Node, framework: str) -> Iterator[Mark]:
    text = uses.text(node)
    route = _ROUTE.match(text) if framework else None
    if route:
        yield f"route:{framework}", f"{route[1].upper()} {route[2]}", _line(node)
    item = node.next_named_sibling
    while item is not None and item.type in uses.BEFORE_ITEMS:
        item = item.next_named_sibling
    if item is not None and item.type == "struct_item":
        for name in [name for name, rule in _STORED if rule.search(text)]:
            yield f"model:{name}", uses.name(item), _line(item)


def _axum(root: Node) -> Iterator[Mark]:
    for _, found in QueryCursor(_CALLS).matches(root):
        route = uses.text(found["route"][0]).strip('"')
        if uses.text(found["method"][0]) == "route" and route.startswith("/"):
            verbs = _VERB.findall(uses.text(found["handler"][0]))
            text = f"{','.join(verb.upper() for verb in verbs)} {route}".strip()
            yield "route:axum", text, _line(found["route"][0])


def _line(node: Node) -> int:
    return node.start_point[0] + 1
