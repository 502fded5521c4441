"""Keeping what stands in the address of the list of jobs under a name, and forgetting it."""

from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from jobs import choosing, receipts
from jobs.models import SavedView
from jobs.plain import printable


@require_POST
def saves(request: HttpRequest) -> HttpResponse:
    """This view will keep a filter under a name; the same name again means the newer filter."""
    chosen, user = choosing.filter_of(request.POST), request.user
    name = printable(request.POST.get("name", "").strip())
    if not 0 < len(name) <= SavedView.NAME_CHARS:
        raise BadRequest(f"name= is empty or long: give 1 to {SavedView.NAME_CHARS} characters.")
    if not chosen:
        raise BadRequest("Nothing is chosen: filter the list first, then keep the view.")
    _keep(user, name, chosen.query)
    receipts.tell(request, f"{name} is among your views now.")
    return _to_the_list(chosen.query)


@require_POST
def removals(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will forget one of the user's own views."""
    found = get_object_or_404(SavedView, user=request.user.pk, pk=pk)
    found.delete()
    fields = {name: [value] for name, value in parse_qsl(found.query)} | {"name": [found.name]}
    way = receipts.Way("Undo", reverse("jobs:saves"), fields)
    receipts.tell(request, f"The view {found.name} was forgotten.", way=way)
    return _to_the_list(found.query)


@transaction.atomic
def _keep(user: Any, name: str, query: str) -> None:
    mine = list(SavedView.objects.select_for_update().filter(user_id=user.pk).order_by("pk"))
    if len(mine) >= SavedView.MOST and name not in {one.name for one in mine}:
        raise BadRequest(f"You keep {SavedView.MOST} views: forget one first.")
    SavedView.objects.update_or_create(user_id=user.pk, name=name, defaults={"query": query})


def _to_the_list(query: str) -> HttpResponse:
    return redirect(f"{reverse('jobs:list')}?{query}")
