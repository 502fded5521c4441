"""What `.gitattributes` say of files, in the words linguist knows.

Source: gitattributes(5): of two lines the later one wins, of two files the one in the deeper folder.
"""

from collections.abc import Mapping
from typing import Any

from projects.mapping.roles import Said
from projects.mapping.structure import globs

_MOST_TRIED = 2_000_000  # pairs of a line and a file
_NOTHING: Said = {}


class Attributes:
    """The lines of all `.gitattributes` of a commit; `left_out` are those that are too many."""

    def __init__(self, manifests: Mapping[str, Mapping[str, Any]], files: int) -> None:
        known = manifests.get("manifest.gitattributes", {})
        rules = [
            (path.rpartition("/")[0], pattern, said)
            for path in sorted(known, key=lambda path: (path.count("/"), path))
            for pattern, said in known[path]["rules"]
        ]
        most = _MOST_TRIED // max(files, 1)
        self.left_out = max(0, len(rules) - most)
        self._rules = [(folder, _meant(pattern), said) for folder, pattern, said in rules[:most]]

    def of(self, path: str) -> Said:
        """This method will give what is said of one file: true, false or a text, by attribute."""
        found: dict[str, bool | str] = {}
        for folder, match, said in self._rules:
            start = f"{folder}/" if folder else ""
            if path.startswith(start) and match(path.removeprefix(start)):
                found.update(said)
        return found or _NOTHING


def _meant(pattern: str) -> globs.Match:
    names = pattern.lstrip("/").split("/")
    if "/" not in pattern:
        names = ["**", *names]
    if names[-1] == "**":
        names = [*names[:-1], "*", "**"]
    return globs.sequence(names)
