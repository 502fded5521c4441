"""Whether any build takes a Go file.

A file that asks for the tag `ignore` belongs to no package: such programs are run by name. Source:
`go help buildconstraint`. Every other word may be true for somebody, so those files all count.
"""

import re
from collections.abc import Iterator

from tree_sitter import Node

_NEVER = "ignore"
_WORDS = re.compile(r"\|\||&&|[!()]|[\w.]+")
_MAX_WORDS = 200  # of an expression a person wrote


def allow(root: Node) -> bool:
    """This function will say whether a build can take the file whose syntax tree begins here."""
    old = []
    for comment in _before_the_package(root):
        if comment.startswith("//go:build "):
            return _possible(_WORDS.findall(comment.removeprefix("//go:build "))[:_MAX_WORDS])
        words = comment.removeprefix("//").split()
        if words[:1] == ["+build"]:
            old.append(words[1:])
    return not any(all(_NEVER in option.split(",") for option in options) for options in old)


def _before_the_package(root: Node) -> Iterator[str]:
    for node in root.named_children:
        if node.type != "comment":
            return
        yield (node.text or b"").decode(errors="replace")


def _possible(words: list[str]) -> bool:
    """Recursive descent; true, false and unknown are 1, 0 and 1/2, so `and` is the minimum."""
    words.reverse()
    return _either(words) > 0


def _either(words: list[str]) -> float:
    value = _both(words)
    while words and words[-1] == "||":
        words.pop()
        value = max(value, _both(words))
    return value


def _both(words: list[str]) -> float:
    value = _one(words)
    while words and words[-1] == "&&":
        words.pop()
        value = min(value, _one(words))
    return value


def _one(words: list[str]) -> float:
    word = words.pop() if words else ""
    if word == "!":
        return 1 - _one(words)
    if word == "(":
        value = _either(words)
        if words:
            words.pop()
        return value
    return 0 if word == _NEVER else 0.5
