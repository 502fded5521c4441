"""How projects are, in one word each: what is stuck breaks one, what nobody has read wants attention."""

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


def with_health(projects: "QuerySet[Project]") -> "QuerySet[Project]":
    """This function will add `health` to each, in the same query: what is wrong is looked up once."""
    stuck = overall.stuck().filter(scope__gt=0).values("scope")
    unread = Job.objects.filter(state=State.FAILED, acknowledged_at=None, scope__gt=0)
    unwell = Repository.objects.unwell().values("project")
    word = Case(
        When(pk__in=stuck, then=Value(Health.BROKEN)),
        When(Q(pk__in=unread.values("scope")) | Q(pk__in=unwell), then=Value(Health.ATTENTION)),
        default=Value(Health.WELL),
        output_field=CharField(),
    )
    return projects.annotate(health=word)
