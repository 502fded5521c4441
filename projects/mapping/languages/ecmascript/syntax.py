"""What one file of JavaScript or TypeScript says. Survives syntax errors."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

from projects.mapping.languages.ecmascript import marks, queries

_GRAMMARS: dict[str, Callable[[], object]] = {
    "javascript": tree_sitter_javascript.language,
    "typescript": tree_sitter_typescript.language_typescript,
    "tsx": tree_sitter_typescript.language_tsx,
}
_SCRIPT = re.compile(rb"<script\b([^>]*)>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_REFERENCE = re.compile(rb"""///\s*<reference\s+path\s*=\s*(?:"([^"]+)"|'([^']+)')""", re.MULTILINE)
_TYPE_IMPORT = re.compile(rb"""\bimport\(["']([^"'\n]+)["']\)""")
_TRANSLATIONS = re.compile(rb"\s*+<(?:\?xml|!DOCTYPE TS|TS)\b")  # of Qt, under the same suffix
_NAME = re.compile(r"#?[\w$]+\Z")

Import = tuple[str, int, str]


class Grammar:
    """A parser and what is asked of its trees, made when the first file of a dialect comes."""

    def __init__(self, dialect: str) -> None:
        language = Language(_GRAMMARS[dialect]())
        self.parser = Parser(language)
        self.query = Query(language, queries.query(typed=dialect != "javascript"))


_made: dict[str, Grammar] = {}


def facts(source: bytes, dialect: str) -> dict[str, Any]:
    """This function will give the imports, the definitions, the marks and whether it is broken.

    An import is (name of the module, line, how), where how is `import`, `require`, `reference` of a
    path, or `augment` for what is declared of another module.
    """
    if _TRANSLATIONS.match(source):
        return {"imports": [], "definitions": [], "broken": False, "language": "XML"}
    if dialect == "component":
        source, dialect = _scripts(source)
    dialect, tree = _parsed(source, dialect)
    besides = list(_references(tree.root_node))
    if tree.root_node.has_error and dialect != "javascript" and b"import(" in source:
        tree, types = _without_type_imports(source, dialect)
        besides += types
    found = QueryCursor(_grammar(dialect).query).captures(tree.root_node)
    imports = _imports(tree.root_node, found, besides)
    said: dict[str, Any] = {
        "imports": imports,
        "definitions": _definitions(found),
        "broken": tree.root_node.has_error,
    }
    seen = marks.marks(found, (name for name, _, _ in imports))
    return said | ({"marks": seen} if seen else {})


def _grammar(dialect: str) -> Grammar:
    return _made.get(dialect) or _made.setdefault(dialect, Grammar(dialect))


def _parsed(source: bytes, dialect: str) -> tuple[str, Tree]:
    """JavaScript that is none is often TypeScript's cousin Flow: whoever can read it may."""
    tree = _grammar(dialect).parser.parse(source)
    if dialect == "javascript" and tree.root_node.has_error:
        other = _grammar("tsx").parser.parse(source)
        if not other.root_node.has_error:
            return "tsx", other
    return dialect, tree


def _without_type_imports(source: bytes, dialect: str) -> tuple[Tree, list[Import]]:
    """The grammar knows `import("x").A` as a type, but not `import("x").A[]`: a name stands in."""
    masked = _TYPE_IMPORT.sub(lambda match: b"_" * len(match[0]), source)
    tree = _grammar(dialect).parser.parse(masked)
    besides: list[Import] = []
    for match in _TYPE_IMPORT.finditer(source):
        node = tree.root_node.descendant_for_byte_range(*match.span())
        if node is not None and node.type.endswith("identifier"):
            besides.append((match[1].decode(errors="replace"), _line(source, match), "import"))
    return tree, besides


def _references(root: Node) -> Iterator[Import]:
    """References count at the top of a file, before anything that is no comment."""
    for number in range(root.child_count):
        node = root.child(number)
        if node is None or node.type not in ("comment", "hash_bang_line"):
            return
        match = _REFERENCE.match(node.text or b"")
        if match:
            path = match[1] or match[2]
            yield path.decode(errors="replace"), node.start_point[0] + 1, "reference"


def _scripts(source: bytes) -> tuple[bytes, str]:
    """The scripts of a component where they stand, all else blank, so that lines stay."""
    blank = bytearray(re.sub(rb"[^\n]", b" ", source))
    typed = False
    for script in _SCRIPT.finditer(source):
        blank[script.start(2) : script.end(2)] = script[2]
        typed = typed or b"ts" in script[1]
    return bytes(blank), "tsx" if typed and b"tsx" in source else "typescript"


def _imports(root: Node, found: dict[str, list[Node]], besides: list[Import]) -> list[Import]:
    imports = set(besides) | {
        (spec, node.start_point[0] + 1, how)
        for how in ("import", "require")
        for node in found.get(how, ())
        if (spec := _text(node)[1:-1]) and "${" not in spec
    }
    if found.get("augment") and _is_module(root):
        augmented = ((_text(node)[1:-1], node) for node in found["augment"])
        imports |= {(spec, node.start_point[0] + 1, "augment") for spec, node in augmented if spec}
    return sorted(imports, key=lambda one: (one[1], one[0], one[2]))


def _is_module(root: Node) -> bool:
    return any(child.type in ("import_statement", "export_statement") for child in root.children)


def _line(source: bytes, match: re.Match[bytes]) -> int:
    return source.count(b"\n", 0, match.start()) + 1


def _definitions(found: dict[str, list[Node]]) -> list[tuple[str, str, int]]:
    named = [
        (kind, _text(node), node.start_point[0] + 1)
        for kind in queries.KINDS
        for node in found.get(kind, ())
    ]
    sound = {one for one in named if _NAME.match(one[1])}
    return sorted(sound, key=lambda one: (one[2], one[1], one[0]))


def _text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")
