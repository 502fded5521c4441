"""Lists the runners that are present."""

from typing import Any

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Extract, Now

from jobs.management.contract import Contract
from jobs.models import Job, Runner


class Command(Contract):
    """Shows who executes jobs, what each has in hand and when it was last seen."""

    help = __doc__

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will read the present runners; the answer is no when there is none."""
        held = Job.objects.filter(runner=OuterRef("pk")).values("pk")[:1]
        runners = Runner.objects.present().annotate(
            holds=Subquery(held), seen_age=Extract(Now() - F("seen_at"), "epoch")
        )
        fields = ("pool", "host", "pid", "holds", "started_at", "seen_age", "rss_mb", "executed")
        listed = [_shape(row) for row in runners.order_by("pk").values("id", *fields)]
        return listed, bool(listed)

    def show(self, value: Any) -> None:
        """This method will print one line a runner."""
        for one in value or ():
            self.stdout.write(
                f"{one['name']:<12} pid {one['pid']:<8} on {one['host']}  job {one['job'] or '-'}"
                f"  seen {one['seen_age_s']} s ago  {one['rss_mb']} MiB"
            )
        if not value:
            self.stdout.write("no runner: start one with manage.py up, or manage.py qcluster")


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": f"{row['pool']}-{row['id']}",
        "host": row["host"],
        "pid": row["pid"],
        "queues": [row["pool"]],
        "job": row["holds"],
        "since": row["started_at"],
        "seen_age_s": round(float(row["seen_age"]), 1),
        "rss_mb": row["rss_mb"],
        "executed": row["executed"],
    }
