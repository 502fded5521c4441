"""The admin of memberships: who works on which project, with the rules of the members page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from jobs import sieves
from jobs.sieves import Span
from jobs.windows import Plain
from projects import membership
from projects.membership import LastMaintainer
from projects.models import Membership


class MembershipForm(forms.ModelForm):
    """A membership; the only active maintainer of a project stays one."""

    def clean(self) -> dict[str, Any]:
        """This method will refuse a role that would leave a project to nobody."""
        given: dict[str, Any] = super().clean() or {}
        if self.instance.pk:
            try:
                membership.check(self.instance, given.get("role", ""))
            except LastMaintainer as error:
                self.add_error("role", str(error))
        return given


@admin.register(Membership)
class MembershipAdmin(Plain, admin.ModelAdmin):
    """Who works on which project."""

    form = MembershipForm
    list_display = ("id", "project", "user", "role", "age")
    list_select_related = ("project", "user")
    list_filter = (
        "role",
        ("created_at", Span),
        sieves.in_project("project"),
        sieves.exactly("user__username", "person", "The name of a person."),
    )
    search_fields = ("project__name", "project__slug", "user__username")
    ordering = ("-pk",)
    autocomplete_fields = ("project", "user")
    fields = ("project", "user", "role")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """This method will leave of what exists the role alone to change."""
        return ("project", "user") if obj else ()

    def view_on_site(self, row: Membership) -> str:
        """This method will give the project's page of members."""
        return reverse("projects:members", args=[row.project.slug])

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """This method will add somebody or change a role as the pages do."""
        if change:
            _kept(membership.change_role, obj, obj.role, by=request.user)
        else:
            obj.pk = membership.add(obj.project, obj.user, obj.role, by=request.user).pk

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        """This method will end one."""
        _kept(membership.remove, obj, by=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Membership]") -> None:
        """This method will end several; the only maintainer of a project stays."""
        for row in queryset.select_related("project", "user"):
            self.delete_model(request, row)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """This method will list what goes, and name whoever has to stay."""
        rows, stay = list(objs), []
        for row in rows:
            try:
                membership.check(row, "")
            except LastMaintainer as error:
                stay.append(str(error))
        return [str(row) for row in rows], {"memberships": len(rows)}, set(), stay


def _kept(act: Any, *given: Any, **more: Any) -> None:
    try:
        act(*given, **more)
    except LastMaintainer as error:  # the others left since the page was shown
        raise PermissionDenied(str(error)) from error
