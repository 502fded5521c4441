"""What the product does by itself: fetches repositories, has histories read, forgets what is old."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from jobs import kinds, queue, schedules
from jobs.context import Run
from projects.models import Repository

AT_ONCE = 500
"""So many fetches one run spreads over the time until the next."""
SPREAD_S = 3300.0
KEEP_MAPS = 10
_AGAIN = timedelta(days=1)
"""So long a history that could not be read is left alone."""


@kinds.register("projects.refetch", timeout=300, idle=120)
def refetch(run: Run) -> dict[str, Any]:
    """Has the repositories fetched that were not for long, one after the other within the hour."""
    from projects import registration  # with the job, not with every command

    hours = settings.FACTORY_REFETCH_HOURS
    if not hours:
        run.log("FACTORY_REFETCH_HOURS is 0: nothing is fetched by itself.")
        return {"repositories": 0}
    neglected = Repository.objects.neglected(timedelta(hours=hours))
    found = list(neglected.defer("token", "ssh_key").order_by("synced_at", "pk")[:AT_ONCE])
    for number, repository in enumerate(found):
        after = SPREAD_S * number / len(found)
        registration.refetch(repository, actor=run.actor, after=after)
        run.progress(number + 1, len(found), repository.name)
    return {"repositories": len(found)}


@kinds.register("projects.catch_up", timeout=300, idle=120)
def catch_up(run: Run) -> dict[str, Any]:
    """Has the histories read that are missing or behind, one after the other within the hour.

    A repository that was fetched before there were histories has none; nothing new may come.
    """
    behind = Repository.objects.behind(_AGAIN)
    found = list(behind.defer("token", "ssh_key").order_by("pk")[:AT_ONCE])
    for number, repository in enumerate(found):
        queue.enqueue(
            "projects.history",
            {"repository": repository.pk},
            scope=repository.project_id,
            subject=repository.name,
            unique_key=f"catch-up:{repository.pk}",
            limit_key=repository.history_key,
            priority=-10,
            after=SPREAD_S * number / len(found),
            actor=run.actor,
        )
        run.progress(number + 1, len(found), repository.name)
    return {"repositories": len(found)}


@kinds.register("projects.prune", queue="long", timeout=1800, idle=600)
def prune(run: Run) -> dict[str, Any]:
    """Removes old maps, facts of files no current map shows, and clones without a repository."""
    from projects import maps, removal  # with the job, not with every command

    removed: dict[str, int] = {}
    for name, gone in maps.forget(settings.FACTORY_KEEP_DAYS, KEEP_MAPS):
        removed[name] = removed.get(name, 0) + gone
        run.progress(sum(removed.values()), None, name)
    return {**removed, "clones": removal.sweep_clones()}


schedules.stand("refetch", kind="projects.refetch", cron="12 * * * *")
schedules.stand("catch-up", kind="projects.catch_up", cron="22 * * * *")
schedules.stand("prune-projects", kind="projects.prune", cron="52 3 * * *")
