"""The paths of Rust as they are written: `a::b`, and the trees of `use`."""

from collections.abc import Iterator

from tree_sitter import Node

BEFORE_ITEMS = frozenset(("attribute_item", "line_comment", "block_comment"))
_DEEPEST = 50  # braces inside braces

Leaf = tuple[str, str, int]


def leaves(argument: Node) -> Iterator[Leaf]:
    """This function will give (path, name it gets here, line); the name of a glob is `*`."""
    waiting = [(argument, "", 0)]
    while waiting:
        node, prefix, depth = waiting.pop()
        line = node.start_point[0] + 1
        if node.type in ("use_list", "scoped_use_list"):
            at = node.child_by_field_name("path")
            inner = join(prefix, path(at)) if at else prefix
            members = [one for one in node.named_children if one != at]
            waiting += [(one, inner, depth + 1) for one in members if depth < _DEEPEST]
        elif node.type == "use_wildcard":
            inner = path(node.named_children[0]) if node.named_children else ""
            yield join(prefix, inner), "*", line
        elif node.type == "use_as_clause":
            of, alias = node.child_by_field_name("path"), node.child_by_field_name("alias")
            if of and alias:
                yield _whole(prefix, path(of)), bare(text(alias)), line
        elif node.type in ("identifier", "scoped_identifier", "crate", "self", "super"):
            whole = _whole(prefix, path(node))
            yield whole, whole.rpartition("::")[2], line


def _whole(prefix: str, own: str) -> str:
    """`a::{self}` is `a`."""
    return prefix if own == "self" and prefix else join(prefix, own)


def path(node: Node) -> str:
    """This function will give a path without spaces, comments or marks of raw names."""
    return bare(text(node)) if b"/" not in (node.text or b"") else ""


def bare(text: str) -> str:
    """This function will give a path without spaces and marks of raw names."""
    return "".join(text.split()).replace("r#", "")


def name(node: Node) -> str:
    """This function will give the name of a declaration."""
    found = node.child_by_field_name("name")
    return bare(text(found)) if found else ""


def text(node: Node) -> str:
    """This function will give what is written."""
    return (node.text or b"").decode(errors="replace")


def join(prefix: str, rest: str) -> str:
    """This function will put one path behind another; either may be empty."""
    return f"{prefix}::{rest}" if prefix and rest else prefix or rest
