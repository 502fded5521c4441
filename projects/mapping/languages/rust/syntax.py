"""What one Rust file says: modules, uses, paths and definitions. Survives syntax errors."""

import re
from collections.abc import Iterator
from typing import Any

import tree_sitter_rust
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from projects.mapping.languages.rust import definitions, marks, uses

_LANGUAGE = Language(tree_sitter_rust.language())
_PARSER = Parser(_LANGUAGE)
_QUERY = Query(
    _LANGUAGE,
    f"[{' '.join(f'({kind})' for kind in definitions.KINDS)}] @definition"
    """
    (mod_item) @mod
    (use_declaration argument: (_) @use)
    (extern_crate_declaration) @extern
    (scoped_identifier path: [(crate) (super) (self) (identifier)]) @path
    (scoped_type_identifier path: [(crate) (super) (self) (identifier)]) @path
    (macro_invocation (token_tree) @tokens @items)
    (macro_rule right: (token_tree) @tokens)
    """,
)
_INCLUDE = re.compile(rb'\binclude!\s*[({\[]\s*"([^"\\\n]+\.rs)"')
_IN_TOKENS = re.compile(
    r"(?<![\w:])\$?((?:r#)?[a-z_]\w*(?:\s*::\s*(?:r#)?\w+)*)\s*::\s*(?:[$*{]|(?:r#)?\w)"
)
_PATH_ATTRIBUTE = re.compile(r'\bpath\s*=\s*"([^"]*)"')
_ALWAYS = re.compile(r"#\s*\[\s*path\b")
_TEXTS = re.compile(r"""'(?:[^'\\]|\\.)'|"(?:[^"\\]|\\.)*"|//[^\n]*""", re.S)
_MOD_IN_TOKENS = re.compile(
    r"((?:#\s*\[[^\]]*\]\s*)*)(\bpub\b(?:\s*\([^)]*\))?\s*)?\bmod\s+((?:r#)?\w+)\s*;"
)
_USE_IN_TOKENS = re.compile(r"\buse\s[^;$]{1,2000};")
_OUTSIDE = frozenset(("std", "core", "alloc"))
_MAX_PATH = 500  # characters; nobody writes such a path

Scoped = tuple[str, str, str, int]
Mod = tuple[str, str, list[str], bool, int]


def facts(source: bytes) -> dict[str, Any]:
    """This function will give what leads to other files, the definitions and the marks.

    "imports" has, each with the modules written inside the file that surround it ("" is the file
    itself): "mods" (scope, name, files its attributes name, whether it is `pub`, line), "inline" (modules written out),
    "uses" (scope, path, name or "*", line), "paths" (scope, path of a module or type, "", line);
    and "included" (file, line). A definition is (kind, name, line).
    """
    root = _PARSER.parse(source).root_node
    found = QueryCursor(_QUERY).captures(root)
    scopes = _Scopes([node for node in found.get("mod", ()) if node.child_by_field_name("body")])
    return {
        "imports": {
            "mods": [*_mods(found, scopes), *_mods_in_macros(found, scopes)],
            "inline": scopes.names(),
            "uses": _sound([*_uses(found, scopes), *_externs(found, scopes)]),
            "paths": _sound(_first([*_paths(found, scopes), *_in_macros(found, scopes)])),
            "included": _included(source),
        },
        "definitions": definitions.of(found.get("definition", ())),
        "marks": marks.of(root, source),
        "broken": root.has_error,
    }


class _Scopes:
    """The modules written out inside the file, and which of them surrounds a node.

    One whose path nobody would write counts as part of the one around.
    """

    def __init__(self, inline: list[Node]) -> None:
        self._inline = []
        for node in sorted(inline, key=lambda one: one.start_byte):
            around = self.of(node)
            scope = uses.join(around, uses.name(node))
            scope = scope if len(scope) <= _MAX_PATH else around
            self._inline.append((node.start_byte, node.end_byte, scope))

    def of(self, node: Node) -> str:
        """This method will name the innermost one around a node."""
        at = node.start_byte
        return next((scope for b, e, scope in reversed(self._inline) if b < at < e), "")

    def names(self) -> list[str]:
        """This method will name them all."""
        return sorted({scope for _, _, scope in self._inline})


