"""What is written out in Ruby's text: names, paths of constants, plain arguments."""

import re

from tree_sitter import Node

CONSTANT = "constant"
_PATH = re.compile(r"(?:::)?[A-Z]\w*(?:::[A-Z]\w*)*")


def text(node: Node) -> str:
    """This function will give a node's text."""
    return (node.text or b"").decode(errors="replace")


def name_of(node: Node) -> str:
    """This function will give a path of constants without spaces; '' where a part is computed."""
    name = "".join(text(node).split())
    return name if _PATH.fullmatch(name) else ""


def arguments(call: Node) -> list[str]:
    """This function will give the plain strings and symbols a call begins with.

    `call` is the name that is called; what has a receiver is called on something else.
    """
    parent = call.parent
    given = parent and parent.child_by_field_name("arguments")
    if parent is None or given is None or parent.child_by_field_name("receiver") is not None:
        return []
    found = []
    for node in given.named_children:
        plain = _plain(node)
        if plain is None:
            break
        found.append(plain)
    return found


def _plain(node: Node) -> str | None:
    if node.type == "simple_symbol":
        return text(node)[1:]
    if node.type == "string" and all(
        child.type == "string_content" for child in node.named_children
    ):
        return "".join(map(text, node.named_children))
    return None
