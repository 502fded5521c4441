"""Which file a Ruby `require`, `autoload` or constant means.

Source of the rules: Ruby's Kernel#require and the README of Zeitwerk. No load path is read: where a
gemspec or an application lies, its `lib` is on it, and the folders of its tests are. A constant
means the file Zeitwerk would look for, in the application the file belongs to; so an edge of a
constant is a convention kept, not a proof.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from posixpath import normpath

from projects.mapping.languages.ruby.literals import CONSTANT
from projects.mapping.sources import Resolved, Sources

HEURISTIC = True
_REMEMBERED = 100_000
_ROOTS = ("lib", "", "test", "spec", "test/lib", "spec/support", "test/unit")
_RELATIVE = "require_relative"


def resolve(sources: Sources) -> Resolved:
    """This function will find the file each load or constant means, as `syntax` gives them."""
    tree = Tree(sources)
    found = Resolved()
    for path, asked in sources.imports.items():
        for kind, what, around, line in asked:
            target = tree.target(path, kind, what, around)
            if target and target != path:
                found.edges.add((path, target, line))
            if kind == _RELATIVE and not what.endswith((".so", ".bundle")):
                found.inside += 1
                if not target:
                    found.lost.append((path, line))
    return found


class Tree:
    """The Ruby files of a repository, and how a name leads to one."""

    def __init__(self, sources: Sources) -> None:
        self.paths = sources.paths
        self._tops = _tops(sources)
        self._constants = _constants(sources.imports)
        self._loaded = lru_cache(_REMEMBERED)(self._find_loaded)
        self._named = lru_cache(_REMEMBERED)(self._find_named)

    def target(self, path: str, kind: str, what: str, around: str) -> str | None:
        """This method will give the file one load or constant means, or None."""
        folder = _folder(path)
        if kind == CONSTANT:
            home = self._home(folder)
            return None if home is None else self._named(home, what, around)
        if kind == _RELATIVE or (kind == "load" and what.startswith(".")):
            return self._file(normpath(_join(folder, what)))
        if kind == "autoload" and what.startswith(":"):
            return self._conventional(folder, f"{around}::{what[1:]}".strip(":"))
        return self._loaded(folder, what)

    def _file(self, place: str) -> str | None:
        return next((path for path in (f"{place}.rb", place) if path in self.paths), None)

    def _conventional(self, folder: str, constant: str) -> str | None:
        """What `autoload :X` without a path means to ActiveSupport."""
        place = "/".join(_underscored(part) for part in constant.split("::"))
        return self._loaded(folder, place)

    def _find_loaded(self, folder: str, what: str) -> str | None:
        """At home first, then in the folders above, then in the other gems of the repository."""
        if what.startswith("/") or not what:
            return None
        above = _above(folder)
        tops = [*above, *(top for top in self._tops if top not in above)]
        for top in tops:
            for root in _ROOTS:
                if root and root != "lib" and top not in above:
                    continue  # the tests of another gem are on nobody's path
                if not root and not what.startswith("."):
                    continue  # the folder itself is on it for `./x` only
                found = self._file(normpath(_join(_join(top, root), what)))
                if found:
                    return found
        return None

    def _home(self, folder: str) -> str | None:
        """The application a folder belongs to: the nearest above that has `app`."""
        return next((top for top in _above(folder) if top in self._constants), None)

    def _find_named(self, home: str, what: str, around: str) -> str | None:
        """As Ruby looks for it: in the modules around, the innermost first, then at the top.

        Where no file is named so, the constant is inside the file of what is before it.
        """
        known = self._constants[home]
        names = [_key(part) for part in what.strip(":").split("::")]
        outer = [] if what.startswith("::") else [_key(part) for part in around.split("::") if part]
        while names:
            for depth in range(len(outer), -1, -1):
                found = known.get("/".join(outer[:depth] + names))
                if found:
                    return found
            names.pop()
        return None


def _tops(sources: Sources) -> list[str]:
    """The folders of gems and applications, the shallowest first."""
    specs = sources.manifests.get("manifest.gemspec", {})
    tops = {_folder(path) for path in specs}
    tops |= {
        path.rpartition("config/")[0].rstrip("/")
        for path in sources.imports
        if path.endswith("config/application.rb")
    }
    return sorted(tops | {""}, key=lambda top: (top.count("/") + bool(top), top))


def _constants(paths: Iterable[str]) -> dict[str, dict[str, str]]:
    """For each application the file of each constant, by the convention of its folders."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted(paths):
        if not path.endswith(".rb"):
            continue
        top, app, rest = f"/{path}".partition("/app/")
        if app and "/" in rest:
            place = rest.partition("/")[2].removeprefix("concerns/")
            key = "/".join(map(_key, place.removesuffix(".rb").split("/")))
            found[top.lstrip("/")].setdefault(key, path)
    return dict(found)


def _key(name: str) -> str:
    """`HTMLPage` and `html_page` are one name, whatever inflections an application declares."""
    return name.replace("_", "").lower()


def _underscored(name: str) -> str:
    out = []
    for position, char in enumerate(name):
        before = name[position - 1] if position else ""
        after = name[position + 1 : position + 2]
        edge = before.islower() or before.isdigit() or (before.isupper() and after.islower())
        out.append("_" + char if char.isupper() and before and edge else char)
    return "".join(out).lower()


def _above(folder: str) -> list[str]:
    """A folder and those it is in, nearest first; "" is the last."""
    found = [folder] if folder else []
    while folder := _folder(folder):
        found.append(folder)
    return [*found, ""]


def _folder(place: str) -> str:
    return place.rpartition("/")[0]


def _join(place: str, rest: str) -> str:
    return f"{place}/{rest}" if place and rest else place or rest
