"""Which component each file belongs to: from paths and manifests alone.

A folder with a manifest that gives it a name is a component, and so is every other top folder. One
that holds most of the code is opened: its folders become components. Each file belongs to the
deepest component above it, so what is added, removed or renamed beside a file moves it only when a
folder begins or ceases to hold more than half of the code.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from projects.mapping import languages, roles
from projects.mapping.edges import EdgeTable
from projects.mapping.files import File
from projects.mapping.made import IMPORT, PART, MapFile
from projects.mapping.manifests import PREFIX

_DECLARING = (
    "package_json",
    "go_mod",
    "cargo_toml",
    "pyproject",
    "setup_cfg",
    "composer_json",
    "pom_xml",
    "csproj",
    "build_gradle",
    "gemspec",
    "catalog_info",
)
"""The manifests whose folder is a component under its own name, the first that gives one."""
_LONGEST_NAME = 300  # characters; npm allows 214
_DEEPEST = 20  # folders opened one inside the other; a hostile tree has thousands


@dataclass(frozen=True)
class Components:
    """The component of each path, and of each component its folder and whether it is declared."""

    homes: dict[str, str]
    roots: dict[str, tuple[str, bool]]


def assign(files: Iterable[File], manifests: Mapping[str, Mapping[str, Any]]) -> Components:
    """This function will name the component of each file; '' is the top of the repository."""
    names = _declared(manifests)
    roots = set(names)
    by_root: dict[str, list[str]] = defaultdict(list)
    code: Counter[str] = Counter()
    listed = list(files)
    for file in listed:
        root = _deepest(file.path, roots) or file.path.partition("/")[0] * ("/" in file.path)
        by_root[root].append(file.path)
    counted = _code(listed)
    for root, paths in by_root.items():
        code[root] = sum(path in counted for path in paths)
    _open(by_root, code, counted)
    shown = _unique(by_root, names)
    homes = {path: shown[root] for root, paths in by_root.items() for path in paths}
    return Components(homes, {shown[root]: (root, root in names) for root in by_root})


def _open(by_root: dict[str, list[str]], code: Counter[str], counted: set[str]) -> None:
    """The component that holds most of the code makes room for its folders, again and again."""
    for _ in range(_DEEPEST if code else 0):
        root, most = min(code.items(), key=lambda item: (-item[1], item[0]))
        cut = len(root) + 1
        inside = [path for path in by_root[root] if "/" in path[cut:]] if root else []
        if most * 2 <= len(counted) or not inside:
            return
        by_root[root] = [path for path in by_root[root] if "/" not in path[cut:]]
        for path in inside:
            folder = path[: path.index("/", cut)]
            by_root[folder].append(path)
            code[folder] += path in counted
            code[root] -= path in counted
        if not by_root[root]:
            del by_root[root], code[root]


def _code(files: list[File]) -> set[str]:
    """What counts as code: files whose imports are understood, and all of them where none are."""
    own = [file for file in files if not file.role]
    understood = {file.path for file in own if file.language in languages.KEYS}
    return understood or {file.path for file in own}


def _declared(manifests: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The folders that are given a name; the repository itself is no part of itself."""
    found: dict[str, str] = {}
    for module in _DECLARING:
        for path, said in sorted(manifests.get(PREFIX + module, {}).items()):
            folder, name = path.rpartition("/")[0], said.get("name")
            if folder and _is_name(name) and not roles.role_of(path):
                found.setdefault(folder, name)
    return found


def _is_name(name: Any) -> bool:
    """Whatever else a manifest says there, the folder's path is the better name."""
    return isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and name.isprintable()


def _unique(roots: Iterable[str], names: Mapping[str, str]) -> dict[str, str]:
    """A name two components would share, or that is another's path, gives way to the path."""
    shared = Counter(names[root] for root in roots if root in names)
    taken = {name for name, times in shared.items() if times > 1} | set(roots)
    return {
        root: names[root] if root in names and names[root] not in taken else root for root in roots
    }


def _deepest(path: str, roots: set[str]) -> str:
    folder = path.rpartition("/")[0]
    while folder and folder not in roots:
        folder = folder.rpartition("/")[0]
    return folder


def table(files: Iterable[MapFile], found: Components) -> list[dict[str, Any]]:
    """This function will say of each component where it is, how large, and in what language."""
    sizes: dict[str, list[int]] = {name: [0, 0] for name in found.roots}
    spoken: dict[str, Counter[tuple[bool, str]]] = defaultdict(Counter)
    for file in files:
        size = sizes[file.component]
        size[0], size[1] = size[0] + 1, size[1] + file.lines
        spoken[file.component][file.language in languages.KEYS, file.language] += file.bytes
    return [
        {
            "name": name,
            "path": found.roots[name][0],
            "declared": found.roots[name][1],
            "files": count,
            "lines": lines,
            "language": _most(spoken[name]),
        }
        for name, (count, lines) in sorted(sizes.items())
    ]


def _most(spoken: Mapping[tuple[bool, str], int]) -> str:
    """Of the languages that are understood, where there is one."""
    return min(spoken.items(), key=lambda one: (not one[0][0], -one[1], one[0][1]))[0][1]


def edges(found: EdgeTable, homes: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """This function will count the edges between files of different components."""
    home = [homes.get(name, "") for name in found.names]
    for package, part in found.links(PART):
        home[package] = home[part]
    counts = Counter((home[src], home[dst]) for src, dst in found.links(IMPORT))
    return sorted((*ends, count) for ends, count in counts.items() if ends[0] != ends[1])
