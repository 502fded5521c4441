"""C as its compiler sees it: one branch of each `#if` that stands inside a body.

A grammar reads all branches one after the other. Where they share a brace, as in `#if A` `if (a) {`
`#else` `if (b) {` `#endif`, nothing behind them makes sense to it.
"""

import re
from dataclasses import dataclass

_NO_CODE = re.compile(rb"""/\*.*?\*/|//.*|/\*.*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")
_DIRECTIVE = re.compile(rb"[ \t]*#[ \t]*(if|elif|else|endif)(?:n?def)?\b[ \t]*(0[ \t\r]*$)?")


@dataclass
class _Group:
    """An `#if` that is not over."""

    depth: int  # of braces before it
    parent_taken: bool
    inside: bool  # a body: only one branch is kept
    taken: bool
    done: bool


def first(source: bytes) -> bytes:
    """This function will blank all but the first branch of each condition inside braces.

    `#if 0` is passed over. Lines keep their numbers.
    """
    groups: list[_Group] = []
    depth, goes_on = 0, False
    kept = []
    for line in source.split(b"\n"):
        blank = goes_on or (bool(groups) and not groups[-1].taken)
        directive = None if goes_on else _DIRECTIVE.match(line)
        goes_on = False
        if directive:
            blank, depth = _turn(groups, directive[1], bool(directive[2]), depth)
            goes_on = blank and line.rstrip(b"\r").endswith(b"\\")
        elif not blank:
            code = _NO_CODE.sub(b"", line)
            depth = max(0, depth + code.count(b"{") - code.count(b"}"))
        kept.append(b"" if blank else line)
    return b"\n".join(kept)


def _turn(groups: list[_Group], word: bytes, never: bool, depth: int) -> tuple[bool, int]:
    """Whether the line of a directive is blanked, and how deep what follows stands."""
    if word == b"if":
        taken = not groups or groups[-1].taken
        inside = depth > 0 or not taken
        own = taken and not (inside and never)
        groups.append(_Group(depth, taken, inside, own, own))
        return inside, depth
    if not groups:
        return False, depth
    group = groups[-1]
    if word == b"endif":
        groups.pop()
        return group.inside, depth
    if not group.inside:
        return False, group.depth
    group.taken = group.parent_taken and not group.done
    group.done = group.done or group.taken
    return True, depth
