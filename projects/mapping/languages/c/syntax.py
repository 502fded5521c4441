"""What one C or C++ file says: its includes and its definitions. Survives syntax errors.

No preprocessor runs: every branch of an `#if` counts, and text that only macros make whole is
normal, so a file is called broken only when nothing of it could be read.
"""

import re
from functools import cache
from typing import Any

import tree_sitter_c
import tree_sitter_cpp
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from projects.mapping.languages.c import branches

C, CPP, HEADER = "c", "cpp", "header"
_GRAMMARS = {C: tree_sitter_c.language, CPP: tree_sitter_cpp.language}
_NAMED = """
    (function_definition declarator: (_) @function body: (_))
    (struct_specifier name: (_) @struct body: (_))
    (union_specifier name: (_) @union body: (_))
    (enum_specifier name: (_) @enum body: (_))
    (type_definition declarator: (_) @typedef)
"""
_NAMED_CPP = """
    (class_specifier name: (_) @class body: (_))
    (namespace_definition name: (_) @namespace)
    (concept_definition name: (_) @concept)
    (alias_declaration name: (_) @typedef)
"""
_LONGEST = 200  # characters; a longer name is what error recovery made of broken text
_WRAPPERS = [
    "parenthesized_declarator",
    "reference_declarator",
    "attributed_declarator",
    "nested_namespace_specifier",
]
_LEAVES = [
    "identifier",
    "type_identifier",
    "field_identifier",
    "namespace_identifier",
    "destructor_name",
    "operator_name",
    "operator_cast",
    "primitive_type",
]
# Macros the grammar takes for names, so that all behind them becomes nonsense: `class EXPORT Name {`,
# `void f() LOCKS(mutex) {`, and `BEGIN_NAMESPACE` alone on its line.
_MACROS = re.compile(
    rb"\b(?:class|struct|union)\s+([A-Z][A-Z0-9_]+)\s+(?=\w+[\s\w<>:]{0,200}[:{])"
    rb"|\)\s*(?:const\s+)?([A-Z][A-Z0-9_]{3,}(?:\([^()\n]*\))?)\s*(?=\{)"
    rb"|^[ \t]*([A-Z][A-Z0-9_]{4,}(?:\([^()\n]*\)(?!\s*\{))?)[ \t]*$",
    re.MULTILINE,
)
# Comments and strings are passed over, so that an include inside them is none. GNU's own
# `#include_next` names a file behind the one that is found, and is left out.
_COMMENT = rb"/\*(?:[^*]|\*(?!/))*(?:\*/)?"  # to the end of the text where nothing closes it
_DIRECTIVE = re.compile(
    _COMMENT + rb"""|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"""
    rb"""|^[ \t]*\#[ \t]*(?:include|import)\b(?:[ \t]|/\*(?:[^*\n]|\*(?!/))*\*/)*"""
    rb"""(?:"([^"\n]+)"|<([^>\n]+)>)"""
    rb"""|^[ \t]*\#[ \t]*define[ \t]+(\w+)\(""",
    re.DOTALL | re.MULTILINE,
)
# Source: github-linguist, heuristics.yml, how it tells which language a `.h` file is in.
_CPP_SIGNS = re.compile(
    rb"^[ \t]*\#[ \t]*include <(?:cstdint|string|vector|map|list|array|bitset|queue|stack|forward_list"
    rb"|unordered_map|unordered_set|(?:i|o|io)stream)>|^[ \t]*template\s*<|^[ \t]*(?:try|constexpr)"
    rb"|^[ \t]*catch\s*\(|^[ \t]*(?:class|(?:using[ \t]+)?namespace)\s+\w+"
    rb"|^[ \t]*(?:private|public|protected):$|__has_cpp_attribute|__cplusplus >|std::\w+",
    re.MULTILINE,
)
_OBJECTIVE = re.compile(
    rb"^[ \t]*(?:@(?:interface|class|protocol|property|end|synchronised|selector|implementation)\b"
    rb'|\#import\s[^\n]+\.h[">])',
    re.MULTILINE,
)

