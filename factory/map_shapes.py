"""What the API tells of maps; like `shapes`, the OpenAPI document is made of this."""

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field

from factory.shapes import Repository


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


class Past(Schema):
    """The history that figures are counted from."""

    commit: str
    state: str = Field(description="names, complete or incomplete.")
    missing: str = Field(description="Why commits are missing; else empty.")


class Person(Schema):
    """What somebody did: a change is one file in one commit; machines are left out."""

    name: str
    changes: int
    recent: int = Field(description="In the newest twelve months.")
    share: float


class Part(Schema):
    """Who changed a component; the name of the whole repository is null."""

    name: str | None
    changes: int
    bus_factor: int
    people: list[Person] = Field(description="Who made most; people_all says how many there are.")
    people_all: int


class Claim(Schema):
    """Declared owners of some files beside the changes of these files."""

    about: str = Field(description="The pattern, or the kind and name of a catalogue's entity.")
    owners: list[str]
    path: str
    line: int
    state: str = Field(description="disagrees, unknown, agrees, or sparse: too few changes.")
    files: int
    changes: int
    top: str = Field(description="Who made most of the changes.")
    share: float = Field(description="Of the one who made most.")
    own: float = Field(description="The share of the declared owners whose commits are known.")
    why: list[str]


class Owners(Schema):
    """Who changed the files of the current map, and who is declared to own them."""

    commit: str
    history: Past | None
    whole: Part | None
    components: list[Part] = Field(description="The most changed first, at most limit.")
    components_all: int
    declared: list[Claim] = Field(description="Disagreements first, at most limit.")
    declared_all: int
    not_compared: str = Field(description="Why declared owners were not compared; else empty.")


class Input(Schema):
    """A number that a judgement of health may be built upon."""

    name: str
    about: str
    value: int | float


class HealthInputs(Schema):
    """The inputs of a repository's health; nothing is judged."""

    commit: str
    history: Past | None
    inputs: list[Input]


class Map(Schema):
    """One map that is kept of a repository."""

    id: int
    commit: str
    extractor: str = Field(description="The version of the code that made it.")
    digest: str = Field(description="Equal digests are equal maps.")
    built_at: datetime
    job: int | None = Field(description="The job that made it, which may be gone by now.")
    current: bool = Field(description="Whether it is the one that is shown.")
    counts: dict[str, Any]
    languages: dict[str, Any]


class Maps(Schema):
    """One page of the maps of a repository, newest first."""

    maps: list[Map]
    next: int | None = Field(description="Ask again with below=this; null on the last page.")


class Known(Repository):
    """One repository, whose it is, and how well it is known."""

    project: str = Field(description="The slug of its project.")
    project_id: int
    map: str | None = Field(description="The commit of its current map.")
    mapped_at: datetime | None


class Repositories(Schema):
    """One page of repositories, by id."""

    repositories: list[Known]
    next: int | None = Field(description="Ask again with after=this; null on the last page.")


class Synced(Schema):
    """The job that fetches and maps a repository."""

    job: int
    state: str


class Node(Schema):
    """A file or package of the current map."""

    id: int
    kind: str = Field(description="file or package.")
    path: str
    language: str
    bytes: int
    lines: int
    definitions: int
    role: str = Field(description="test, vendored, …; empty for the code itself.")
    component: str = Field(description="Empty at the top.")
    skip: str = Field(description="Why its imports are not known; empty when they are.")


class NodePage(Schema):
    """One page of the nodes of the current map, by id."""

    commit: str
    nodes: list[Node]
    next: int | None = Field(description="Ask again with after=this; null on the last page.")


class Edge(Schema):
    """One file needs another."""

    id: int
    src: int = Field(description="The id of the node that needs.")
    dst: int = Field(description="The id of the node that is needed.")
    src_path: str
    dst_path: str
    kind: str = Field(description="import, or part: dst is part of the package src.")
    lines: list[int] = Field(description="Where src says so.")


class EdgePage(Schema):
    """One page of the edges of the current map, by the files that need."""

    commit: str
    edges: list[Edge]
    next: int | None = Field(description="Ask again with after=this; null on the last page.")


class Export(Schema):
    """The current map in the format of another program."""

    commit: str
    media_type: str
    text: str
