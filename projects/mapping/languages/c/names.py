"""Which file a C or C++ include means.

Source of the rules: the C standard leaves it to the compiler; GCC's manual, "Search Path", looks
beside the including file first, then in the folders its command line names. No command line is
read here: the folders of the repository say which they can be.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from posixpath import normpath

from projects.mapping.languages.c.standard import STANDARD
from projects.mapping.sources import Resolved, Sources

HEURISTIC = False
_ROOTS = ("include", "inc", "src", "lib", "source", "headers")
_REMEMBERED = 100_000  # answers; a repository of many more includes asks again
_MOST_ALIKE = 200  # files; which of more is nearest would be asked for hours
_QUOTED = '"'


def resolve(sources: Sources) -> Resolved:
    """This function will find the file each include means; what it says is as `syntax` gives it.

    Of what leads nowhere only that counts as lost which names a folder the repository has.
    """
    tree = Tree(sources.paths)
    found = Resolved()
    for path, includes in sources.imports.items():
        for sign, text, line in includes:
            target = tree.target(path, text, beside=sign == _QUOTED)
            if target and target != path:
                found.edges.add((path, target, line))
            must = sign == _QUOTED and (bool(target) or tree.is_inside(path, text))
            found.inside += must
            if must and not target:
                found.lost.append((path, line))
    return found


class Tree:
    """The files of a repository, and how the text of an include leads to one."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = frozenset(paths)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self.paths):
            self._by_name[path.rpartition("/")[2]].append(path)
        self.folders = {folder for path in self.paths for folder in _above(path)[:-1]}
        self._tails = lru_cache(_REMEMBERED)(self._find_tails)
        self._angled = lru_cache(_REMEMBERED)(self._find_angled)

    def target(self, path: str, text: str, *, beside: bool) -> str | None:
        """This method will give the file an include means; `beside`, its own folder comes first."""
        text = text.replace("\\", "/").lstrip("/")
        if beside:
            near = normpath(_join(_folder(path), text))
            if near in self.paths:
                return near
            return self._among(_folder(path), text, self._tails(text))
        return self._angled(_folder(path), text)

    def is_inside(self, path: str, text: str) -> bool:
        """This method will say whether an include that leads nowhere should have led somewhere."""
        if text.startswith("."):
            return True
        return _join(_folder(path), _folder(text)) in self.folders if "/" in text else False

    def _find_angled(self, folder: str, text: str) -> str | None:
        tails, own = self._tails(text), _join(folder, text)
        if text in STANDARD:  # the system's, but in a repository that is a system's own library
            tails = tuple(path for path in tails if _beside(path, "stdio.h") in self.paths)
        elif own in tails and len(tails) > 1:
            # Between quotes it would have been this one: what is asked for thus lies elsewhere.
            tails = tuple(path for path in tails if path != own)
        return self._among(folder, text, tails)

    def _among(self, folder: str, text: str, tails: tuple[str, ...]) -> str | None:
        """The folders above and what is beside them, nearest first; then the nearest of all."""
        if len(tails) < 2:
            return tails[0] if tails else None
        for above in _above(f"{folder}/"):
            for root in ("", *_ROOTS):
                place = _join(_join(above, root), text)
                if place in self.paths and place in tails:
                    return place
        return _nearest(folder, tails) if len(tails) <= _MOST_ALIKE else None

    def _find_tails(self, text: str) -> tuple[str, ...]:
        """Every file whose path ends as the include does."""
        wanted = normpath(text)
        while wanted.startswith("../"):
            wanted = wanted[3:]
        named = self._by_name.get(wanted.rpartition("/")[2], ())
        return tuple(path for path in named if path == wanted or path.endswith("/" + wanted))


def _nearest(folder: str, tails: tuple[str, ...]) -> str | None:
    """The one that shares most of the way, then the least deep; none where two are as near."""
    ranked = sorted((-_shared(folder, path), path.count("/"), path) for path in tails)
    return None if ranked[0][:2] == ranked[1][:2] else ranked[0][2]


def _shared(folder: str, path: str) -> int:
    mine, other = folder.split("/"), path.split("/")[:-1]
    same = 0
    for one, two in zip(mine, other, strict=False):
        if one != two:
            break
        same += 1
    return same


def _above(path: str) -> list[str]:
    """The folders of a path, nearest first; "" is the last."""
    found = []
    while path := _folder(path):
        found.append(path)
    return [*found, ""]


def _beside(path: str, name: str) -> str:
    return _join(_folder(path), name)


def _folder(place: str) -> str:
    return place.rpartition("/")[0]


def _join(place: str, rest: str) -> str:
    return f"{place}/{rest}" if place and rest else place or rest