Include = tuple[str, str, int]
Definition = tuple[str, str, int]


def facts(source: bytes, dialect: str) -> dict[str, Any]:
    """This function will give the includes, the definitions and whether the syntax is broken.

    An include is (the sign that opens it, the text between the signs, line). What a header is
    written in shows in its text alone: "language" says so where it is not C.
    """
    language = _language_of(source) if dialect == HEADER else ""
    grammar = CPP if dialect == CPP or language == "C++" else C
    parser, query = _tools(grammar)
    text = _MACROS.sub(_blanked, source)
    root = parser.parse(text).root_node
    includes, found = _directives(source)
    found |= _declared(query, root)
    if root.has_error and (kept := branches.first(text)) != text:
        found |= _declared(query, parser.parse(kept).root_node)
    definitions = sorted(found, key=lambda one: (one[2], one[1], one[0]))
    told: dict[str, Any] = {
        "imports": includes,
        "definitions": definitions,
        "broken": _is_nonsense(root),
    }
    marks = [("entry", "main", line) for kind, name, line in definitions if _is_main(kind, name)]
    return told | ({"marks": marks} if marks else {}) | ({"language": language} if language else {})


def _declared(query: Query, root: Node) -> set[Definition]:
    return {
        (kind, name, line)
        for kind, nodes in QueryCursor(query).captures(root).items()
        for name, line in map(_named, nodes)
        if name
    }


def _is_nonsense(root: Node) -> bool:
    parts = [node for node in root.named_children if node.type != "comment"]
    return root.type == "ERROR" or (bool(parts) and all(node.is_error for node in parts))


@cache
def _tools(grammar: str) -> tuple[Parser, Query]:
    language = Language(_GRAMMARS[grammar]())
    return Parser(language), Query(language, _NAMED + (_NAMED_CPP if grammar == CPP else ""))


def _blanked(match: re.Match[bytes]) -> bytes:
    start, end = (place - match.start() for place in match.span(match.lastindex or 0))
    return match[0][:start] + b" " * (end - start) + match[0][end:]


def _language_of(header: bytes) -> str:
    if _OBJECTIVE.search(header):
        return "Objective-C"
    return "C++" if _CPP_SIGNS.search(header) else ""


def _directives(source: bytes) -> tuple[list[Include], set[Definition]]:
    """What is included, and the macros that take arguments."""
    includes: list[Include] = []
    macros: set[Definition] = set()
    line, seen = 1, 0
    for match in _DIRECTIVE.finditer(source):
        text = match[1] or match[2]
        if not text and not match[3]:
            continue
        line += source.count(b"\n", seen, match.end())
        seen = match.end()
        if text:
            sign = '"' if match[1] else "<"
            includes.append((sign, text.decode(errors="surrogateescape").strip(), line))
        elif len(match[3]) <= _LONGEST:
            macros.add(("macro", match[3].decode(), line))
    return includes, macros


def _named(node: Node) -> tuple[str, int]:
    """The name a declarator declares, without what it points to, returns or belongs to."""
    inner: Node | None = node
    while inner is not None and inner.type not in _LEAVES:
        last = inner.named_children[-1:] if inner.type in _WRAPPERS else []
        named = inner.child_by_field_name("declarator") or inner.child_by_field_name("name")
        inner = named or (last[0] if last else None)
    if inner is None:
        return "", 0
    text = (inner.text or b"").decode(errors="replace")
    if inner.type == "operator_cast":  # `operator bool() const`: its parentheses are no part
        text = text.partition("(")[0]
    name = " ".join(text.split())
    return (name if len(name) <= _LONGEST else ""), inner.start_point[0] + 1


def _is_main(kind: str, name: str) -> bool:
    return kind == "function" and name == "main"
