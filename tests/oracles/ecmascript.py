"""Edges of JavaScript and TypeScript beside TypeScript's own, on the same tree."""

import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from projects.mapping import catalogue, files, readers
from projects.mapping.languages.ecmascript import names
from projects.mapping.languages.ecmascript.packages import Packages
from projects.mapping.languages.ecmascript.places import Places, folder_of, join, walk
from projects.mapping.sources import Sources

HERE = Path(__file__).parent
INSTALLED = HERE / "npm/node_modules"
_SCRIPTS = (".ts", ".tsx", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs")
_BUILT = (".js", ".cjs", ".mjs", ".ts", ".mts", ".cts")
_NAMED = ("main", "module", "types", "typings")
_LINKED = ("file:", "link:", "portal:")

Pair = tuple[str, str]


@dataclass
class Tree:
    """A folder of sources, read as the extractor reads them."""

    root: Path
    paths: list[str]
    imports: dict[str, Any] = field(default_factory=dict)
    manifests: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        for path in self.paths:
            key = readers.key_of(path, catalogue.language_of(path))
            if not key.startswith(("ecmascript", readers.manifests.PREFIX)):
                continue
            source = (self.root / path).read_bytes()
            if len(source) > files.MAX_PARSED or b"\0" in source:
                continue
            said = readers.reader(key)(source)
            if readers.is_manifest(key):
                self.manifests[key][path] = said["manifest"]
            else:
                self.imports[path] = said["imports"]

    def scripts(self) -> list[str]:
        """This method will name the files both sides read."""
        return sorted(path for path in self.imports if path.endswith(_SCRIPTS))

    def ours(self) -> set[Pair]:
        """This method will resolve the imports as a map does."""
        sources = Sources(frozenset(self.paths), self.imports, self.manifests)
        return _between({edge[:2] for edge in names.resolve(sources).edges}, self.scripts())

    def install(self) -> None:
        """This method will link packages as their installers do, without installing any other."""
        packages = Packages(Places(self.paths), self.manifests)
        for folder, members in packages.workspaces.items():
            for name, home in members.items():
                self._link(folder, name, home)
        for path, said in self.manifests["manifest.package_json"].items():
            for name, constraint, _, _ in said.get("dependencies", ()):
                place = walk(folder_of(path), constraint.partition(":")[2])
                if not constraint.startswith(_LINKED) or place is None:
                    continue
                if (self.root / place / "package.json").exists():
                    self._link(folder_of(path), name, place)

    def build(self) -> dict[str, str]:
        """This method will write a stand-in for every file a build would write that is named.

        It gives what each stands for, by the table of names of `Places.source`.
        """
        places, made = Places(self.paths), {}
        for path, said in self.manifests["manifest.package_json"].items():
            for target in {*(said.get(key, "") for key in _NAMED), *_texts(said.get("exports"))}:
                file = walk(folder_of(path), target)
                if file and file.endswith(_BUILT) and "*" not in file and file not in places.paths:
                    source = places.source(folder_of(path), target)
                    if source:
                        (self.root / file).parent.mkdir(parents=True, exist_ok=True)
                        (self.root / file).write_text("export {}\n")
                        made[file] = source
        return made

    def _link(self, folder: str, name: str, home: str) -> None:
        link = self.root / join(folder, "node_modules") / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(self.root / home)


def theirs(trees: Iterable[Tree], *, within: bool = True) -> list[set[Pair]]:
    """This function will ask TypeScript for the edges of each tree; it starts one process.

    `within` leaves out what leads to files that were not asked about.
    """
    asked = {os.fspath(tree.root): tree.scripts() for tree in trees}
    done = subprocess.run(
        ["node", "--max-old-space-size=4000", HERE / "typescript.cjs"],
        input=json.dumps({"roots": asked}),
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout)
    found = {root: {(src, dst) for src, dst, _ in answer[root]} for root in asked}
    return [_between(found[root], asked[root]) if within else found[root] for root in asked]


def _between(pairs: set[Pair], scripts: list[str]) -> set[Pair]:
    known = set(scripts)
    return {pair for pair in pairs if set(pair) <= known and pair[0] != pair[1]}


def _texts(said: Any) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    for one in said.values() if isinstance(said, dict) else said if isinstance(said, list) else ():
        yield from _texts(one)
