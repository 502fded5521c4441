"""Which folder an import path means: modules, workspaces, vendored copies, and GOPATH.

Source of the rules: https://go.dev/ref/mod and `go help gopath`. No network is asked and no tool
run: what a module requires is found here only when its source lies in the same repository.
"""

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

_MOD, _WORK = "manifest.go_mod", "manifest.go_work"
_ASIDE = frozenset(("testdata", "vendor", "node_modules"))
_STANDARD = "std"  # the module of Go's own library, whose packages are named from its folder


@dataclass(frozen=True)
class Module:
    """A folder with a go.mod; `replaced` leads from module paths to folders, None is elsewhere."""

    path: str
    folder: str
    required: frozenset[str] = frozenset()
    replaced: Mapping[str, str | None] = field(default_factory=dict)

    def rest(self, path: str) -> str | None:
        """This method will give where a package lies in the module; None when it is not of it."""
        if self.path == _STANDARD:
            return path if "." not in path.partition("/")[0] else None
        return rest(path, self.path)


class Modules:
    """The modules of a repository, and how an import path leads to a folder with a package."""

    def __init__(self, packages: Iterable[str], manifests: Mapping[str, Mapping[str, Any]]) -> None:
        self._packages = frozenset(packages)
        works = manifests.get(_WORK, {})
        self._works = {_folder(path): _work(_folder(path), said) for path, said in works.items()}
        found = [_module(path, said) for path, said in manifests.get(_MOD, {}).items()]
        self._by_folder = {
            module.folder: module
            for module in found
            if module.path and "vendor" not in module.folder.split("/")
        }
        self._by_path: dict[str, list[Module]] = {}
        for module in sorted(self._by_folder.values(), key=lambda one: one.folder):
            if not aside(module.folder):
                self._by_path.setdefault(module.path, []).append(module)
        self.home = cache(self._find_home)
        self.target = cache(self._find_target)

    def guess(self, imports: Iterable[tuple[str, str]]) -> None:
        """This method will take the top for a module, under the path most of its own imports have.

        Those are (folder, import path). Without a go.mod nothing names the repository; a path that
        ends in folders of packages here does, when no other one does it as often.
        """
        seen: dict[str, set[str]] = {}
        for folder, path in imports:
            if not self.home(folder) and "." in path.partition("/")[0]:
                for at in [at for at, char in enumerate(path) if char == "/"][1:]:
                    if path[at + 1 :] in self._packages:
                        seen.setdefault(path[:at], set()).add(path)
        best = Counter({path: len(all_) for path, all_ in seen.items()}).most_common(2)
        if best and (len(best) == 1 or best[0][1] > best[1][1]):
            self._by_folder[""] = Module(best[0][0], "")
            self.home.cache_clear()

    def must_be_here(self, folder: str, path: str) -> bool:
        """This method will say whether an import must lead to a package of the repository."""
        home = self.home(folder)
        if aside(folder) or path == "C":
            return False
        if _is_local(path):
            return True
        if home is None or home.rest(path) is None:
            return False
        longer = (one for one in home.required if len(one) > len(home.path))
        return not any(rest(path, one) is not None for one in longer)

    def _find_home(self, folder: str) -> Module | None:
        while folder not in self._by_folder:
            if not folder:
                return None
            folder = _folder(folder)
        return self._by_folder[folder]

    def _find_target(self, folder: str, path: str) -> str | None:
        if _is_local(path):
            return self._existing(_climb(folder, path))
        home = self.home(folder)
        ways = (self._own, self._vendored, self._standard, self._of_another, self._on_gopath)
        places = (way(home, folder, path) for way in ways)
        return next((place for place in places if place is not None), None)

    def _existing(self, folder: str | None) -> str | None:
        return folder if folder in self._packages else None

    def _own(self, home: Module | None, _: str, path: str) -> str | None:
        return self._in(home, path) if home else None

    def _in(self, module: Module, path: str) -> str | None:
        place = module.rest(path)
        found = None if place is None else self._existing(join(module.folder, place))
        return found if found is not None and self.home(found) is module else None

    def _vendored(self, home: Module | None, folder: str, path: str) -> str | None:
        top = home.folder if home else ""
        while True:
            found = self._existing(join(join(folder, "vendor"), path))
            if found is not None or folder == top:
                return found
            folder = _folder(folder)

    def _standard(self, home: Module | None, _: str, path: str) -> str | None:
        """Modules inside Go's own library, such as its commands, are built with it."""
        while home is not None and home.folder:
            home = self.home(_folder(home.folder))
            if home is not None and home.path == _STANDARD:
                return self._in(home, path)
        return None

    def _of_another(self, home: Module | None, _: str, path: str) -> str | None:
        """The longest module path wins, as it does for Go."""
        if home is None:
            return None
        work = self._work_of(home)
        prefix = path
        while prefix:
            replaced = {**home.replaced, **(work.replaced if work else {})}
            if prefix in replaced:
                folder = replaced[prefix]
                place = rest(path, prefix) or ""
                return None if folder is None else self._existing(join(folder, place))
            module = self._named(prefix, work)
            found = self._in(module, path) if module else None
            if found is not None:
                return found
            prefix = _folder(prefix)
        return None

    def _work_of(self, home: Module) -> "Workspace | None":
        folder = home.folder
        while folder not in self._works:
            if not folder:
                return None
            folder = _folder(folder)
        work = self._works[folder]
        return work if home.folder in work.used else None

    def _named(self, path: str, work: "Workspace | None") -> Module | None:
        """A name that several modules bear says nothing, unless a workspace has one of them."""
        found = self._by_path.get(path, [])
        if len(found) > 1 and work:
            found = [module for module in found if module.folder in work.used]
        return found[0] if len(found) == 1 else None

    def _on_gopath(self, home: Module | None, folder: str, path: str) -> str | None:
        """`src` is a root where there are no modules, and for what tests of analysers read."""
        while folder and (home is None or aside(folder)):
            if folder.rpartition("/")[2] == "src":
                return self._existing(join(folder, path))
            folder = _folder(folder)
        return None


