"""The admin of system maps: windows on what jobs found out, with pins and making them again."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from jobs import sieves
from jobs.asking import asked
from jobs.models import Refused
from jobs.plain import numbered
from jobs.sieves import Span
from jobs.windows import Window
from projects import access, maps, registration
from projects.mapping import EXTRACTOR
from projects.models import BlobFacts, Edge, MapNode, Node, SystemMap
from projects.scoped import repository_page

_IN_PROJECT = sieves.in_project("repository__project")
_OF_REPOSITORY = sieves.numbered("repository_id", "repository")


@admin.register(SystemMap)
class SystemMapAdmin(Window):
    """Published maps. A pinned one is kept however old it becomes."""

    list_display = ("id", "repository", "project", "short", "state", "pinned", "extractor", "age")
    list_select_related = ("repository__project",)
    list_filter = (
        "pinned",
        ("built_at", Span),
        sieves.exactly("extractor"),
        _OF_REPOSITORY,
        _IN_PROJECT,
    )
    words_searched = ("commit", "digest")
    search_fields = ("repository__name",)
    ordering = ("-pk",)
    exclude = ("document",)
    readonly_fields = ("state",)
    actions = ("rebuild", "pin", "unpin")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[SystemMap]":
        """This method will leave the documents where they are."""
        found: QuerySet[SystemMap] = super().get_queryset(request)
        return found.defer("document")

    def view_on_site(self, row: SystemMap) -> str:
        """This method will give the map's page, or for an older one its comparison with today's."""
        if row.pk == row.repository.current_map_id:
            return repository_page(row.repository)
        asked_for = urlencode({"from": row.commit})
        return f"{repository_page(row.repository, 'map-drift')}?{asked_for}"

    @admin.display(description="commit", ordering="commit")
    def short(self, row: SystemMap) -> str:
        """This column will name the commit."""
        return row.commit[:12]

    @admin.display(description="project")
    def project(self, row: SystemMap) -> str:
        """This column will name the project."""
        return row.repository.project.name

    @admin.display(description="state")
    def state(self, row: SystemMap) -> str:
        """This column will say whether it is the one that is shown, and whether that is fresh."""
        if row.pk != row.repository.current_map_id:
            return "kept"
        fresh = (row.commit, row.extractor) == (row.repository.head_commit, EXTRACTOR)
        return "current" if fresh else "current, stale"

    @asked("Make again", "Jobs make them anew of the same commits, by today's rules.")
    def rebuild(self, request: HttpRequest, chosen: "QuerySet[SystemMap]") -> None:
        """This action will enqueue a job for each: a sync for the current one, else one of its commit."""
        made: set[int] = set()
        for row in self._allowed(request, chosen, "sync"):
            current, by = row.pk == row.repository.current_map_id, f"user:{request.user.pk}"
            try:
                job = (
                    registration.sync(row.repository, actor=by)
                    if current
                    else registration.map_commit(row.repository, row.commit, actor=by)
                )
            except Refused as error:
                self.message_user(request, str(error), messages.ERROR)
                continue
            self.log_change(request, row, f"Made again by job {job.pk}.")
            made.add(job.pk)
        self.message_user(request, f"{numbered(len(made), 'job')} made for them", messages.SUCCESS)

    @asked("Pin", "They are kept until somebody takes the pin away, however old they become.")
    def pin(self, request: HttpRequest, chosen: "QuerySet[SystemMap]") -> None:
        """This action will keep maps from being removed as old."""
        self._pin(request, chosen, True)

    @asked("Unpin", "They are removed when they are old, as all maps are.")
    def unpin(self, request: HttpRequest, chosen: "QuerySet[SystemMap]") -> None:
        """This action will let maps grow old again."""
        self._pin(request, chosen, False)

    def _pin(self, request: HttpRequest, chosen: "QuerySet[SystemMap]", pinned: bool) -> None:
        found = self._allowed(request, chosen, "sync")
        done = maps.pin(found, pinned, by=f"user:{request.user.pk}")
        for row in done:
            self.log_change(request, row, "Pinned." if pinned else "Unpinned.")
        text = f"{len(done)} {'pinned' if pinned else 'unpinned'}"
        self.message_user(request, text, messages.SUCCESS)

    def _allowed(
        self, request: HttpRequest, chosen: "QuerySet[SystemMap]", act: str
    ) -> list[SystemMap]:
        found = chosen.select_related("repository__project")
        return [row for row in found if access.allows(request.user, act, row.repository.project_id)]


@admin.register(Node)
class NodeAdmin(Window):
    """Files by path."""

    list_display = ("id", "path", "kind", "repository")
    list_select_related = ("repository__project",)
    list_filter = ("kind", _OF_REPOSITORY, _IN_PROJECT)
    search_fields = ("path",)
    ordering = ("-pk",)

    def view_on_site(self, row: Node) -> str:
        """This method will give the file's page."""
        return _file(row.repository, row)


@admin.register(MapNode)
class MapNodeAdmin(Window):
    """Files of current maps."""

    list_display = ("id", "node", "language", "lines", "bytes", "definitions", "role", "skip")
    list_select_related = ("node", "repository__project")
    list_filter = (
        sieves.exactly("language"),
        sieves.exactly("role"),
        sieves.exactly("skip", "reason of a skip"),
        sieves.exactly("component"),
        _OF_REPOSITORY,
        _IN_PROJECT,
    )
    search_fields = ("node__path", "=blob")
    ordering = ("-pk",)

    def view_on_site(self, row: MapNode) -> str:
        """This method will give the file's page."""
        return _file(row.repository, row.node)


@admin.register(Edge)
class EdgeAdmin(Window):
    """Edges of current maps, with their evidence."""

    list_display = ("id", "src", "dst", "kind", "lines")
    list_select_related = ("src", "dst", "repository__project")
    list_filter = ("kind", _OF_REPOSITORY, _IN_PROJECT)
    search_fields = ("src__path", "dst__path")
    ordering = ("-pk",)

    def view_on_site(self, row: Edge) -> str:
        """This method will give the page of the file that needs."""
        return _file(row.repository, row.src)


@admin.register(BlobFacts)
class BlobFactsAdmin(Window):
    """Facts by content, shared by all repositories that hold it."""

    list_display = ("id", "blob", "language", "extractor", "age")
    list_filter = (sieves.exactly("language"), sieves.exactly("extractor"), ("created_at", Span))
    words_searched = ("blob",)
    search_fields = ("=blob",)
    search_help_text = "Its number, or the whole name of a content."
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[BlobFacts]":
        """This method will leave the facts where they are, unless one is shown."""
        found: QuerySet[BlobFacts] = super().get_queryset(request)
        return found.defer("facts", "names")

    def view_on_site(self, row: BlobFacts) -> str:
        """This method will give a page of a file with this content, or what is stored in all."""
        shown: Any = MapNode.objects.filter(blob=row.blob).select_related(
            "node", "repository__project"
        )
        found = shown.first()
        return _file(found.repository, found.node) if found else reverse("system:storage")


def _file(repository: Any, node: Node) -> str:
    """The page of a file, or the map's where it is not on it any more."""
    if not node.sightings.exists():
        return repository_page(repository)
    return f"{repository_page(repository, 'map-file')}?{urlencode({'path': node.path})}"
