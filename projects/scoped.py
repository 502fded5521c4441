"""What the admins of projects keep to: they lead to the pages, and nothing is half removed."""

from typing import Any

from django.contrib.admin.actions import delete_selected
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from projects import removal


def repository_page(repository: Any, page: str = "map") -> str:
    """This function will give the address of a page of a repository's map."""
    return reverse(f"projects:{page}", args=[repository.project.slug, repository.pk])


def typed(request: HttpRequest, wanted: str) -> dict[str, str]:
    """This function will give what a page shows that asks to type something before rows go.

    A form without it asks again: what it sent is put aside, so that nothing is deleted.
    """
    if not request.POST.get("post") or request.POST.get("typed", "").strip() == wanted.strip():
        return {"typed": wanted}
    request.POST = QueryDict()
    return {"typed": wanted, "wrong": f"typed: write {wanted}. Nothing was deleted."}


def delete_several(window: Any, request: HttpRequest, chosen: "QuerySet[Any]") -> Any:
    """This action will ask how many go, and delete them when that number is typed."""
    asked = typed(request, str(chosen.count()))
    answer: Any = delete_selected(window, request, chosen)
    if answer is not None:
        answer.context_data |= asked
    return answer


class Removing:
    """Deletes with jobs and clones, and refuses while a runner works on it. It cannot be undone."""

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """This method will have the name typed of what is deleted."""
        row = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        context = (extra_context or {}) | (typed(request, str(row)) if row else {})
        answer: HttpResponse = super().delete_view(request, object_id, context)  # type: ignore[misc]
        return answer

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """This method will have the number typed of those that are deleted together."""
        found: dict[str, Any] = super().get_actions(request)  # type: ignore[misc]
        if "delete_selected" in found:
            found["delete_selected"] = (delete_several, *found["delete_selected"][1:])
        return found

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """This method will list what goes and what hinders; nodes and maps are too many to list."""
        rows = list(objs)
        counts = {self.model._meta.verbose_name_plural: len(rows)}  # type: ignore[attr-defined]
        return [str(row) for row in rows], counts, set(), removal.hindrances(rows)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """This method will remove one."""
        self.delete_queryset(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """This method will remove several, all or none."""
        try:
            removal.remove(list(queryset), by=f"user:{request.user.pk}")
        except removal.Held as error:  # begun since the page was shown
            raise PermissionDenied(str(error)) from error
