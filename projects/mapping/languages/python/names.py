"""Which file a Python import means.

Source of the rules: the language reference, "The import system", and PEP 420. No module is run and
no path configuration is read: the folders of the repository say where packages begin.
"""

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from projects.mapping.languages.python.standard import STANDARD
from projects.mapping.sources import Resolved, Sources

HEURISTIC = False
_REMEMBERED = 50_000  # answers; all of a large repository would take 400 MB
_CONVENTIONAL = ("src", "lib", "python")


def resolve(sources: Sources) -> Resolved:
    """This function will find the file each import of the Python files means.

    What a file says is its imports, as `syntax` gives them.
    """
    tree = Tree(sources.imports)
    found = Resolved()
    for path, imports in sources.imports.items():
        for level, module, names, line in imports:
            targets = tree.targets(path, level, module, names)
            found.edges.update((path, target, line) for target in targets if target != path)
            found.inside += bool(level)
            if level and not targets:
                found.lost.append((path, line))
    return found


class Tree:
    """The Python files of a repository, and how a name leads to one."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.modules = _modules(paths)
        self.packages = {name for name, path in self.modules.items() if _is_package(path)}
        near = {_folder(name) for name in self.modules} - {""}
        self.folders = near.union(*map(_ancestors, near))
        self._origin = cache(self._find_origin)
        self._roots = self._find_roots()
        self._search = cache(self._find_search)
        self._absolute = lru_cache(_REMEMBERED)(self._find_absolute)

    def targets(self, path: str, level: int, module: str, names: list[str] | None) -> set[str]:
        """This method will give the files that one import statement makes its file depend on.

        `from a import b` means the module a.b where there is one, and otherwise a.
        """
        folder = _folder(path)
        if level:
            base = _climb(folder, level - 1)
            if base is None:
                return set()
            place = _join(base, module.replace(".", "/"))
            found = {self._at(_join(place, name), place) for name in names or ()}
        elif names is None:
            found = {self._absolute(self._origin(folder), module)}
        else:
            own = self._origin(folder)
            found = {self._absolute(own, f"{module}.{name}") for name in names}
        return {target for target in found if target}

    def _at(self, place: str, parent: str) -> str | None:
        return self.modules.get(place) or self.modules.get(parent)

    def _find_absolute(self, own: str, name: str) -> str | None:
        place = name.replace(".", "/")
        top, parent = place.partition("/")[0], place.rpartition("/")[0]
        for root in (own,) if top in STANDARD else self._search(own):
            first = _join(root, top)
            if first in self.modules or (first in self.folders and top not in STANDARD):
                found = self._at(_join(root, place), _join(root, parent) if parent else "")
                # A regular package hides those of later roots; a folder without __init__ does not.
                if found or first in self.modules:
                    return found
        return None

    def _find_origin(self, folder: str) -> str:
        """The folder from which the modules of `folder` are named: where its packages begin."""
        while folder and folder in self.packages:
            folder = _folder(folder)
        return folder

    def _find_roots(self) -> list[str]:
        """The folders packages are found in, whoever asks; the shallowest first."""
        roots = {self._origin(package) for package in self.packages}
        for folder in self.folders:
            if folder.rpartition("/")[2] in _CONVENTIONAL and folder not in self.packages:
                roots.add(folder)
        return sorted(roots | {""}, key=lambda root: (root.count("/") + bool(root), root))

    def _find_search(self, own: str) -> list[str]:
        """Where to look: at home, in the folders above, in what lies beside, then elsewhere."""
        above = [own, *(folder for folder in _ancestors(own) if folder not in self.packages), ""]
        near = [root for root in self._roots if _folder(root) in above]
        return list(dict.fromkeys([*above, *near, *self._roots]))


def _modules(paths: Iterable[str]) -> dict[str, str]:
    """Importable places and their files: a package before a module, source before a stub."""
    found: dict[str, str] = {}
    for path in sorted(paths, key=_rank, reverse=True):
        place = path.rpartition(".")[0]
        name = place.rpartition("/")[2]
        if "." not in name:
            found[_folder(place) if name == "__init__" else place] = path
    found.pop("", None)
    return found


def _rank(path: str) -> tuple[bool, bool, str]:
    return path.endswith(".pyi"), not _is_package(path), path


def _is_package(path: str) -> bool:
    return path.endswith(("/__init__.py", "/__init__.pyi"))


def _ancestors(place: str) -> Iterator[str]:
    """Nearest first, without the repository itself."""
    while place := _folder(place):
        yield place


def _climb(folder: str, steps: int) -> str | None:
    for _ in range(steps):
        if not folder:
            return None
        folder = _folder(folder)
    return folder


def _folder(place: str) -> str:
    return place.rpartition("/")[0]


def _join(place: str, rest: str) -> str:
    return f"{place}/{rest}" if place and rest else place or rest
