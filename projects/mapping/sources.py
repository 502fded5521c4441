"""What a resolver is given, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from projects.mapping.edges import Edge, Edges

__all__ = ["Edge", "Edges", "Resolved", "Sources"]


@dataclass(frozen=True)
class Sources:
    """What the files of one commit say, for the resolver of one family of languages.

    `paths` is every file of the commit, whatever its language. `imports` is what `syntax.facts`
    found under "imports" in each file of the family that could be read, by path; each look at it
    reads it anew, so look once. `manifests` is what `facts` of each module of `manifests` found
    under "manifest", by key, then by path.
    """

    paths: frozenset[str]
    imports: Mapping[str, Any]
    manifests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass
class Resolved:
    """What the imports of a family of languages mean.

    `edges` lead from file to file, or from a file to a package where the language imports a folder
    as a whole. `parts` are (package, file, line): the file is part of what an importer of the
    package gets; a package's path is that of its folder, and "" is the top. `inside` counts the
    imports that must lead to a file of the repository, such as relative ones; `lost` are those of
    them that led nowhere, as (path, line).
    """

    edges: Edges = field(default_factory=Edges)
    parts: Edges = field(default_factory=Edges)
    inside: int = 0
    lost: list[tuple[str, int]] = field(default_factory=list)
