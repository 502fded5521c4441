"""The packages of a repository: which one a name means, and which file of it.

Source: Node's documentation of packages ("exports", "imports", self-reference), and what npm, yarn,
pnpm and lerna say of workspaces.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import chain
from typing import Any

from projects.mapping.languages.ecmascript.places import Places, above, folder_of, join, walk

# The conditions TypeScript and Node set; all others are asked for when these lead to no file.
_KNOWN = frozenset({"types", "node", "default"})
_LOCAL = ("workspace:", "file:", "link:", "portal:")
_TYPED = ("types", "typings", "main", "module", "source")
_DEEPEST = 20  # conditions inside conditions
_LONGEST = 200  # characters of a glob
_MOST_GLOBS = 200
_MOST_WILD = 200  # keys with a star


class Packages:
    """Every package.json, by folder."""

    def __init__(self, places: Places, manifests: Mapping[str, Mapping[str, Any]]) -> None:
        self.places = places
        self._said = {
            folder_of(path): said
            for path, said in manifests.get("manifest.package_json", {}).items()
        }
        self._links = {folder: _links(said) for folder, said in self._said.items()}
        self._folders = sorted(self._said)
        self.workspaces = self._find_members(manifests)
        self._inner = cache(self._find_inner)
        self._table = cache(self._find_table)
        self.scope = cache(self._find_scope)
        self.home = cache(self._find_home)

    def file(self, folder: str, name: str, how: str) -> str | None:
        """This method will give the file a package's name, with a path behind it, means."""
        name, inner = split(name)
        home = self.home(folder, name)
        return None if home is None else self._inner(home, inner, how)

    def own(self, folder: str, name: str, how: str) -> str | None:
        """This method will give the file a name that begins with # means."""
        scope = self.scope(folder)
        if scope is None:
            return None
        tiers = self._table(scope, "imports").targets(name, how)
        first = next(chain.from_iterable(tiers), "")
        if first and not first.startswith("."):
            return self.file(scope, first, how)
        return self._first(scope, tiers)

    def folder(self, folder: str) -> str | None:
        """This method will give the file a folder means that is imported by its path."""
        said = self._said.get(folder, {})
        for key in _TYPED:
            place = walk(folder, said[key]) if said.get(key) else None
            found = place and (self.places.file(place) or self.places.index(place))
            if found:
                return str(found)
        found = self.places.index(folder)
        return found or (self._main_source(folder) if said else None)

    def _find_inner(self, home: str, inner: str, how: str) -> str | None:
        """A file of a package; where "exports" are declared no other can be had."""
        if self._said[home].get("exports") is None:
            return self._unexported(home, inner)
        exports = self._table(home, "exports")
        found = self._first(home, exports.targets(f"./{inner}" if inner else ".", how))
        return found or (self._main_source(home) if not inner and "." in exports.said else None)

    def _find_table(self, home: str, field: str) -> "_Table":
        said = self._said[home].get(field)
        if field == "exports":
            by_path = isinstance(said, dict) and any(key.startswith(".") for key in said)
            said = said if by_path else {".": said}
        return _Table(said if isinstance(said, dict) else {})

    def _unexported(self, home: str, inner: str) -> str | None:
        if not inner:
            return self.folder(home)
        place = walk(home, inner)
        if place is None:
            return None
        found = self.places.file(place) or self.folder(place)
        return found or self.places.source(home, inner)

    def _main_source(self, home: str) -> str | None:
        said = self._said[home]
        for key in _TYPED:
            found = said.get(key) and self.places.source(home, said[key])
            if found:
                return str(found)
        return self.places.index(join(home, "src"))

    def _first(self, home: str, tiers: list[list[str]]) -> str | None:
        """The first that is there, else the first whose source is, of the likeliest targets."""
        for targets in tiers:
            places = (walk(home, target) for target in targets)
            there = (place and self.places.file(place) for place in places)
            built = (self.places.source(home, target) for target in targets)
            found = next(filter(None, chain(there, built)), None)
            if found:
                return found
        return None

    def _find_scope(self, folder: str) -> str | None:
        """The folder of the package.json a file stands under."""
        for one in (folder, *above(folder)):
            if one in self._said:
                return one
        return None

    def _find_home(self, folder: str, name: str) -> str | None:
        """The folder of the package that `name` means to whoever imports it in `folder`."""
        scope = self.scope(folder)
        if scope is None:
            return None
        said = self._said[scope]
        if said.get("name") == name and said.get("exports") is not None:
            return scope
        for one in (folder, *above(folder)):
            found = self._linked(one, name)
            if found is not None:
                return found
            if name in self.workspaces.get(one, {}):
                return self.workspaces[one][name]
        return scope if said.get("name") == name else None

    def _linked(self, folder: str, name: str) -> str | None:
        """A package of the repository that a package.json names by its folder."""
        protocol, _, place = self._links.get(folder, {}).get(name, "").partition(":")
        if not protocol:
            return None
        home = walk(folder, place)
        return home if protocol != "workspace" and home in self._said else self._by_name().get(name)

    @cache  # noqa: B019 — as long as the map is made
    def _by_name(self) -> dict[str, str]:
        """The shallowest package of each name."""
        order = sorted(self._said, key=lambda folder: (folder.count("/"), folder), reverse=True)
        return {self._said[folder].get("name", ""): folder for folder in order}

    def _find_members(
        self, manifests: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, dict[str, str]]:
        """The packages of each workspace, by name, under the folder of the workspace."""
        found: dict[str, dict[str, str]] = {}
        for key in ("package_json", "pnpm_workspace", "lerna"):
            for path, said in sorted(manifests.get(f"manifest.{key}", {}).items()):
                globs = said.get("workspaces")
                if globs:
                    found.setdefault(folder_of(path), {}).update(self._matching(path, globs))
        return found

    def _matching(self, path: str, globs: list[str]) -> dict[str, str]:
        root = folder_of(path)
        sane = [glob for glob in globs if _sane(glob)][:_MOST_GLOBS]
        rules = [(not glob.startswith("!"), _pattern(root, glob)) for glob in sane]
        found: dict[str, str] = {}
        for folder in self._below(root):
            verdicts = [wanted for wanted, rule in rules if rule.match(folder)]
            name = self._said[folder].get("name")
            if verdicts and all(verdicts) and name:
                found[name] = folder
        return found

    def _below(self, root: str) -> list[str]:
        """The packages inside a folder, the last first, so that the first of a name is kept."""
        folders = self._folders
        if not root:
            return [folder for folder in reversed(folders) if folder]
        begin, end = bisect_left(folders, f"{root}/"), bisect_left(folders, f"{root}0")
        return folders[begin:end][::-1]


