"""Who may do what: the one table of roles."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from jobs.failures import Anticipated, FailureClass
from projects.models import Membership, OwnScopes, Project, Role

_VIEWER = {"see"}
_CONTRIBUTOR = _VIEWER | {
    "register",
    "sync",
    "retry",
    "rerun",
    "pause",
    "resume",
    "cancel",
    "acknowledge",
    "depend",
    "ask",
    "plan",
    "upload",
}
_MAINTAINER = _CONTRIBUTOR | {"edit", "remove", "members", "credentials", "freeze", "archive"}
ACTS = {Role.VIEWER: _VIEWER, Role.CONTRIBUTOR: _CONTRIBUTOR, Role.MAINTAINER: _MAINTAINER}
"""What each role may do in its project."""
STAFF = _MAINTAINER | {"queues", "runners", "schedules", "enqueue", "repair", "system"}
"""What staff may do, in every project and without one; an act that is not named is nobody's."""


class Denied(Anticipated):
    """Somebody asked for what their role does not allow."""

    failure_class = FailureClass.INVALID_INPUT


def allows(user: Any, act: str, scope: int | None) -> bool:
    """This function will say whether a user may do an act in a project; scope is its id.

    Jobs without a project are for staff alone.
    """
    if not user.is_authenticated or not user.is_active:
        return False
    if user.is_staff:
        return act in STAFF
    role = scope and (
        Membership.objects.filter(user_id=user.pk, project_id=scope)
        .values_list("role", flat=True)
        .first()
    )
    return bool(role) and act in ACTS[Role(role)]


def acts(user: Any, scope: int) -> frozenset[str]:
    """This function will name all that a user may do in a project, with one question."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if user.is_staff:
        return frozenset(_MAINTAINER)
    role = Membership.objects.filter(user_id=user.pk, project_id=scope).values_list(
        "role", flat=True
    )
    found = role.first()
    return frozenset(ACTS[Role(found)]) if found else frozenset()


def where(user: Any, act: str) -> Iterable[int]:
    """This function will give the scopes in which a user's role allows an act, as a subquery."""
    roles = [role for role, acts in ACTS.items() if act in acts]
    return OwnScopes(user, roles)


def visible(user: Any) -> Iterable[int]:
    """This function will give the scopes a user may see, as a subquery."""
    if user.is_authenticated and user.is_active and not user.is_staff:
        return OwnScopes(user)  # without a look at each project
    return Project.objects.visible_to(user).values_list("pk", flat=True)


def label(ids: Collection[int]) -> Mapping[int, str]:
    """This function will name scopes."""
    return dict(Project.objects.filter(pk__in=ids).values_list("pk", "name"))


def named(slug: str) -> int | None:
    """This function will find a scope by its slug, whoever asks: what it holds is filtered apart."""
    return Project.objects.filter(slug=slug).values_list("pk", flat=True).first()
