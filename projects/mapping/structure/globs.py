"""Patterns of paths, matched folder by folder, so that no pattern takes long.

`*` and `?` stay inside one name, `**` stands for any number of folders. A pattern that names a
folder means what is in it.
"""

import re
from collections.abc import Callable, Sequence
from fnmatch import translate
from functools import cache

Match = Callable[[str], bool]
_MAGIC = frozenset("*?")


def compiled(pattern: str) -> Match:
    """This function will give what says whether a path is meant by a pattern, from the top."""
    names = pattern.strip("/").split("/")
    if names[-1:] == ["**"] and not _MAGIC & set("".join(names[:-1])):
        return _below("/".join(names[:-1]))
    if not _MAGIC & set(pattern):
        return _named(pattern.strip("/"))
    return either([sequence(names), sequence([*names, "*", "**"])])


def either(matches: Sequence[Match]) -> Match:
    """This function will give what says whether any of several patterns means a path."""
    return lambda path: any(match(path) for match in matches)


def sequence(names: Sequence[str]) -> Match:
    """This function will give what matches the names of a path, one by one."""
    wanted = [None if name == "**" else _name(name) for name in names]
    return lambda path: _fits(wanted, path.split("/"))


def _below(folder: str) -> Match:
    start = f"{folder}/" if folder else ""
    return lambda path: path.startswith(start)


def _named(place: str) -> Match:
    start = f"{place}/"
    return lambda path: path == place or path.startswith(start)


@cache
def _name(pattern: str) -> re.Pattern[str]:
    """Of `fnmatch`, whose expressions never go back; a bracket means itself."""
    return re.compile(translate(pattern.replace("[", "[[]")))


def _fits(wanted: Sequence[re.Pattern[str] | None], names: Sequence[str]) -> bool:
    """Going back to the last `**` only: what one before it could give, the last can, too."""
    here = there = 0
    again: tuple[int, int] | None = None
    while there < len(names):
        if here < len(wanted) and wanted[here] is None:
            again = (here, there)
            here += 1
            continue
        pattern = wanted[here] if here < len(wanted) else None
        if pattern is not None and pattern.match(names[there]):
            here, there = here + 1, there + 1
        elif again is None:
            return False
        else:
            again = (again[0], again[1] + 1)
            here, there = again[0] + 1, again[1]
    return all(pattern is None for pattern in wanted[here:])
