"""What the using directives of a C# file, and of its whole project, bring into view."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from projects.mapping.sources import Sources

_REMEMBERED = 2_000  # files


@dataclass
class Usings:
    """Namespaces and types whose content is in view, and other names for either."""

    spaces: list[str] = field(default_factory=list)
    statics: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, alias: str, static: bool) -> None:
        """This method will take in one directive."""
        if alias:
            self.aliases[alias] = name
        else:
            (self.statics if static else self.spaces).append(name)


class Levels:
    """The namespaces around each place, from inside out, with the directives in each."""

    def __init__(self, sources: Sources) -> None:
        self._imports = sources.imports
        self._projects = {
            posixpath.dirname(path) for path in sources.paths if path.endswith(".csproj")
        }
        self._project = lru_cache(_REMEMBERED)(self._find_project)
        self._of_project = lru_cache(_REMEMBERED)(self._find_shared)
        self._global: dict[str, Usings] = defaultdict(Usings)
        self.of = lru_cache(_REMEMBERED)(self._find)
        declared = sources.manifests.get("manifest.csproj", {})
        self._declared = {
            path: said["usings"] for path, said in sorted(declared.items()) if said.get("usings")
        }

    def take(self, path: str, said: Any) -> None:
        """This method will take in what a file says for its whole project."""
        for _, name, alias, static, everywhere, _ in said["usings"]:
            if everywhere:
                self._global[self._project(path)].add(name, alias, static)

    def same_project(self, path: str, other: str) -> bool:
        """This method will say whether two files belong to one project."""
        return self._project(path) == self._project(other)

    def _find(self, path: str, space: int) -> list[tuple[str, Usings]]:
        """(namespace, its directives) from a namespace's index outwards."""
        said = self._imports[path]
        found: list[tuple[str, Usings]] = []
        while space >= 0:
            name, outer = said["spaces"][space]
            around = said["spaces"][outer][0] if outer >= 0 else ""
            found.append((name, _usings(one for one in said["usings"] if one[0] == space)))
            # `namespace A.B` is B inside A.
            name = name.rpartition(".")[0]
            while name and name != around:
                found.append((name, Usings()))
                name = name.rpartition(".")[0]
            space = outer
        whole = _usings(one for one in said["usings"] if one[0] < 0 and not one[4])
        project = self._of_project(self._project(path))
        whole.spaces += project.spaces
        whole.statics += project.statics
        whole.aliases = project.aliases | whole.aliases
        return [*found, ("", whole)]

    def _find_shared(self, home: str) -> Usings:
        known = self._global.get(home, Usings())
        found = Usings([*known.spaces], [*known.statics], {**known.aliases})
        for path, usings in self._declared.items():
            folder = posixpath.dirname(path)
            above = path.endswith(".props") and f"{home}/".startswith(
                f"{folder}/" if folder else ""
            )
            if folder == home or above:
                for name, alias, static, _ in usings:
                    found.add(name, alias, static)
        return found

    def _find_project(self, path: str) -> str:
        folder = posixpath.dirname(path)
        while folder and folder not in self._projects:
            folder = posixpath.dirname(folder)
        return folder


def _usings(directives: Iterable[Any]) -> Usings:
    found = Usings()
    for _, name, alias, static, _, _ in directives:
        found.add(name, alias, static)
    return found
