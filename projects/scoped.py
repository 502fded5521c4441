"""What the admins of projects keep to: they lead to the pages, and nothing is half removed."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse

from projects import removal


def repository_page(repository: Any, page: str = "map") -> str:
    """This function will give the address of a page of a repository's map."""
    return reverse(f"projects:{page}", args=[repository.project.slug, repository.pk])


class Removing:
    """Deletes with jobs and clones, and refuses while a runner works on it."""

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
