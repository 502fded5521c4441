"""The shape of what was found: components, layers, and what a repository is made of.

`describe` is told everything a map knows and answers with JSON; each of its keys comes from a
module of this package. Paths are those that are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from projects.mapping import cycles, files
from projects.mapping.edges import EdgeTable
from projects.mapping.made import MapFile, Mark
from projects.mapping.structure import (
    components,
    contracts,
    declared,
    disagreements,
    frameworks,
    layers,
    marks,
    next_pages,
    packages,
)
from projects.mapping.structure.components import Components

MOST, LONGEST = 20_000, 4000
"""Entries of one list, and characters of one text: a path that is escaped has as many."""


@dataclass(frozen=True)
class Found:
    """All that is known of a commit before its structure is."""

    files: list[MapFile]
    edges: EdgeTable
    components: Components
    marks: Mapping[str, list[Mark]] = field(default_factory=dict)  # by path
    manifests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by key, by path


def describe(found: Found) -> dict[str, Any]:
    """This function will say what a repository is made of; sorted, the same for the same truth."""
    homes = {file.path: file.component for file in found.files}
    needs = components.edges(found.edges, homes)
    pairs = [(src, dst) for src, dst, _ in needs]
    wants, published = packages.wanted(found.manifests), packages.publishes(found.manifests)
    installed = packages.dependencies(wants, found.manifests, published)
    violations, errors = contracts.check(found.manifests, found.edges)
    own = marks.of_own(found.files, found.marks)
    routes = marks.routes(own) + next_pages.routes(found.files, found.manifests)
    models = marks.models(own)
    entries = marks.entry_points(own) + packages.commands(found.manifests)
    described = {
        "components": components.table(found.files, found.components),
        "component_edges": needs,
        "layers": layers.layers(found.components.roots, pairs),
        "cycles": cycles.of_files(found.edges),
        "component_cycles": cycles.cycles(pairs),
        "entry_points": sorted(entries, key=lambda one: (one["path"], one["line"], one["what"])),
        "routes": sorted(routes, key=lambda one: (one["path"], one["line"], one["route"])),
        "models": models,
        "frameworks": frameworks.frameworks(installed, routes + models),
        "services": declared.services(found.manifests),
        "dependencies": installed,
        "publishes": published,
        "owners": declared.owners(found.manifests),
        "catalogue": declared.catalogue(found.manifests),
        "violations": violations,
        "rule_errors": errors,
    }
    described["disagreements"] = disagreements.disagreements(described, wants, homes)
    return _bounded(described)


def _bounded(described: dict[str, Any]) -> dict[str, Any]:
    """Nobody reads more; what a hostile repository has too much of is counted under "cut"."""
    cut = {key: len(found) for key, found in described.items() if len(found) > MOST}
    return {key: _printable(found[:MOST]) for key, found in described.items()} | {"cut": cut}


def _printable(value: Any) -> Any:
    """What manifests and sources say may be a megabyte, and turn the text around it."""
    if isinstance(value, str):
        short = value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
        return short if short.isprintable() else files.shown(short)
    if isinstance(value, dict):
        return {key: _printable(one) for key, one in value.items()}
    return [_printable(one) for one in value] if isinstance(value, list | tuple) else value
