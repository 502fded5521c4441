"""A project's own life: it is made, edited, moved from stage to stage, put away and taken back.

The one call of the pages, the admin, the API and the registration of repositories.
"""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils.text import slugify

from jobs import acts, events
from jobs.models import Event, Job, Refused, Schedule, Stale
from jobs.models.schedule import BadSchedule
from jobs.plain import printable
from jobs.states import HELD, UNSTARTED
from projects.models import Membership, Project, Role, Stage

PUT_AWAY = "The project was archived."
"""Why archiving paused a job or a schedule: taking the project back resumes these alone."""
REASON_CHARS = 300


def register() -> None:
    """This function will make the events of projects known."""
    told: dict[str, tuple[dict[str, type], str]] = {
        "project.created": ({"name": str}, "Somebody made a project."),
        "project.edited": ({"name": str, "goal": str}, "A project has another name or goal now."),
        "project.moved": (
            {"from": str, "to": str, "reason": str},
            "A project stands at another stage now.",
        ),
        "project.archived": (
            {"jobs": int, "schedules": int},
            "A project was put away; so many waiting jobs and schedules were paused.",
        ),
        "project.unarchived": (
            {"jobs": int, "schedules": int},
            "A project was taken back; so many jobs and schedules go on.",
        ),
    }
    for name, (fields, meaning) in told.items():
        events.register(name, version=1, fields=fields, meaning=meaning, lasting=True)


def create(project: Project, *, actor: str, maintainer: Any = None) -> Project:
    """This function will store a new project, with a person who may decide about it.

    Without a slug it gets one made of its name. Raises `ValidationError`, which names the field.
    """
    project.name, project.goal = project.name.strip(), project.goal.strip()
    project.slug = project.slug or slugify(project.name)[:100].strip("-")
    if not project.slug:
        raise ValidationError({"name": "It needs a letter or digit."})
    project.full_clean()
    try:
        with transaction.atomic():
            project.save(force_insert=True)
            if maintainer is not None:
                Membership.objects.create(project=project, user=maintainer, role=Role.MAINTAINER)
            _publish("project.created", project, actor, name=project.name)
    except IntegrityError:  # another took it since it was looked for
        project.full_clean()
        raise
    return project


def edit(project: Project, *, version: int, actor: str) -> bool:
    """This function will store another name and goal, and say whether that changed anything.

    `version` is that of the project as it was when it was read: raises `Stale` when somebody
    changed it since, and `ValidationError`, which names the field.
    """
    project.name, project.goal = project.name.strip(), project.goal.strip()
    project.full_clean()
    same = Project.objects.filter(pk=project.pk, version=version)
    if same.filter(name=project.name, goal=project.goal).exists():
        return False
    try:
        with transaction.atomic():
            told = {"name": project.name, "goal": project.goal}
            if not same.update(**told, version=F("version") + 1):
                raise Stale("Somebody changed it since you opened it. Nothing was stored.")
            _publish("project.edited", project, actor, **told)
    except IntegrityError:  # another took the name since it was looked for
        project.full_clean()
        raise
    project.refresh_from_db()
    return True


def move(project: Project, to: Stage, *, actor: str, reason: str = "") -> None:
    """This function will move a project to another stage: to the next, or elsewhere with a reason.

    Raises `Refused`, `Archived`, and `Stale` when it was moved meanwhile.
    """
    project.demand_use()
    said, begin = printable(reason).strip()[:REASON_CHARS], Stage(project.stage)
    if to == begin:
        raise Refused(f"{project} stands at {to} already.")
    if to != begin.following and not said:
        raise Refused(f"From {begin} to {to} is not the next step: give the reason.")
    with transaction.atomic():
        standing = Project.objects.filter(pk=project.pk, stage=begin, archived_at=None)
        if not standing.update(stage=to):
            raise Stale(f"{project} is no longer at {begin}: somebody moved it or put it away.")
        moved = {"from": begin.value, "to": to.value, "reason": said}
        _publish("project.moved", project, actor, **moved)
    project.stage = to


def since(project: Project) -> datetime:
    """This function will tell since when a project stands where it does."""
    moves = Event.objects.filter(scope=project.pk, name="project.moved").order_by("-pk")
    return moves.values_list("created_at", flat=True).first() or project.created_at


def concerned(project: Project) -> dict[str, int]:
    """This function will count what putting a project away, or taking it back, would touch."""
    jobs, schedules = Job.objects.filter(scope=project.pk), Schedule.objects
    return {
        "waiting": jobs.filter(state__in=UNSTARTED).exclude(state="paused").count(),
        "running": jobs.filter(state__in=HELD).count(),
        "schedules": schedules.active().filter(scope=project.pk).count(),
        "paused": _put_away(project).count(),
        "silent": schedules.filter(scope=project.pk, reason=PUT_AWAY).count(),
    }


def archive(project: Project, *, actor: str) -> tuple[int, int]:
    """This function will put a project away; give how many jobs and schedules it paused.

    What a runner holds goes on to its end. Raises `Stale` when it was put away before.
    """
    with transaction.atomic():
        in_use = Project.objects.filter(pk=project.pk, archived_at=None)
        if not in_use.update(archived_at=Now()):
            raise Stale(f"{project} was archived before.")
        waiting = Job.objects.filter(scope=project.pk, state__in=UNSTARTED)
        paused = acts.pause(waiting, by=actor, reason=PUT_AWAY).done
        schedules = [
            one.pause(by=actor, reason=PUT_AWAY)
            for one in Schedule.objects.active().filter(scope=project.pk)
        ]
        _publish("project.archived", project, actor, jobs=paused, schedules=sum(schedules))
    project.refresh_from_db()
    return paused, sum(schedules)


def unarchive(project: Project, *, actor: str) -> tuple[int, int]:
    """This function will take a project back; give how many jobs and schedules go on.

    Those are what putting it away had paused, and nobody touched since. A schedule that cannot be
    used any more stays paused. Raises `Stale` when it is in use.
    """
    with transaction.atomic():
        put_away = Project.objects.filter(pk=project.pk, archived_at__isnull=False)
        if not put_away.update(archived_at=None):
            raise Stale(f"{project} is in use.")
        resumed = acts.resume(_put_away(project), by=actor).done
        schedules = [
            _resumed(one, actor)
            for one in Schedule.objects.filter(scope=project.pk, reason=PUT_AWAY)
        ]
        _publish("project.unarchived", project, actor, jobs=resumed, schedules=sum(schedules))
    project.refresh_from_db()
    return resumed, sum(schedules)


def _put_away(project: Project) -> "QuerySet[Job]":
    return Job.objects.filter(scope=project.pk, state="paused", reason__endswith=PUT_AWAY)


def _resumed(schedule: Schedule, actor: str) -> bool:
    try:
        return schedule.resume(by=actor)
    except BadSchedule:
        return False


def _publish(event: str, project: Project, actor: str, **payload: Any) -> None:
    events.publish(event, payload, scope=project.pk, subject=project.name, actor=actor)
