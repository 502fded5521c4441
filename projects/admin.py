"""The admin of projects, their members and invitations."""

from importlib import import_module
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs.windows import Window
from projects.models import Invitation, Membership, Project, Role
from projects.scoped import Removing, Scoped

import_module("projects.repository_admin")
import_module("projects.map_admin")
import_module("projects.plan_admin")


class KeepsAMaintainer(forms.BaseInlineFormSet):
    """Refuses what would leave a project without the only active maintainer it has."""

    def clean(self) -> None:
        """This method will compare who decides now with who would afterwards."""
        super().clean()
        active = self.queryset.filter(role=Role.MAINTAINER, user__is_active=True)
        before = self.instance.pk and active.exists()
        kept = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data]
        if before and not any(
            one.get("role") == Role.MAINTAINER and one["user"].is_active and not one.get("DELETE")
            for one in kept
        ):
            raise forms.ValidationError(
                "That is the only active maintainer. Make somebody else maintainer first."
            )


class MembershipInline(admin.TabularInline):
    """Who works on a project."""

    model = Membership
    formset = KeepsAMaintainer
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Project)
class ProjectAdmin(Removing, Scoped, admin.ModelAdmin):
    """Projects and their members."""

    list_display = ("name", "slug", "created_at", "archived_at")
    search_fields = ("name", "slug")
    ordering = ("name",)
    readonly_fields = ("created_at",)
    prepopulated_fields = {"slug": ("name",)}
    inlines = (MembershipInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """This method will keep the slug of a project that exists: links name it."""
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    def get_prepopulated_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """This method will derive the slug of a new project alone."""
        return {} if obj else self.prepopulated_fields


@admin.register(Invitation)
class InvitationAdmin(Window):
    """Invitations; they are made on the members page of a project."""

    list_display = ("project", "role", "created_by", "created_at", "expires_at", "accepted_by")
    list_select_related = ("project", "created_by", "accepted_by")
    list_filter = ("role",)
    search_fields = ("project__name",)
    ordering = ("-pk",)
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """This method will take back those that are open."""
        ended = sum(invitation.revoke() for invitation in queryset)
        self.message_user(request, f"{ended} revoked", messages.SUCCESS)
