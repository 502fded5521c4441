"""What the nearest tsconfig.json or jsconfig.json says of names.

Source: the TSConfig reference: extends, references, baseUrl, paths, rootDirs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from projects.mapping.languages.ecmascript.packages import Packages
from projects.mapping.languages.ecmascript.places import above, folder_of, join, walk

_MOST = 100  # patterns with a star that are asked about one name; configurations one refers to
_HERE = "${configDir}"


@dataclass
class Options:
    """What one configuration says, with all it extends; places are folders of the repository."""

    base: str | None = None
    exact: dict[str, list[str]] = field(default_factory=dict)
    stars: list[tuple[str, str, list[str]]] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)

    def places(self, name: str) -> Iterator[str]:
        """This method will give the places a name may mean, the likeliest first."""
        if name in self.exact:
            yield from self.exact[name]
        else:
            for before, after, targets in self.stars:
                long_enough = len(name) >= len(before) + len(after)
                if long_enough and name.startswith(before) and name.endswith(after):
                    star = name[len(before) : len(name) - len(after)]
                    yield from (target.replace("*", star) for target in targets)
                    break
        if self.base is not None:
            yield join(self.base, name)

    def beside(self, place: str) -> Iterator[str]:
        """This method will give the places that are one with this one by "rootDirs"."""
        for root in self.roots:
            if place.startswith(f"{root}/"):
                yield from (join(other, place[len(root) + 1 :]) for other in self.roots)


class Configs:
    """Every configuration, by path."""

    def __init__(self, packages: Packages, manifests: Mapping[str, Mapping[str, Any]]) -> None:
        self._said = dict(manifests.get("manifest.tsconfig", {}))
        self._packages = packages
        self.of = cache(self._of)

    def _of(self, folder: str) -> list[Options]:
        """What is said where `folder` lies: by its configuration, then by those it refers to."""
        for one in (folder, *above(folder)):
            for name in ("tsconfig.json", "jsconfig.json"):
                path = join(one, name)
                if path in self._said:
                    return self._bounded([path, *self._references(path)])
        return []

    def _references(self, path: str) -> list[str]:
        found = [self._path(folder_of(path), to) for to in self._said[path].get("references", ())]
        return [one for one in found[:_MOST] if one is not None]

    def _bounded(self, paths: list[str]) -> list[Options]:
        """What the configurations say, up to the bound of patterns."""
        found: list[Options] = []
        left = _MOST
        for options in map(self._options, paths):
            options.stars = options.stars[:left]
            left -= len(options.stars)
            found.append(options)
        return found

    def _options(self, path: str) -> Options:
        merged: dict[str, tuple[str, Any]] = {}
        self._merge(path, merged, set())
        here = folder_of(path)
        options = Options()
        if "baseUrl" in merged:
            options.base = _place(*merged["baseUrl"], here)
        if "paths" in merged:
            folder, paths = merged["paths"]
            self._patterns(options, folder if options.base is None else options.base, paths, here)
        if "rootDirs" in merged:
            folder, roots = merged["rootDirs"]
            places = [_place(folder, root, here) for root in roots[:_MOST]]
            options.roots = [place for place in places if place]
        return options

    def _merge(self, path: str, merged: dict[str, tuple[str, Any]], seen: set[str]) -> None:
        """What stands nearer wins, and of several that are extended the last."""
        said = self._said.get(path)
        if said is None or path in seen or len(seen) > _MOST:
            return
        seen.add(path)
        for key in ("baseUrl", "paths", "rootDirs"):
            if key in said:
                merged.setdefault(key, (folder_of(path), said[key]))
        for to in reversed(said.get("extends", ())):
            extended = self._path(folder_of(path), to)
            if extended is not None:
                self._merge(extended, merged, seen)

    def _path(self, folder: str, written: str) -> str | None:
        """The configuration a text names: a file, a folder, or one of a package."""
        if written.startswith("."):
            place = walk(folder, written)
        else:
            name, _, inner = written.partition("/")
            if name.startswith("@"):
                second, _, inner = inner.partition("/")
                name = f"{name}/{second}"
            home = self._packages.home(folder, name)
            place = None if home is None else join(home, inner)
        if place is None:
            return None
        tries = (place, f"{place}.json", join(place, "tsconfig.json"))
        return next((one for one in tries if one in self._said), None)

    def _patterns(
        self, options: Options, folder: str, paths: dict[str, list[str]], here: str
    ) -> None:
        for pattern, targets in paths.items():
            places = [place for to in targets if (place := _place(folder, to, here)) is not None]
            before, star, after = pattern.partition("*")
            if star:
                options.stars.append((before, after, places))
            else:
                options.exact[pattern] = places
        options.stars.sort(key=lambda one: -len(one[0]))


def _place(folder: str, written: str, here: str) -> str | None:
    if written.startswith(_HERE):
        return walk(here, written.removeprefix(_HERE).lstrip("/"))
    return walk(folder, written)
