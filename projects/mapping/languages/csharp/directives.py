"""The preprocessor's lines of a C# file: the grammar knows them only in some places."""

import re
from collections.abc import Iterator

_LINE = re.compile(rb"[ \t]*#[ \t]*(\w*)")


def readings(source: bytes) -> Iterator[bytes]:
    """This function will give the ways to read a file, the best first; offsets stay.

    As it is; without directives, all branches one after the other; only the first of the branches.
    """
    yield source
    yield _without(source, every=True)
    yield _without(source, every=False)


def _without(source: bytes, every: bool) -> bytes:
    lines = []
    kept: list[bool] = []  # for each open #if, whether its present branch is
    for line in source.split(b"\n"):
        directive = _LINE.match(line)
        if directive is None:
            lines.append(line if all(kept) else b" " * len(line))
            continue
        word = directive[1]
        if word == b"if":
            kept.append(True)
        elif word in (b"else", b"elif") and kept:
            kept[-1] = every
        elif word == b"endif" and kept:
            kept.pop()
        lines.append(b" " * len(line))
    return b"\n".join(lines)
