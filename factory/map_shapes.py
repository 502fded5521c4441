"""What the API tells of maps; like `shapes`, the OpenAPI document is made of this."""

from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field


class Step(Schema):
    """One edge of a proof."""

    src: str
    dst: str
    kind: str = Field(description="import, or part: dst is part of the package src.")
    line: int = Field(description="Where src says so.")


class Affected(Schema):
    """A file or package that could break."""

    path: str
    kind: str = Field(description="file or package.")
    role: str = Field(description="test, vendored, …; empty for the code itself.")
    component: str
    distance: int = Field(description="Edges of the shortest way to what changes.")
    commit: str = Field(description="The commit whose map proves it.")
    via: list[str] = Field(description="The paths of the proof, from this one to the changed one.")
    proof: list[Step]


class AtDistance(Schema):
    """How many are affected at one distance."""

    distance: int
    affected: int


class InComponent(Schema):
    """How many files of a component are affected."""

    name: str
    files: int


class Impact(Schema):
    """What could break when files change, nearest first, tests first within a distance."""

    commit: str
    total: int
    tests: int
    by_distance: list[AtDistance]
    components: list[InComponent]
    affected: list[Affected] = Field(description="The nearest, as many as were asked for.")
    not_covered: list[str] = Field(description="What imports do not show, and this map left out.")


class Side(Schema):
    """One of two maps."""

    commit: str
    digest: str
    extractor: str


class Counted(Schema):
    """What was counted on both maps; null where one did not count it."""

    old: int | None
    new: int | None


class Change(Schema):
    """What only the newer map has, and only the older one."""

    added: list[Any]
    removed: list[Any]


class Move(Schema):
    """A content that left one path and came to another."""

    model_config = ConfigDict(populate_by_name=True)

    from_: str = Field(alias="from")
    to: str


class Nodes(Change):
    """Files and packages."""

    changed: list[str] = Field(description="On both maps with another content.")
    moved: list[Move]


class Drift(Schema):
    """How two maps differ."""

    old: Side
    new: Side
    same: bool = Field(description="Whether their digests are equal.")
    counts: dict[str, Counted]
    nodes: Nodes
    edges: Change = Field(description="Of src, dst, kind and line.")
    cycles: Change = Field(description="Of lists of paths.")
    components: Change
    component_edges: Change = Field(description="Of pairs of names.")
    dependencies: Change = Field(description="Of ecosystem, name, constraint and version.")


class Symbol(Schema):
    """A definition."""

    name: str
    kind: str
    path: str
    line: int


class Named(Schema):
    """A file."""

    path: str
    language: str
    lines: int


class Hits(Schema):
    """The best definitions and files, best first, and how many there are."""

    commit: str
    symbols: list[Symbol]
    symbols_total: int
    files: list[Named]
    files_total: int


class Text(Schema):
    """A map as text for agents."""

    commit: str
    text: str
    tokens: int = Field(description="What the text costs at most.")
    files: int
    files_all: int
