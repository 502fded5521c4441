"""The shape of what was found: components, layers, and what a repository is made of.

`describe` is told everything a map knows and answers with JSON; each of its keys comes from a
module of this package. Paths are those that are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from projects.mapping import cycles
from projects.mapping.edges import EdgeTable
from projects.mapping.made import MapFile, Mark
from projects.mapping.structure import components, layers, marks
from projects.mapping.structure.components import Components


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
    return {
        "components": components.table(found.files, found.components),
        "component_edges": needs,
        "layers": layers.layers(found.components.roots, pairs),
        "cycles": cycles.of_files(found.edges),
        "component_cycles": cycles.cycles(pairs),
        "entry_points": marks.entry_points(found.marks),
        "routes": marks.routes(found.marks),
        "models": marks.models(found.marks),
    }
