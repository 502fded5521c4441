"""What the pages ask about projects, repositories and maps."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from jobs import board as jobs_board
from jobs.models import Job
from projects import treemap
from projects.models import Edge, MapNode, MapStatus, Project, Repository, SystemMap

WORST_FIRST = (
    MapStatus.FAILED,
    MapStatus.STALE,
    MapStatus.NONE,
    MapStatus.QUEUED,
    MapStatus.RUNNING,
    MapStatus.READY,
)
ON_A_CARD = 8
EDGES = 100
REPOSITORIES, RECENT = 100, 15
"""How many rows the page of a project shows: a socket may watch 200 things."""
WIDTH, HEIGHT, TILES, COLOURS = 1200, 640, 1200, 8
_LONGEST_FILTER = 200


@dataclass(frozen=True)
class Card:
    """A project as the board shows it; `word` is that of its worst repository."""

    project: Project
    word: str
    repositories: list[Repository]
    more: int
    jobs: list[Job]


@dataclass(frozen=True)
class Lists:
    """What the page of a project lists: one page of its repositories, and its recent jobs."""

    repositories: list[Repository]
    number: int
    further: bool
    jobs: list[Job]

    @property
    def rows(self) -> str:
        """The topics of all rows, as `data-rows` holds them."""
        rows = [f"repositoryrow:{one.pk}" for one in self.repositories]
        return " ".join([*rows, *(f"job:{job.pk}" for job in self.jobs)])


@dataclass(frozen=True)
class Drawn:
    """A tile with what is written on it and the number of its colour."""

    tile: treemap.Tile
    outline: str
    colour: int
    label: str
    title: str
    label_at: tuple[int, int]


@dataclass(frozen=True)
class Picture:
    """The treemap of a map, or of one folder of it."""

    drawn: list[Drawn]
    legend: list[tuple[int, str, int, int]]
    not_drawn: int
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True)
class EdgePage:
    """One page of a map's edges that match a filter."""

    edges: list[Edge]
    number: int
    further: bool


def in_use(user: Any) -> "QuerySet[Project]":
    """This function will find the projects a user may see that are not put away."""
    return Project.objects.visible_to(user).filter(archived_at=None)


def repositories(user: Any) -> "QuerySet[Repository]":
    """This function will find the repositories a user may see, each with its status and map."""
    found = Repository.objects.visible_to(user).with_map_status()
    return found.select_related("project", "current_map").defer(
        "current_map__document", "current_map__structure", "token"
    )


def with_status(project_ids: Collection[int]) -> "QuerySet[Repository]":
    """This function will read the repositories of projects, each with its status and map."""
    found = Repository.objects.filter(project__in=project_ids).with_map_status()
    return found.select_related("current_map").defer(
        "current_map__document", "current_map__structure", "token"
    )


def cards(projects: Iterable[Project]) -> list[Card]:
    """This function will read what the cards of some projects show, in two queries."""
    listed = list(projects)
    ids = [project.pk for project in listed]
    repositories: dict[int, list[Repository]] = {pk: [] for pk in ids}
    for repository in with_status(ids).order_by("name", "pk"):
        repositories[repository.project_id].append(repository)
    active = jobs_board.of_scopes(ids)
    return [_card(project, repositories[project.pk], active[project.pk]) for project in listed]


def lists(user: Any, project: Project, number: int) -> Lists:
    """This function will read what the page of a project lists; `number` counts from 1."""
    begin = (number - 1) * REPOSITORIES
    ordered = with_status([project.pk]).order_by("name", "pk")
    found = list(ordered[begin : begin + REPOSITORIES + 1])
    recent = jobs_board.shown(Job.objects.visible_to(user).filter(scope=project.pk))
    jobs = jobs_board.labelled(recent.order_by("-pk")[:RECENT])
    return Lists(found[:REPOSITORIES], number, len(found) > REPOSITORIES, jobs)


def _card(project: Project, found: list[Repository], active: list[Job]) -> Card:
    found.sort(key=lambda one: WORST_FIRST.index(one.map_status))
    word = found[0].map_status if found else MapStatus.NONE
    return Card(project, word, found[:ON_A_CARD], max(0, len(found) - ON_A_CARD), active)


def picture(shown: SystemMap, under: str) -> Picture:
    """This function will draw the files of a map below a folder; "" is the whole map."""
    nodes = MapNode.objects.filter(map=shown)
    if under:
        nodes = nodes.filter(node__path__startswith=f"{under}/")
    files = list(nodes.values_list("node__path", "language", "lines"))
    totals: dict[str, list[int]] = {}
    for _, language, lines in files:
        total = totals.setdefault(language, [0, 0])
        total[0], total[1] = total[0] + lines, total[1] + 1
    ranked = sorted(totals, key=lambda name: (-totals[name][0], name))
    colours = {name: rank if rank <= COLOURS else 0 for rank, name in enumerate(ranked, 1)}
    cut = len(under) + 1 if under else 0
    inside = ((path[cut:], language, lines) for path, language, lines in files)
    tiles = treemap.layout(inside, WIDTH, HEIGHT, TILES)
    legend = [(colours[name], name, *totals[name]) for name in ranked if totals[name][0]]
    empty = sum(lines <= 0 for _, _, lines in files)
    return Picture([_drawn(tile, colours) for tile in tiles], legend[:COLOURS], empty)


def _drawn(tile: treemap.Tile, colours: dict[str, int]) -> Drawn:
    rect = tile.rect
    left, top = round(rect.x), round(rect.y)
    width, height = round(rect.x + rect.width) - left, round(rect.y + rect.height) - top
    outline = f"M{left} {top}h{width}v{height}h-{width}z"
    room = int((width - 8) / 6.6)
    fits = tile.titled if tile.kind == "folder" else height >= 18
    label = _shortened(tile.name, room) if fits and room >= 4 else ""
    what = f"{tile.path}: {tile.lines:,} lines"
    if tile.kind != "file":
        what += f" in {tile.files:,} files"
    colour = colours.get(tile.language, 0)
    return Drawn(tile, outline, colour, label, what, (left + 5, top + 13))


def _shortened(name: str, room: int) -> str:
    return name if len(name) <= room else f"{name[: room - 1]}…"


def edges(shown: SystemMap, text: str, number: int) -> EdgePage:
    """This function will read one page of a map's edges whose ends contain `text`."""
    found = Edge.objects.filter(map=shown).select_related("src", "dst")
    if text:
        text = text[:_LONGEST_FILTER]
        found = found.filter(Q(src__path__contains=text) | Q(dst__path__contains=text))
    begin = (number - 1) * EDGES
    rows = list(found.order_by(F("src__path"), F("dst__path"))[begin : begin + EDGES + 1])
    return EdgePage(rows[:EDGES], number, len(rows) > EDGES)
