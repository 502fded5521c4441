"""What is asked of the whole: its state, its health, and who asks."""

from django.http import HttpRequest, HttpResponse

from factory import shapes, snapshot
from factory.api.answers import ERRORS, api, fresh
from factory.api.callers import caller
from jobs import overall
from projects.models import Membership


@api.get("/status", response={200: shapes.Status, **ERRORS}, summary="What is going on")
def status(request: HttpRequest) -> HttpResponse:
    """Whether work can be done, unfinished jobs by state, and how far the running ones are."""
    found = snapshot.of(caller(request, "read").user)
    return fresh(request, found, unless=("as_of",))


@api.get("/health", response={200: shapes.Health, **ERRORS}, summary="How the whole is")
def health(request: HttpRequest) -> HttpResponse:
    """What is stuck, stalled, old, failed and unread, undelivered or paused; the last verification."""
    found = overall.overall(caller(request, "read").user)
    return fresh(request, overall.describe(found))


@api.get("/me", response={200: shapes.Me, **ERRORS}, summary="Who asks")
def me(request: HttpRequest) -> HttpResponse:
    """Your name, what this session or token may do, and your roles."""
    who = caller(request, "read")
    roles = Membership.objects.filter(user_id=who.user.pk).order_by("project__slug")
    found = {
        "id": who.user.pk,
        "name": who.user.get_username(),
        "staff": who.user.is_staff,
        "scopes": sorted(who.scopes),
        "roles": [
            {"project": slug, "role": role}
            for slug, role in roles.values_list("project__slug", "role")
        ],
    }
    return fresh(request, found)
