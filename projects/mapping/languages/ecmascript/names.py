"""Which file an import of JavaScript or TypeScript means.

Source of the rules: the TypeScript handbook, "Modules - Reference", and Node's documentation of
modules and packages. Nothing is installed and no configuration is run: what a bundler's own
configuration says of names is not read, but for the conventional `@/` and `~/`.
"""

from functools import cache

from projects.mapping.languages.ecmascript.configs import Configs
from projects.mapping.languages.ecmascript.packages import Packages
from projects.mapping.languages.ecmascript.places import Places, folder_of, join, walk
from projects.mapping.sources import Resolved, Sources

HEURISTIC = False
_CONVENTIONAL = ("@/", "~/")  # no package can be called so


def resolve(sources: Sources) -> Resolved:
    """This function will find the file each import of the files means.

    What a file says is its imports, as `syntax` gives them.
    """
    names = Names(sources)
    found = Resolved()
    for path, imports in sources.imports.items():
        folder = folder_of(path)
        for name, line, how in imports:
            target = names.target(folder, name, how)
            inside = how != "augment" and _inside(name)
            found.inside += inside
            if target and target != path:
                found.edges.add((path, target, line))
            elif inside and not target:
                found.lost.append((path, line))
    return found


class Names:
    """How the files of one repository name each other."""

    def __init__(self, sources: Sources) -> None:
        self._places = Places(sources.paths)
        self._packages = Packages(self._places, sources.manifests)
        self._configs = Configs(self._packages, sources.manifests)
        self.target = cache(self._target)

    def _target(self, folder: str, written: str, how: str) -> str | None:
        """The file a name means in a folder; None is none of this repository."""
        name = _bare(written)
        if how == "reference":
            place = walk(folder, name)
            return self._places.file(place) if place else None
        if _relative(name):
            return self._relative(folder, name)
        if name.startswith("node:"):
            return None
        return self._configured(folder, name) or self._named(folder, name, how)

    def _relative(self, folder: str, name: str) -> str | None:
        place = walk(folder, name)
        if place is None:
            return None
        found = self._at(place, only_folder=name.rpartition("/")[2] in ("", ".", ".."))
        if found:
            return found
        besides = (one for options in self._configs.of(folder) for one in options.beside(place))
        beside = next(filter(None, (self._at(one) for one in besides)), None)
        return beside or self._built(place)

    def _built(self, place: str) -> str | None:
        """What a relative name means that leads to where a package puts what it builds."""
        home = self._packages.scope(folder_of(place))
        if home is None or not place.startswith(join(home, "")):
            return None
        inner = place[len(home) :].lstrip("/")
        if join(home, inner.partition("/")[0]) in self._places.folders:
            return None
        return self._places.source(home, inner)

    def _configured(self, folder: str, name: str) -> str | None:
        for options in self._configs.of(folder):
            for place in options.places(name):
                found = self._at(place)
                if found:
                    return found
        return None

    def _named(self, folder: str, name: str, how: str) -> str | None:
        if name.startswith("#"):
            return self._packages.own(folder, name, how)
        if name.startswith(_CONVENTIONAL):
            return self._conventional(folder, name[2:])
        return self._packages.file(folder, name, how)

    def _conventional(self, folder: str, name: str) -> str | None:
        home = self._packages.scope(folder) or ""
        for root in ("src", "", "app"):
            found = self._at(join(join(home, root), name))
            if found:
                return found
        return None

    def _at(self, place: str, *, only_folder: bool = False) -> str | None:
        found = None if only_folder else self._places.file(place)
        if not found and place in self._places.folders:
            found = self._packages.folder(place)
        return found


def _bare(written: str) -> str:
    """A name without what bundlers take with it: loaders before it, questions behind it."""
    name = written.rpartition("!")[2]
    return name.partition("?")[0]


def _relative(name: str) -> bool:
    return name in (".", "..") or name.startswith(("./", "../"))


def _inside(written: str) -> bool:
    """Whether a name can mean nothing but a file of the repository."""
    name = _bare(written)
    return (_relative(name) and "node_modules/" not in name) or name.startswith(_CONVENTIONAL)
