"""Who works on a project: inviting, joining, changing roles, leaving.

Each act locks the project's row, so that two maintainers cannot demote each other at once.
"""

from typing import Any

from django.core import signing
from django.db import transaction

from jobs import events
from jobs.models import Refused
from projects import access
from projects.models import Invitation, Membership, Project, Role
from projects.models.invitation import digest

_SALT = "projects.membership"
_RANK = {Role.VIEWER: 1, Role.CONTRIBUTOR: 2, Role.MAINTAINER: 3}


class Gone(Exception):
    """An invitation that is used, revoked, too old, void or not ours; all look alike."""

    def __str__(self) -> str:
        return (
            "This invitation was used or revoked, or its time has passed. "
            "Ask a maintainer of the project for another."
        )


class LastMaintainer(Refused):
    """A project would be left without anybody who may decide about it."""


def register() -> None:
    """This function will make the events of membership known."""
    events.register(
        "member.invited",
        version=1,
        fields={"invitation": int, "role": str},
        meaning="A maintainer made a link that lets one person join a project.",
        lasting=True,
    )
    events.register(
        "member.joined",
        version=1,
        fields={"user": int, "role": str, "invitation": int},
        meaning="Somebody accepted an invitation and is a member now.",
        lasting=True,
    )
    events.register(
        "member.added",
        version=1,
        fields={"user": int, "role": str},
        meaning="Staff made somebody a member, without an invitation.",
        lasting=True,
    )
    events.register(
        "member.changed",
        version=1,
        fields={"user": int, "role": str},
        meaning="A member has another role now.",
        lasting=True,
    )
    events.register(
        "member.left",
        version=1,
        fields={"user": int},
        meaning="Somebody is no longer a member.",
        lasting=True,
    )


def invite(project: Project, role: str, *, by: Any, days: int) -> str:
    """This function will make an invitation and give the text of its link, which is kept nowhere."""
    with transaction.atomic():
        made, secret = Invitation.objects.make(project, role, by=by, days=days)
        _publish("member.invited", project, by, invitation=made.pk, role=role)
    return signing.dumps([made.pk, secret], salt=_SALT)


def find(text: str) -> Invitation:
    """This function will give the invitation of a link that can still be accepted, or raise Gone."""
    try:
        pk, secret = signing.loads(text, salt=_SALT)
    except signing.BadSignature:
        raise Gone from None
    return _valid(pk=pk, digest=digest(secret))


def accept(text: str, user: Any) -> Membership:
    """This function will make `user` a member and use up the link, or raise Gone.

    Who is a member already keeps the higher of both roles.
    """
    return _join(find(text), user)


def accept_noted(pk: int | None, user: Any) -> Membership:
    """This function will do the same by an invitation whose link the user's session had opened."""
    return _join(_valid(pk=pk), user)


def _join(invitation: Invitation, user: Any) -> Membership:
    with transaction.atomic():
        project = _locked(invitation.project_id)
        if not invitation.claim(user):
            raise Gone
        member, _ = Membership.objects.get_or_create(
            project=project, user=user, defaults={"role": invitation.role}
        )
        if _RANK[Role(invitation.role)] > _RANK[Role(member.role)]:
            member.role = invitation.role
            member.save(update_fields=["role"])
        facts = {"user": user.pk, "role": member.role, "invitation": invitation.pk}
        _publish("member.joined", project, user, **facts)
    return member


def add(project: Project, user: Any, role: str, *, by: Any) -> Membership:
    """This function will make somebody a member who is none; the database keeps it one."""
    with transaction.atomic():
        member = Membership.objects.create(project=_locked(project.pk), user=user, role=role)
        _publish("member.added", project, by, user=user.pk, role=role)
    return member


def check(member: Membership, role: str) -> None:
    """This function will raise LastMaintainer if the project needs who would get another role.

    `role` is "" for whoever would leave.
    """
    if role != Role.MAINTAINER:
        _demand_another_maintainer(member.project, member)


def change_role(member: Membership, role: str, *, by: Any) -> None:
    """This function will give a member another role, or raise LastMaintainer."""
    with transaction.atomic():
        project = _locked(member.project_id)
        if role != Role.MAINTAINER:
            _demand_another_maintainer(project, member)
        member.role = role
        member.save(update_fields=["role"])
        _publish("member.changed", project, by, user=member.user_id, role=role)


def remove(member: Membership, *, by: Any) -> None:
    """This function will end a membership, or raise LastMaintainer."""
    with transaction.atomic():
        project = _locked(member.project_id)
        _demand_another_maintainer(project, member)
        member.delete()
        _publish("member.left", project, by, user=member.user_id)


def _valid(**wanted: Any) -> Invitation:
    open_ones = Invitation.objects.open().select_related("project", "created_by")
    found = open_ones.filter(project__archived_at=None, **wanted).first()
    if found is None or not access.allows(found.created_by, "members", found.project_id):
        raise Gone
    return found


def _locked(project_id: int) -> Project:
    return Project.objects.select_for_update().get(pk=project_id)


def _demand_another_maintainer(project: Project, member: Membership) -> None:
    """Whoever was deactivated decides nothing."""
    active = project.memberships.filter(role=Role.MAINTAINER, user__is_active=True)
    if set(active.values_list("user_id", flat=True)) == {member.user_id}:
        raise LastMaintainer(
            f"{member.user} is the only active maintainer of {project}. "
            "Make somebody else maintainer first."
        )


def _publish(name: str, project: Project, by: Any, **payload: Any) -> None:
    events.publish(name, payload, scope=project.pk, subject=project.name, actor=f"user:{by.pk}")
