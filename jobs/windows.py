"""Admin windows: rows are shown there and changed by the ledger alone."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Paginator
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from jobs.columns import columns
from jobs.moments import written

MOST_LISTED = 10_000
"""So many rows are reached page by page; the others by a filter."""
SEARCHED = 50_000
"""So many rows are read for a part of a text, for which there is no index: 0.1 s."""


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


class Chooser(forms.TextInput):
    """Takes the number of a row; a script offers rows by a part of their names.

    Without the script the number is typed. What is offered is what the other admin shows this person.
    """

    template_name = "admin/chooser.html"

    class Media:
        js = (forms.Script("factory/chooser.js", type="module"),)

    def __init__(self, field: Any, *, named: bool = True) -> None:
        super().__init__(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 12})
        self.field, self.named = field, named

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> Any:
        # By the product's templates: those of forms are looked for elsewhere.
        return SafeString(render_to_string(template_name, context))

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """This method will add what the script asks, and the name of what is chosen."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        meta = self.field.model._meta
        chosen = self.field.remote_field.model._default_manager
        is_number = str(value or "").isdecimal() and len(str(value)) < 19
        context["widget"] |= {
            "asks": f"app_label={meta.app_label}&model_name={meta.model_name}"
            f"&field_name={self.field.name}",
            "chosen": chosen.filter(pk=value).first() if self.named and is_number else "",
        }
        return context


class Plain(BaseModelAdmin):  # type: ignore[type-arg]
    """What all our admins keep to, windows or not: nothing that grows with the rows, few scripts."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator: ClassVar[Any] = Capped
    list_per_page = 50
    list_max_show_all = 0
    actions_selection_counter = True
    goes_along: ClassVar[str] = ""
    """What goes with a row that is deleted, and what stays."""
    numbers: ClassVar[Any] = ("pk",)
    """What a number may mean in a search, each with an index."""
    words_searched: ClassVar[Any] = ()
    """What is compared as a whole in a search, each with an index."""
    search_help_text: ClassVar[Any] = (
        f"A number or a whole name, or a part of one among the newest {SEARCHED:,}."
    )

    @property
    def media(self) -> forms.Media:
        """The script of the actions: nothing of what we show needs more."""
        return forms.Media(js=["admin/js/actions.js"])

    def has_act_permission(self, request: HttpRequest) -> bool:
        """This method will say whether somebody may act on rows: who may change them here."""
        meta = self.opts
        return request.user.has_perm(f"{meta.app_label}.change_{meta.model_name}")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """This method will have moments of a list written as on the pages, and choices as words."""
        return columns(self.model, super().get_list_display(request), words=True)  # type: ignore[misc]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """This method will head a list with what it lists."""
        context = {"title": capfirst(self.opts.verbose_name_plural)} | (extra_context or {})
        return super().changelist_view(request, context)  # type: ignore[misc]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """This method will have moments that are only shown written as on the pages."""
        page = context["adminform"]
        page.fieldsets = _told(self.model, page.fieldsets, page.readonly_fields)
        page.readonly_fields = columns(self.model, page.readonly_fields)
        for rows in context["inline_admin_formsets"]:
            rows.fieldsets = _told(rows.opts.model, rows.fieldsets, None)
            rows.readonly_fields = columns(rows.opts.model, rows.readonly_fields)
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """This method will ask before a row goes, and say what goes along."""
        context = (extra_context or {}) | {"goes_along": self.goes_along}
        return super().delete_view(request, object_id, context)  # type: ignore[misc]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """This method will keep the rows this person may see, here as everywhere."""
        found: QuerySet[Any] = super().get_queryset(request)
        return found.visible_to(request.user) if hasattr(found, "visible_to") else found

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        """This method will find numbers and whole words by an index, parts among the newest rows."""
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        rows = self.model._default_manager
        last = rows.aggregate(last=Max("pk"))["last"]
        recent = Q(pk__gt=last - SEARCHED) if isinstance(last, int) else Q()
        parts, _ = super().get_search_results(request, rows.filter(recent), term)  # type: ignore[misc]
        exact: list[Any] = [(name, term) for name in self.words_searched]
        if term.isascii() and term.isdecimal() and len(term) < 19:
            exact += [(name, int(term)) for name in self.numbers]
        # Each by its index and put together: an OR of them would read all rows.
        found = [rows.filter(test).values("pk").order_by() for test in exact]
        every = parts.values("pk").order_by().union(*found, all=True)
        return queryset.filter(pk__in=every), False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """This method will have long tables chosen from by a part of a name."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = Chooser(db_field, named=not isinstance(self, admin.TabularInline))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """This method will leave out the signs that open windows beside a field."""
        made = super().formfield_for_dbfield(db_field, request, **kwargs)
        if made is not None and isinstance(made.widget, RelatedFieldWidgetWrapper):
            made.widget = made.widget.widget
        return made

    def change_address(self, row: Any) -> str:
        """This method will give the address of a row's page here."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])

    def words(self, row: Any) -> SafeString | str:
        """This method will say on a page that asks how a row is."""
        return ""

    @admin.display(description="age")
    def age(self, row: Any) -> SafeString | str:
        """This column will show how old the row is."""
        return ago(getattr(row, _clock(self.model), None))


class Window(Plain, admin.ModelAdmin):  # type: ignore[type-arg]
    """An admin that shows rows and changes none of them."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will refuse: rows are made by the ledger."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will refuse: rows are changed by the ledger."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will refuse: what happened is kept."""
        return False


class WindowInline(Plain, admin.TabularInline):  # type: ignore[type-arg]
    """Rows of a history, which nobody changes; the newest, where there are many."""

    extra = 0
    can_delete = False
    ordering = ("pk",)
    media = forms.Media()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will refuse: the database writes these."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will refuse: the database writes these."""
        return False


def _told(model: Any, fieldsets: Any, shown: Any) -> list[Any]:
    """Sets of fields with columns for the moments among those shown; without them, for all."""
    found = []
    for title, options in fieldsets:
        names = options["fields"]
        told = [
            new if shown is None or name in shown else name
            for name, new in zip(names, columns(model, names), strict=True)
        ]
        found.append((title, {**options, "fields": told}))
    return found


def ago(moment: Any) -> SafeString | str:
    """This function will write how long ago a moment was, with the moment itself."""
    return written(moment) or "never"


def link(address: str, text: Any) -> SafeString:
    """This function will write a link."""
    return format_html('<a href="{}">{}</a>', address, text)


def _clock(model: Any) -> str:
    for name in ("created_at", "at", "started_at", "built_at", "recorded_at"):
        try:
            model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        return name
    return "created_at"
