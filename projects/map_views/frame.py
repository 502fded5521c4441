"""What all pages of a map share: whose it is, how old it is, and the way to the other pages."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse

from jobs import board as jobs_board
from jobs.failures import Anticipated
from projects import access, board
from projects.git import door, reading
from projects.map_views import source
from projects.models import Repository, SystemMap

PAGES = (
    ("map", "Overview"),
    ("map-components", "Components"),
    ("map-hotspots", "Hotspots"),
    ("map-owners", "Owners"),
    ("map-health", "Health"),
    ("map-cycles", "Cycles"),
    ("map-drift", "Drift"),
    ("map-impact", "Impact"),
    ("map-search", "Search"),
    ("map-exports", "Export"),
)
"""The pages by the name of their address, in the order of the navigation."""
_MOST_PAGES = 100_000
WATCH = door.Watch(deadline_s=5, idle_s=5, limits=reading.READ_LIMITS)
"""For what a page asks of git: somebody waits."""


@dataclass(frozen=True)
class Link:
    """One entry of the navigation."""

    title: str
    address: str
    here: bool


@dataclass(frozen=True)
class Opened:
    """A repository that somebody may see, and what the frame around its page shows."""

    repository: Repository
    map: SystemMap | None
    context: dict[str, Any]


def opened(request: HttpRequest, slug: str, pk: int, name: str) -> Opened:
    """This function will open the page `name` of a repository's map; raises Http404.

    Render `context` with what the page adds. Where `map` is None the frame says so, and the page's
    own block is not shown.
    """
    version = jobs_board.clock()
    repository = get_object_or_404(board.repositories(request.user), project__slug=slug, pk=pk)
    context = {
        "v": version,
        "repository": repository,
        "map": repository.current_map,
        "links": _links(repository, name),
        "may_act": access.allows(request.user, "sync", repository.project_id),
    }
    if repository.current_map is not None:
        context["behind"] = _behind(repository, repository.current_map)
    return Opened(repository, repository.current_map, context)


def text(request: HttpRequest, name: str) -> str:
    """This function will read a parameter that names something on the map: bounded, printable."""
    return request.GET.get(name, "").replace("\0", "")[:1000]


def component(named: str) -> str:
    """This function will give a component's own name: addresses call the nameless one at the top `.`."""
    return "" if named == "." else named


def number(request: HttpRequest, name: str = "page") -> int:
    """This function will read a number from 1 up; 1 stands for whatever is none."""
    said = request.GET.get(name, "1")
    return max(1, min(int(said), _MOST_PAGES)) if said.isascii() and said.isdecimal() else 1


def address(repository: Repository, name: str, **parameters: Any) -> str:
    """This function will give the address of a page of the map; empty parameters are left out."""
    path = _path(name, repository.project.slug, repository.pk)
    said = urlencode({key: value for key, value in parameters.items() if value})
    return f"{path}?{said}" if said else path


def place(repository: Repository, path: str, line: int = 0) -> str:
    """This function will give the address of a file or folder of the map, or of one of its lines."""
    if path.endswith("/"):
        return address(repository, "map", under=path.rstrip("/"))
    page = source.page_of(line)
    leaf = address(repository, "map-file", path=path, page=page if page > 1 else "")
    return f"{leaf}#L{line}" if line else leaf


@lru_cache(4096)
def _path(name: str, slug: str, pk: int) -> str:
    return reverse(f"projects:{name}", args=[slug, pk])


def folders(path: str) -> list[tuple[str, str]]:
    """This function will name the folders above a path, each with its own path."""
    names = path.split("/") if path else []
    return [(name, "/".join(names[: depth + 1])) for depth, name in enumerate(names)]


def _behind(repository: Repository, shown: SystemMap) -> int | None:
    """How many commits the map lacks; None where git cannot tell on this machine."""
    if shown.commit == repository.head_commit:
        return 0
    try:
        return reading.behind(repository.clone, shown.commit, repository.head_commit, WATCH)
    except Anticipated:
        return None


def _links(repository: Repository, here: str) -> list[Link]:
    links = []
    for name, title in PAGES:
        try:
            links.append(Link(title, address(repository, name), name == here))
        except NoReverseMatch:
            continue
    return links
