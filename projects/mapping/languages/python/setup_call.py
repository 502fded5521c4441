"""What a call of setuptools' `setup` says of a package: texts that stand there as they are."""

from collections.abc import Iterable, Iterator

import tree_sitter_python
from tree_sitter import Language, Node, Query, QueryCursor

Mark = tuple[str, str, int]
_SETUP = Query(
    Language(tree_sitter_python.language()),
    """
    (call function: [(identifier) @name (attribute attribute: (identifier) @name)]
      arguments: (argument_list (keyword_argument name: (identifier) @key value: (_) @value))
      (#eq? @name "setup"))
    """,
)
_KINDS = {
    "name": "package:name",
    "version": "package:version",
    "install_requires": "package:needs",
    "tests_require": "package:needs-dev",
    "setup_requires": "package:needs-build",
    "extras_require": "package:needs-optional",
    "console_scripts": "package:command",
}


def marks(root: Node, modules: Iterable[str]) -> Iterator[Mark]:
    """This function will give what the call says, where a file imports what has it."""
    if not {"setuptools", "distutils.core"} & set(modules):
        return
    for _, match in QueryCursor(_SETUP).matches(root):
        key, value = _text(match["key"][0]), match["value"][0]
        if key in _KINDS:
            yield from ((_KINDS[key], text, line) for text, line in _literals(value))
        elif key == "entry_points" and value.type == "dictionary":
            yield from _commands(value)


def _commands(value: Node) -> Iterator[Mark]:
    for pair in value.named_children:
        key, told = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        named = key is not None and _text(key).strip("\"'") == "console_scripts"
        for text, line in _literals(told) if named and told is not None else ():
            yield _KINDS["console_scripts"], text, line


def _literals(node: Node) -> Iterator[tuple[str, int]]:
    """Texts, in lists or as values, but not keys."""
    if node.type == "string":
        text = "".join(_text(one) for one in node.children if one.type == "string_content")
        yield text, node.start_point[0] + 1
    elif node.type == "pair":
        value = node.child_by_field_name("value")
        yield from _literals(value) if value is not None else ()
    elif node.type in ("list", "tuple", "dictionary"):
        for one in node.named_children:
            yield from _literals(one)


def _text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")
