"""What `.gitattributes` say of files, in the words linguist knows.

Source: gitattributes(5): of two lines the later one wins, of two files the one in the deeper folder.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from projects.mapping.roles import Said
from projects.mapping.structure import globs

_MOST_TRIED = 20_000_000  # steps of all lines for all files; 4 s
_SUFFIX = re.compile(r"\*\.[\w.-]+")
_NOTHING: Said = {}


class Attributes:
    """The lines of all `.gitattributes` of a commit; `left_out` are those that are too many."""

    def __init__(self, manifests: Mapping[str, Mapping[str, Any]], paths: globs.Size) -> None:
        known = manifests.get("manifest.gitattributes", {})
        self._rules: list[tuple[str, globs.Match, Said]] = []
        self.left_out = 0
        budget = _MOST_TRIED
        for path in sorted(known, key=lambda path: (path.count("/"), path)):
            for pattern, said in known[path]["rules"]:
                match, cost = _meant(pattern, paths)
                budget -= cost
                if budget < 0:
                    self.left_out += 1
                else:
                    self._rules.append((path.rpartition("/")[0], match, said))

    def of(self, path: str) -> Said:
        """This method will give what is said of one file: true, false or a text, by attribute."""
        found: dict[str, bool | str] = {}
        for folder, match, said in self._rules:
            start = f"{folder}/" if folder else ""
            if path.startswith(start) and match(path.removeprefix(start)):
                found.update(said)
        return found or _NOTHING


def _meant(pattern: str, paths: globs.Size) -> tuple[globs.Match, int]:
    """What a pattern means, and how much it costs to ask of all paths."""
    names = pattern.lstrip("/").split("/")
    if _SUFFIX.fullmatch(pattern):
        return partial(_ends, pattern[1:]), paths.files
    if "/" not in pattern:
        names = ["**", *names]
    if names[-1] == "**":
        names = [*names[:-1], "*", "**"]
    return globs.sequence(names), globs.cost(pattern, paths)


def _ends(suffix: str, path: str) -> bool:
    return path.endswith(suffix)
