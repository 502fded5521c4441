"""Admin windows: rows are shown there and changed by the ledger alone."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.functional import cached_property

MOST_LISTED = 10_000
"""So many rows are reached page by page; the others by a filter."""


class AtLeast(int):
    """A number that is shown as "10,000+": there are more, which nobody counted."""

    def __str__(self) -> str:
        return f"{int(self):,}+"


class Capped(Paginator):  # type: ignore[type-arg]
    """Pages of the first ten thousand rows: counting all of them would read them all."""

    @cached_property
    def count(self) -> int:
        """The number of rows, or the cap."""
        rows: Any = self.object_list
        found = int(rows.order_by().values("pk")[: MOST_LISTED + 1].count())
        return AtLeast(MOST_LISTED) if found > MOST_LISTED else found


class Window(admin.ModelAdmin):  # type: ignore[type-arg]
    """An admin that shows rows and changes none of them."""

    show_full_result_count = False
    paginator = Capped
    list_per_page = 50
    actions_selection_counter = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will refuse: rows are made by the ledger."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will refuse: rows are changed by the ledger."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will refuse: what happened is kept."""
        return False


class WindowInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows of a job's history, which nobody changes."""

    extra = 0
    can_delete = False
    ordering = ("pk",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will refuse: the database writes these."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will refuse: the database writes these."""
        return False