def _mods(found: dict[str, list[Node]], scopes: _Scopes) -> Iterator[Mod]:
    for node in found.get("mod", ()):
        if node.child_by_field_name("body") is None:
            written, before = "", node.prev_named_sibling
            while before is not None and before.type in uses.BEFORE_ITEMS:
                written += uses.text(before) if before.type == "attribute_item" else ""
                before = before.prev_named_sibling
            open_ = any(one.type == "visibility_modifier" for one in node.named_children)
            yield scopes.of(node), uses.name(node), _files(written), open_, _line(node)


def _files(attributes: str) -> list[str]:
    """What `path` names; "" stands for where the module is looked for without it."""
    found = set(_PATH_ATTRIBUTE.findall(attributes))
    return sorted(found if _ALWAYS.search(attributes) else found and found | {""})


def _mods_in_macros(found: dict[str, list[Node]], scopes: _Scopes) -> Iterator[Mod]:
    """Such as `cfg_if! { if #[cfg(unix)] { mod unix; } }`, which the parser leaves unread."""
    for node in found.get("items", ()):
        text = uses.text(node)
        for match in _MOD_IN_TOKENS.finditer(text) if "mod" in text else ():
            line = _line(node) + text.count("\n", 0, match.start(3))
            yield scopes.of(node), uses.bare(match[3]), _files(match[1]), bool(match[2]), line


def _uses(found: dict[str, list[Node]], scopes: _Scopes) -> Iterator[Scoped]:
    for node in found.get("use", ()):
        for path, name, line in uses.leaves(node):
            yield scopes.of(node), path, name, line
    for node in found.get("items", ()):
        text, scope = uses.text(node), scopes.of(node)
        for match in _USE_IN_TOKENS.finditer(text) if "use" in text else ():
            first = _line(node) + text.count("\n", 0, match.start())
            read = QueryCursor(_QUERY).captures(_PARSER.parse(match.group().encode()).root_node)
            for path, name, line in (
                leaf for use in read.get("use", ()) for leaf in uses.leaves(use)
            ):
                yield scope, path, name, first + line - 1


def _externs(found: dict[str, list[Node]], scopes: _Scopes) -> Iterator[Scoped]:
    for node in found.get("extern", ()):
        alias = node.child_by_field_name("alias")
        name = uses.name(node)
        yield scopes.of(node), f"::{name}", uses.text(alias) if alias else name, _line(node)


def _paths(found: dict[str, list[Node]], scopes: _Scopes) -> Iterator[Scoped]:
    """What an expression or a type names; the last word is what the module holds."""
    for node in found.get("path", ()):
        whole = node
        while whole.parent and whole.parent.type.startswith("scoped_"):
            whole = whole.parent
        above = whole.parent.type if whole.parent else ""
        if not above.startswith("use_") and above not in ("visibility_modifier", "scoped_use_list"):
            yield scopes.of(node), uses.path(whole).rpartition("::")[0], "", _line(node)


def _in_macros(found: dict[str, list[Node]], scopes: _Scopes) -> Iterator[Scoped]:
    for node in found.get("tokens", ()):
        text = _TEXTS.sub(lambda one: "\n" * one[0].count("\n"), uses.text(node))
        first, scope = _line(node), scopes.of(node)
        for match in _IN_TOKENS.finditer(text):
            line = first + text.count("\n", 0, match.start())
            yield scope, uses.bare(match[1]), "", line


def _first(found: list[Scoped]) -> list[Scoped]:
    """A path that is written a hundred times is said once, where it stands first."""
    lines: dict[tuple[str, str], int] = {}
    for scope, path, _, line in found:
        lines[scope, path] = min(line, lines.get((scope, path), line))
    return [(scope, path, "", line) for (scope, path), line in lines.items()]


def _sound(found: list[Scoped]) -> list[Scoped]:
    kept = (one for one in found if one[1] and len(one[1]) + len(one[0]) <= _MAX_PATH)
    inside = (one for one in kept if one[1].removeprefix("::").split("::")[0] not in _OUTSIDE)
    return sorted(set(inside), key=lambda one: (one[3], one))


def _included(source: bytes) -> list[tuple[str, int]]:
    return [
        (match[1].decode(errors="replace"), source.count(b"\n", 0, match.start()) + 1)
        for match in _INCLUDE.finditer(source)
    ]


def _line(node: Node) -> int:
    return node.start_point[0] + 1
