"""The admin of system maps: windows on what jobs found out."""

from django.contrib import admin

from jobs.windows import Window
from projects.models import BlobFacts, Edge, MapNode, Node, SystemMap
from projects.scoped import Scoped


@admin.register(SystemMap)
class SystemMapAdmin(Scoped, Window):
    """Published maps."""

    list_display = ("repository", "commit", "extractor", "built_at", "digest")
    list_select_related = ("repository",)
    ordering = ("-built_at",)
    exclude = ("document",)


@admin.register(Node)
class NodeAdmin(Window):
    """Files by path."""

    list_display = ("path", "kind", "repository")
    list_select_related = ("repository",)
    search_fields = ("path",)
    ordering = ("repository", "path")


@admin.register(MapNode)
class MapNodeAdmin(Window):
    """Files of current maps."""

    list_display = ("node", "language", "lines", "bytes", "definitions", "skip")
    list_select_related = ("node", "repository")
    list_filter = ("language", "skip")
    search_fields = ("node__path",)
    ordering = ("repository", "node__path")


@admin.register(Edge)
class EdgeAdmin(Window):
    """Edges of current maps, with their evidence."""

    list_display = ("src", "dst", "kind", "lines")
    list_select_related = ("src", "dst", "repository")
    search_fields = ("src__path", "dst__path")
    ordering = ("repository", "src__path", "dst__path")


@admin.register(BlobFacts)
class BlobFactsAdmin(Window):
    """Facts by content."""

    list_display = ("blob", "language", "extractor", "created_at")
    search_fields = ("blob",)
    ordering = ("-id",)
