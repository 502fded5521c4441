"""All edges of a commit, anew from the facts of every file: a patched edge can be wrong."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from projects.mapping import files, languages, readers, roles
from projects.mapping.edges import Edges, EdgeTable
from projects.mapping.extraction import Tools
from projects.mapping.files import File
from projects.mapping.made import IMPORT, PART
from projects.mapping.said import Said, Spool
from projects.mapping.sources import Resolved, Sources


@dataclass
class Resolution:
    """The edges, and how many imports led nowhere that must lead inside, by family.

    Those of files that nobody here wrote are not among the latter.
    """

    edges: EdgeTable = field(default_factory=EdgeTable)
    packages: list[str] = field(default_factory=list)
    inside: dict[str, int] = field(default_factory=dict)
    lost: dict[str, list[tuple[str, int]]] = field(default_factory=dict)


def resolve(
    found: list[File], spool: Spool, declared: Mapping[str, Mapping[str, Any]], tools: Tools
) -> Resolution:
    """This function will resolve what all files say, family by family, within the bounds.

    `declared` is what manifests say, by key and raw path.
    """
    answer = Resolution()
    shown = {file.raw: file.path for file in found}
    paths = frozenset(shown)
    # A bundle requires what is inside of it.
    foreign = {file.raw for file in found if file.role in (roles.VENDORED, roles.GENERATED)}
    parts: list[tuple[str, Edges, Mapping[str, str]]] = []
    packages: set[str] = set()
    families = _families(found, spool)
    for number, (family, imports) in enumerate(families.items()):
        tools.watch.on_progress("resolving imports", number, len(families))
        resolved: Resolved = languages.names(family).resolve(Sources(paths, imports, declared))
        folders = _folders(resolved, shown)
        packages.update(folders.values())
        names = {**shown, **folders}
        parts += [(IMPORT, resolved.edges, names), (PART, resolved.parts, names)]
        answer.inside[family] = resolved.inside
        answer.lost[family] = sorted(
            (shown[path], line) for path, line in resolved.lost if path not in foreign
        )
    answer.edges = EdgeTable.of(parts, tools.bounds.edges)
    answer.packages = sorted(packages)
    return answer


def manifests(found: Iterable[File], spool: Spool) -> dict[str, dict[str, Any]]:
    """This function will give what manifests say, by key and raw path."""
    grouped: dict[str, dict[str, Any]] = defaultdict(dict)
    for file in found:
        if readers.is_manifest(file.key) and (file.blob, file.key) in spool:
            grouped[file.key][file.raw] = spool.read((file.blob, file.key))
    return dict(grouped)


def _families(found: list[File], spool: Spool) -> dict[str, Said]:
    keys: dict[str, dict[str, tuple[str, str]]] = {name: {} for name in languages.families()}
    for file in found:
        if (file.blob, file.key) in spool and not readers.is_manifest(file.key):
            keys[languages.family(file.key)][file.raw] = file.blob, file.key
    return {family: Said(spool, known) for family, known in keys.items() if known}


def _folders(resolved: Resolved, shown: Mapping[str, str]) -> dict[str, str]:
    """Whatever an edge names that is no file is a folder that is imported as a whole."""
    named = {*resolved.edges.names, *resolved.parts.names}
    return {name: files.shown(f"{name}/") for name in named if name not in shown}
