"""The admin of what commits say: windows on histories, their authors, files and pairs."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from jobs import sieves
from jobs.redaction import visible
from jobs.sieves import Span
from jobs.windows import Window
from projects.models import Coupling, FileChurn, History, HistoryAuthor, HistoryFile
from projects.scoped import repository_page

CHURN_ROWS = 50


@admin.register(History)
class HistoryAdmin(Window):
    """What the commits of repositories say."""

    list_display = ("id", "repository", "project", "word", "commits", "reader", "age")
    list_select_related = ("repository__project",)
    list_filter = (
        ("built_at", Span),
        "with_lines",
        sieves.exactly("reader"),
        sieves.in_project("repository__project"),
    )
    search_fields = ("repository__name", "=commit")
    ordering = ("-pk",)
    readonly_fields = ("word",)

    @admin.display(description="state")
    def word(self, row: History) -> str:
        """This column will say how much is known."""
        return str(row.state)

    @admin.display(description="project")
    def project(self, row: History) -> str:
        """This column will name the project."""
        return row.repository.project.name

    def view_on_site(self, row: History) -> str:
        """This method will give the page of hotspots."""
        return repository_page(row.repository, "map-hotspots")


class OfHistory(Window):
    """Rows of a history."""

    list_select_related: Any = ("history__repository__project",)
    ordering = ("-pk",)

    @admin.display(description="repository")
    def repository(self, row: Any) -> str:
        """This column will name the repository."""
        return row.history.repository.name

    def view_on_site(self, row: Any) -> str:
        """This method will give the page of hotspots."""
        return repository_page(row.history.repository, "map-hotspots")


_FILTERS = (
    sieves.numbered("history__repository_id", "repository"),
    sieves.in_project("history__repository__project"),
)


@admin.register(HistoryAuthor)
class HistoryAuthorAdmin(OfHistory):
    """Who made the commits."""

    list_display = ("id", "told", "email", "bot", "commits", "repository")
    list_filter = ("bot", *_FILTERS)
    search_fields = ("name", "email")
    exclude = ("name",)
    readonly_fields = ("told",)

    @admin.display(description="name")
    def told(self, row: HistoryAuthor) -> str:
        """This column will show the name, with signs for control characters."""
        return visible(row.name)

    def view_on_site(self, row: HistoryAuthor) -> str:
        """This method will give the page of owners."""
        return repository_page(row.history.repository, "map-owners")


@admin.register(HistoryFile)
class HistoryFileAdmin(OfHistory):
    """What people did to each path, with what each author did in its newest months."""

    list_display = (
        "id",
        "path",
        "commits",
        "recent",
        "authors",
        "top_author",
        "last",
        "repository",
    )
    list_filter = (("last", Span), *_FILTERS)
    search_fields = ("path",)
    readonly_fields = ("churn",)

    @admin.display(description="by month and author")
    def churn(self, row: HistoryFile) -> SafeString:
        """This field will list the newest months; their rows have a key of three columns."""
        found = FileChurn.objects.filter(file=row).select_related("author").order_by("-month")
        lines = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            (
                (
                    f"{one.month:%Y-%m}",
                    visible(one.author.name),
                    one.commits,
                    one.added,
                    one.deleted,
                )
                for one in found[:CHURN_ROWS]
            ),
        )
        heads = ("Month", "Author", "Commits", "Lines added", "Lines deleted")
        head = format_html_join("", '<th scope="col">{}</th>', ((text,) for text in heads))
        caption = f"The newest {CHURN_ROWS} at most"
        return format_html(
            "<table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
            caption,
            head,
            lines,
        )


@admin.register(Coupling)
class CouplingAdmin(OfHistory):
    """Files that change together."""

    list_display = ("id", "one", "other", "together", "of_one", "of_other", "repository")
    list_select_related = ("one", "other", "history__repository__project")
    list_filter = _FILTERS
    search_fields = ("one__path", "other__path")
