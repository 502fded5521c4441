"""The shape of what was found: components, layers, and what a repository is made of.

`describe` is told everything a map knows and answers with JSON; each of its keys comes from a
module of this package. Paths are those that are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from projects.mapping.made import MapEdge, MapFile, Mark


@dataclass(frozen=True)
class Found:
    """All that is known of a commit before its structure is."""

    files: list[MapFile]
    edges: list[MapEdge]
    marks: Mapping[str, list[Mark]] = field(default_factory=dict)  # by path
    manifests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by key, by path


def describe(found: Found) -> dict[str, Any]:
    """This function will say what a repository is made of; sorted, the same for the same truth."""
    return {}
