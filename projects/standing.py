"""How projects are, in one word each: what is stuck breaks one, what nobody has read wants attention."""

from collections.abc import Collection
from typing import Any

from django.db.models import Case, CharField, Q, QuerySet, TextChoices, Value, When

from jobs import overall
from jobs.models import Job
from jobs.states import State
from projects.models import Project, Repository


class Health(TextChoices):
    """How a project is; computed, never stored."""

    WELL = "well", "Well: nothing is stuck, unread or old"
    ATTENTION = "attention", "Attention: a failure that nobody has read, or a map that is not right"
    BROKEN = "broken", "Broken: a job is stuck"


def of(ids: Collection[int]) -> dict[int, str]:
    """This function will tell how some projects are; of the others nothing is read."""
    theirs = {"scope__in": ids}
    judged = _judged(Project.objects.filter(pk__in=ids), theirs, {"project__in": ids})
    return dict(judged.values_list("pk", "health"))


def with_health(projects: "QuerySet[Project]") -> "QuerySet[Project]":
    """This function will add `health` to each, in the same query: what is wrong is looked up once."""
    return _judged(projects, {"scope__gt": 0}, {})


def _judged(
    projects: "QuerySet[Project]", jobs: dict[str, Any], repositories: dict[str, Any]
) -> "QuerySet[Project]":
    stuck = overall.stuck().filter(**jobs)
    unread = Job.objects.filter(state=State.FAILED, acknowledged_at=None, **jobs)
    unwell = Repository.objects.unwell().filter(**repositories).values("project")
    attention = Q(pk__in=unread.values("scope")) | Q(pk__in=unwell)
    word = Case(
        When(pk__in=stuck.values("scope"), then=Value(Health.BROKEN)),
        When(attention, then=Value(Health.ATTENTION)),
        default=Value(Health.WELL),
        output_field=CharField(),
    )
    return projects.annotate(health=word)