def split(name: str) -> tuple[str, str]:
    """This function will part a package's name from the path behind it."""
    parts = name.split("/", 2 if name.startswith("@") else 1)
    count = 2 if name.startswith("@") else 1
    return "/".join(parts[:count]), "/".join(parts[count:])


def _links(said: Mapping[str, Any]) -> dict[str, str]:
    """The dependencies that lie in the repository itself."""
    named = ((name, constraint) for name, constraint, _, _ in said.get("dependencies", ()))
    return {name: constraint for name, constraint in named if constraint.startswith(_LOCAL)}


def _sane(glob: str) -> bool:
    """A glob with many stars can take longer than anybody waits."""
    stars = max(part.count("*") for part in glob.split("/"))
    return len(glob) <= _LONGEST and glob.count("**") <= 2 and stars <= 3


def _pattern(root: str, glob: str) -> re.Pattern[str]:
    """Globs of folders: * is one name, ** any number of them, {a,b} one of several."""
    place = walk(root, glob.removeprefix("!")) or ""
    text = ""
    for part in re.split(r"(\*\*/?|\*|\{[^{}]*\})", place):
        if part.startswith("**"):
            text += "(?:[^/]+/)*" if part.endswith("/") else ".*"
        elif part == "*":
            text += "[^/]*"
        elif part.startswith("{"):
            text += "(?:" + "|".join(map(re.escape, part[1:-1].split(","))) + ")"
        else:
            text += re.escape(part)
    return re.compile(text + r"\Z")


class _Table:
    """What "exports" or "imports" say of names."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.said = said
        self._wild = [key for key in said if "*" in key or key.endswith("/")][:_MOST_WILD]

    def targets(self, name: str, how: str) -> list[list[str]]:
        """This method will give where a name leads, what is likeliest first."""
        if name in self.said and "*" not in name:
            said, star = self.said[name], ""
        else:
            key, star = self._wildcard(name)
            said = self.said.get(key)
        own, other = ("require", "import") if how == "require" else ("import", "require")
        tiers = (
            lambda one: one in _KNOWN or one == own,
            lambda one: one != other,
            lambda one: True,
        )
        return [[to.replace("*", star) for to in _conditions(said, wanted, 0)] for wanted in tiers]

    def _wildcard(self, name: str) -> tuple[str, str]:
        """The longest key with a star, or an old one that ends with a slash, that fits a name."""
        best = key = star = ""
        for one in self._wild:
            before, _, after = one.partition("*")
            fits = name.startswith(before) and name.endswith(after) and len(name) >= len(one) - 1
            if fits and (len(before), len(one)) > (len(best), len(key)):
                best, key = before, one
                star = name[len(before) : len(name) - len(after)]
        return key, star


def _conditions(said: Any, wanted: Callable[[str], bool], depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(said, str):
        yield said
    elif isinstance(said, list):
        for one in said:
            yield from _conditions(one, wanted, depth + 1)
    elif isinstance(said, dict):
        for condition, one in said.items():
            if wanted(condition):
                yield from _conditions(one, wanted, depth + 1)
