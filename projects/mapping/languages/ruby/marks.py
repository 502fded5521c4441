"""What a Ruby file is for the world outside: programs, HTTP addresses, stored data."""

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from projects.mapping.languages.ruby.literals import arguments, name_of, text

_VERBS = ("get", "post", "put", "patch", "delete")
_RECORDS = {
    "ApplicationRecord": "rails",
    "ActiveRecord::Base": "rails",
    "Sequel::Model": "sequel",
}
_PROGRAM = re.compile(r"__FILE__\s*==\s*\$(?:0|PROGRAM_NAME)")
Mark = tuple[str, str, int]


def marks(source: bytes, calls: Iterable[Node], found: dict[str, list[Node]]) -> list[Mark]:
    """This function will give the marks of a file, by line.

    Sources of the names: Rails' routing DSL, Sinatra's, ActiveRecord, Sequel.
    """
    given = [*_routes(calls), *_models(found.get("class", ()))]
    if source.startswith(b"#!"):
        given.append(("entry", source.split(b"\n", 1)[0].decode(errors="replace")[:200].strip(), 1))
    for node in found.get("program", ()):
        if _PROGRAM.fullmatch(text(node)):
            given.append(("entry", "__FILE__ == $0", node.start_point[0] + 1))
    return sorted(set(given), key=lambda mark: (mark[2], mark))


def _routes(calls: Iterable[Node]) -> Iterator[Mark]:
    for node in calls:
        verb = text(node)
        asked = arguments(node) if verb in _VERBS else []
        framework = _answered_by(node) if asked and asked[0].startswith("/") else ""
        if framework:
            yield f"route:{framework}", f"{verb.upper()} {asked[0]}", node.start_point[0] + 1


def _answered_by(node: Node) -> str:
    """An address with a block is Sinatra's; one that names what answers, Rails'."""
    call = node.parent
    if call is None:
        return ""
    if call.child_by_field_name("block") is not None:
        return "sinatra"
    given = call.child_by_field_name("arguments")
    pairs = [child for child in given.named_children if child.type == "pair"] if given else []
    keys = {text(pair.child_by_field_name("key") or pair).strip("\"':") for pair in pairs}
    named = keys & {"to", "controller", "action"} or any(key.startswith("/") for key in keys)
    return "rails" if named else ""


def _models(classes: Iterable[Node]) -> Iterator[Mark]:
    for node in classes:
        parent = node.parent and node.parent.child_by_field_name("superclass")
        base = name_of(parent.named_children[0]) if parent and parent.named_children else ""
        framework = _RECORDS.get(base.removeprefix("::"))
        if framework:
            yield f"model:{framework}", name_of(node), node.start_point[0] + 1