@dataclass(frozen=True)
class Workspace:
    """The folders a go.work builds together, and what it replaces."""

    used: frozenset[str]
    replaced: Mapping[str, str | None]


def _module(path: str, said: Mapping[str, Any]) -> Module:
    folder = _folder(path)
    required = frozenset(name for name, *_ in said["dependencies"])
    return Module(said["name"], folder, required, _replaced(folder, said))


def _work(folder: str, said: Mapping[str, Any]) -> Workspace:
    used = {place for one in said["used"] if (place := _climb(folder, one)) is not None}
    return Workspace(frozenset(used), _replaced(folder, said))


def _replaced(folder: str, said: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        old: _climb(folder, new) if _is_local(new) else None
        for old, version, new, _ in said["replaced"]
        if _is_local(new) or not version
    }


def rest(path: str, prefix: str) -> str | None:
    """This function will give what follows a prefix of whole path elements; None without it."""
    if path == prefix:
        return ""
    return path[len(prefix) + 1 :] if path.startswith(f"{prefix}/") else None


def aside(folder: str) -> bool:
    """This function will say whether Go's patterns pass over a folder: `go help packages`."""
    return any(name in _ASIDE or name[:1] in ("_", ".") for name in folder.split("/") if name)


def join(folder: str, place: str) -> str:
    """This function will join two places, each of which may be ''."""
    return f"{folder}/{place}" if folder and place else folder or place


def _is_local(path: str) -> bool:
    return path in (".", "..") or path.startswith(("./", "../"))


def _climb(folder: str, path: str) -> str | None:
    place = posixpath.normpath(posixpath.join("/r", folder, path))
    if place == "/r":
        return ""
    return place.removeprefix("/r/") if place.startswith("/r/") else None


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
