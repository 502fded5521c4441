"""Which file the name of a PHP class or function means, and which file is included.

A name means whatever file declares it. Where several do, it is the one `composer.json` loads it
from (PSR-4 and PSR-0), then the nearest to the asking file. The folder of an `include` without
`__DIR__` is known only when the program runs: what lies where it says is taken for it.
"""

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from projects.mapping.languages.nesting import nearest
from projects.mapping.languages.php.spaces import CLASS, FUNCTION
from projects.mapping.sources import Resolved, Sources

HEURISTIC = False


def resolve(sources: Sources) -> Resolved:
    """This function will find the files that each PHP file names or includes.

    What a file says is as `syntax` gives it.
    """
    tree = Tree(sources)
    found = Resolved()
    for path, said in sources.imports.items():
        for kind, meant, line in said["names"]:
            target = tree.declaring(path, kind, meant)
            if target and target != path:
                found.edges.add((path, target, line))
        for target, must, line in (*tree.uses(path, said), *tree.includes(path, said)):
            found.inside += must
            if target and target != path:
                found.edges.add((path, target, line))
            elif must and not target:
                found.lost.append((path, line))
    return found


class Tree:
    """What the PHP files of a repository declare, and where."""

    def __init__(self, sources: Sources) -> None:
        self._paths = sources.paths
        self._declared: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._spaces: set[str] = set()  # those with a class of their own
        self._above: set[str] = set()
        for path, said in sorted(sources.imports.items()):
            for kind, name in said["declares"]:
                self._declared[kind, name.lower()].append(path)
                space = name.lower().rpartition("\\")[0]
                self._spaces.add(space)
                while space and space not in self._above:
                    self._above.add(space)
                    space = space.rpartition("\\")[0]
        self._loaded = _loaders(sources.manifests.get("manifest.composer_json", {}))

    def declaring(self, path: str, kind: str, names: list[str]) -> str | None:
        """This method will give the file that declares the first of some names that exists."""
        for name in names:
            found = self._declared.get((kind, name.lower()))
            if found and len(found) > 1:
                loaded = self._by_loader(name) if kind == CLASS else set()
                return nearest([one for one in found if one in loaded] or found, path, str)
            if found:
                return found[0]
        return None

    def uses(self, path: str, said: Any) -> Iterator[tuple[str | None, bool, int]]:
        """This method will give the target of each `use`, and whether it must have one."""
        for kind, name, line in said["uses"]:
            target = self.declaring(path, kind, [name])
            space = name.lower().rpartition("\\")[0]
            must = kind in (CLASS, FUNCTION) and bool(space) and space in self._spaces
            yield target, must and name.lower() not in self._above, line

    def includes(self, path: str, said: Any) -> Iterator[tuple[str | None, bool, int]]:
        """This method will give the target of each `include`, and whether it must have one."""
        folder = posixpath.dirname(path)
        for written, here, line in said["includes"]:
            places = [posixpath.normpath(f"{folder}/{written}" if folder else written.lstrip("/"))]
            if not here:
                places = [posixpath.normpath(posixpath.join(folder, written)), written]
            # A path that begins at the file's own folder and lies here must; one that leaves may.
            must = here and not places[0].startswith("..") and written.endswith(".php")
            target = next((place for place in places if place in self._paths), None)
            yield target, must and "/vendor/" not in f"/{places[0]}", line

    def _by_loader(self, name: str) -> set[str]:
        found = set()
        for prefix, folder, whole in self._loaded:
            if name.startswith(prefix):
                rest = name if whole else name[len(prefix) :]
                place = posixpath.join(folder, rest.replace("\\", "/") + ".php")
                found.add(posixpath.normpath(place))
        return found


def _loaders(manifests: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """(prefix, folder, whether the prefix is part of the path) of all composer.json."""
    found = []
    for path, said in sorted(manifests.items()):
        home = posixpath.dirname(path)
        for prefix, folder, whole in said.get("autoload", ()):
            found.append((prefix, posixpath.join(home, folder), whole))
    return found
